#!/usr/bin/env python3
"""A long listing of a slow store: `headwater crawl` of a bucket in which nothing has changed, beside one paginator of boto3.

  cargo build --release -p headwater
  python3 benches/listing.py [--keys 100000] [--folders 200] [--latency 0.02] [--runs 5] [--headwater PATH]

Needs boto3. A server of our own on loopback answers ListObjectsV2, HEAD and GET of made-up objects, each answer after the latency;
pages are made before, so that the server costs little. The first crawl, not measured, reads the head of every object. Those that are
measured list and compare, read nothing, and end with datasets: more work than the paginator's, which only counts keys. Of both the
work itself is measured, without the start of a process. A run of one follows a run of the other; medians of wall time are told, and how many
requests each made.
"""
import argparse, bisect, functools, hashlib, http.server, json, os, shutil, socketserver, statistics, subprocess, sys, tempfile, threading, time, urllib.parse
from xml.sax.saxutils import escape

PAGE = 1000


def keys(count, folders):
    return sorted(f"lake/zone={folder % 4}/table{folder:03}/part-{number:06}.csv" for folder in range(folders) for number in range(count // folders))


def body(key):
    return f"id,name\n1,{hashlib.sha1(key.encode()).hexdigest()}\n".encode()


class Store:
    def __init__(self, all_keys, latency):
        self.keys, self.latency, self.requests, self.lock = all_keys, latency, 0, threading.Lock()

    @functools.lru_cache(maxsize=None)
    def page(self, prefix, delimiter, after):
        start = bisect.bisect_left(self.keys, prefix)
        if after:
            start = max(start, bisect.bisect_right(self.keys, after))
        contents, folders, place, last = [], [], start, None
        while place < len(self.keys) and self.keys[place].startswith(prefix) and len(contents) + len(folders) < PAGE:
            key = self.keys[place]
            rest = key[len(prefix):]
            if delimiter and delimiter in rest:
                folder = prefix + rest.split(delimiter)[0] + delimiter
                folders.append(folder)
                place = bisect.bisect_left(self.keys, folder[:-1] + chr(ord(folder[-1]) + 1))
                last = self.keys[place - 1]
                continue
            data = body(key)
            contents.append(f"<Contents><Key>{escape(urllib.parse.quote(key))}</Key><LastModified>2024-05-01T00:00:00.000Z</LastModified>"
                            f"<ETag>&quot;{hashlib.md5(data).hexdigest()}&quot;</ETag><Size>{len(data)}</Size><StorageClass>STANDARD</StorageClass></Contents>")
            last = key
            place += 1
        more = place < len(self.keys) and self.keys[place].startswith(prefix)
        token = f"<NextContinuationToken>{escape(last)}</NextContinuationToken>" if more else ""
        folders = "".join(f"<CommonPrefixes><Prefix>{urllib.parse.quote(folder)}</Prefix></CommonPrefixes>" for folder in folders)
        return (f'<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>lake</Name>'
                f"<Prefix>{escape(prefix)}</Prefix><EncodingType>url</EncodingType><MaxKeys>{PAGE}</MaxKeys><KeyCount>{len(contents)}</KeyCount>"
                f"<IsTruncated>{str(more).lower()}</IsTruncated>{token}{''.join(contents)}{folders}</ListBucketResult>").encode()


def serve(store):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            with store.lock:
                store.requests += 1
            url = urllib.parse.urlsplit(self.path)
            query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
            key = urllib.parse.unquote(url.path).split("/", 2)[2:]
            if key and key[0]:
                data, etag = body(key[0]), True
            elif "list-type" in query:
                data, etag = store.page(query.get("prefix", ""), query.get("delimiter", ""), query.get("continuation-token") or query.get("start-after", "")), False
            else:
                data, etag = b"<VersioningConfiguration/>" if "versioning" in query else b"<ListVersionsResult/>", False
            time.sleep(store.latency)
            first, last = 0, len(data) - 1
            asked = self.headers.get("range", "")
            if asked.startswith("bytes="):
                start, _, end = asked[6:].partition("-")
                first, last = (len(data) - int(end), last) if not start else (int(start), min(last, int(end or last)))
            self.send_response(206 if asked else 200)
            if etag:
                self.send_header("ETag", f'"{hashlib.md5(data).hexdigest()}"')
                self.send_header("Last-Modified", "Wed, 01 May 2024 00:00:00 GMT")
            if asked:
                self.send_header("Content-Range", f"bytes {first}-{last}/{len(data)}")
            self.send_header("Content-Length", str(last - first + 1))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data[first : last + 1])

        do_HEAD = do_GET

        def log_message(self, *_):
            pass

    class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
        daemon_threads = True
        request_queue_size = 512

    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_address[1]}"


def paginate(endpoint):
    code = ("import boto3,sys,time;c=boto3.client('s3',endpoint_url=sys.argv[1]);b=time.perf_counter();"
            "n=sum(p['KeyCount'] for p in c.get_paginator('list_objects_v2').paginate(Bucket='lake'));print(n,time.perf_counter()-b)")
    said = subprocess.run([sys.executable, "-c", code, endpoint], check=True, capture_output=True, text=True).stdout
    return said, float(said.split()[1])


def crawled(command):
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return said, json.loads(said)["seconds"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--keys", type=int, default=100_000)
    parser.add_argument("--folders", type=int, default=200)
    parser.add_argument("--latency", type=float, default=0.02)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--headwater", default=os.path.join(os.environ.get("CARGO_TARGET_DIR", "target"), "release/headwater"))
    options = parser.parse_args()
    store = Store(keys(options.keys, options.folders), options.latency)
    endpoint = serve(store)
    os.environ.update(AWS_ENDPOINT_URL=endpoint, AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test", AWS_REGION="us-east-1", AWS_DEFAULT_REGION="us-east-1", AWS_ALLOW_HTTP="true")
    folder = tempfile.mkdtemp()
    crawl = [options.headwater, "--catalog", os.path.join(folder, "catalog"), "crawl", "s3://lake", "--depth", "head", "--json"]
    subprocess.run(crawl, check=True, capture_output=True)
    times = {"boto3": [], "headwater": []}
    requests = {}
    for run in range(-1, options.runs):
        for name, work in [("boto3", lambda: paginate(endpoint)), ("headwater", lambda: crawled(crawl))]:
            store.requests = 0
            said, took = work()
            if run < 0:  # pages are made the first time that they are asked for
                print(name, str(said).strip()[:300])
                continue
            times[name].append(took)
            requests[name] = store.requests
    for name, took in times.items():
        print(f"{name}: median {statistics.median(took):.2f} s of {sorted(round(one, 2) for one in took)}, {requests[name]} requests")
    print(f"ratio {statistics.median(times['boto3']) / statistics.median(times['headwater']):.1f}")
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
