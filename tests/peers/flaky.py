#!/usr/bin/env python3
"""flaky.py ENDPOINT PORT [deny-tags]   passes HTTP on to a server, badly: some requests are answered 503, some answers are cut short, some
writes are carried out and then answered 500. Which ones follows from their number, so a run can be repeated.
With deny-tags it passes all on as it is, but lets nobody read the tags of objects."""
import http.client, sys, threading, urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

target = urllib.parse.urlsplit(sys.argv[1])
denies_tags = sys.argv[3:] == ["deny-tags"]
count, lock = 0, threading.Lock()


class Flaky(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def refuse(self, status):
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def pass_on(self):
        global count
        with lock:
            count += not denies_tags
            number = count
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if denies_tags and self.command == "GET" and urllib.parse.urlsplit(self.path).query.startswith("tagging"):
            return self.refuse(403)
        if number % 7 == 3:
            return self.refuse(503)
        upstream = http.client.HTTPConnection(target.hostname, target.port, timeout=60)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("connection", "transfer-encoding")}
        upstream.request(self.command, self.path, body=body, headers=headers)
        answer = upstream.getresponse()
        data = answer.read()
        if number % 11 == 5 and self.command in ("PUT", "POST", "DELETE"):
            return self.refuse(500)  # done, but the answer is lost
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("connection", "transfer-encoding", "content-length", "date", "server"):
                self.send_header(name, value)
        length = int(answer.getheader("Content-Length") or len(data)) if self.command == "HEAD" else len(data)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        if number % 13 == 6 and len(data) > 1:
            self.wfile.write(data[: len(data) // 2])  # promised more than comes
            self.close_connection = True
            return
        if self.command != "HEAD":
            self.wfile.write(data)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = pass_on


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2])), Flaky).serve_forever()
