#!/usr/bin/env python3
"""How long searches take over a catalog, asked of a running daemon over HTTP one after the other.

  headwater --catalog CATALOG crawl --depth head LAKE          first, of a lake that benches/small_blobs.py made
  python3 benches/search.py CATALOG [--queries 400] [--binary target/release/headwater]

Queries are words of paths, prefixes, facets, ranges and mixtures, each made anew (seeded), half of them pages of many hits. Prints
for each kind the median, the 95th percentile and the slowest in milliseconds, with the hits of a query in the median, and the
daemon's peak memory. Standard library only.
"""
import argparse, json, os, random, re, socket, statistics, subprocess, time, urllib.parse, urllib.request

FORMATS = ["csv", "json", "log", "xml", "ndjson"]


def queries(rng):
    table, day, part = f"table-{rng.randrange(350):04}", f"{rng.randrange(1, 3):02}-{rng.randrange(1, 29):02}", f"{rng.randrange(400):05}"
    return {
        "a table": table,
        "a part's number": f"part-{part}",
        "two words": f"area-{rng.randrange(3)} {table}",
        "a prefix": f"table-0{rng.randrange(35):02}*",
        "a format": f"format:{rng.choice(FORMATS)}",
        "format and word": f"format:{rng.choice(FORMATS)} {table}",
        "format and size": f"format:{rng.choice(FORMATS)} size:>{rng.randrange(50, 200)}",
        "an anomaly": "anomaly:EMPTY",
        "a path": f"path:area-{rng.randrange(3)}/{table}/day=2024-{day}",
        "nothing": f"nowhere{rng.randrange(10**6)}",
    }


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def peak_mb(process):
    status = open(f"/proc/{process}/status").read()
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) // 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("catalog")
    parser.add_argument("--queries", type=int, default=400)
    parser.add_argument("--binary", default="target/release/headwater")
    options = parser.parse_args()
    own = [options.binary, "--catalog", options.catalog]
    made = subprocess.run([*own, "--json", "token", "create", "--role", "viewer", "--name", "bench"], check=True, capture_output=True, text=True)
    token = json.loads(made.stdout.splitlines()[-1])["token"]
    port, begun = free_port(), time.perf_counter()
    daemon = subprocess.Popen([*own, "serve", "--listen", f"127.0.0.1:{port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        base = f"http://127.0.0.1:{port}"
        while True:
            try:
                urllib.request.urlopen(f"{base}/readyz").read()
                break
            except OSError:
                assert daemon.poll() is None, "the daemon ended"
                time.sleep(0.05)
        print(f"ready after {time.perf_counter() - begun:.1f} s")
        time.sleep(5)  # the index is opened meanwhile
        rng, took = random.Random(3), {}
        for number in range(options.queries):
            kinds = queries(rng)
            kind = list(kinds)[number % len(kinds)]
            limit = rng.choice([20, 100])
            url = f"{base}/v1/search?{urllib.parse.urlencode({'q': kinds[kind], 'limit': limit})}"
            request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
            start = time.perf_counter()
            body = urllib.request.urlopen(request).read()
            took.setdefault(kind, []).append(((time.perf_counter() - start) * 1e3, body.count(b'"path"')))
        everything = [ms for of in took.values() for ms, _ in of]
        print("| query | median | p95 | slowest | hits on the page |\n|---|---|---|---|---|")
        for kind, of in [*took.items(), ("all", [(ms, 0) for ms in everything])]:
            ms = sorted(ms for ms, _ in of)
            p95 = ms[min(len(ms) - 1, int(len(ms) * 0.95))]
            print(f"| {kind} | {statistics.median(ms):.1f} ms | {p95:.1f} ms | {ms[-1]:.1f} ms | {statistics.median(hits for _, hits in of):.0f} |")
        print(f"peak memory of the daemon: {peak_mb(daemon.pid)} MB")
    finally:
        daemon.terminate()
        daemon.wait()


if __name__ == "__main__":
    main()
