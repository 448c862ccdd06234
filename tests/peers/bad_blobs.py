#!/usr/bin/env python3
"""bad_blobs.py FOLDER   writes blobs that are corrupt, truncated, empty, lying, encrypted, too deep or bombs, and good ones
among them; prints {path: kind of the anomaly that must be recorded}, with null for the good ones."""
import gzip, io, json, pathlib, sqlite3, struct, sys, zipfile

folder = pathlib.Path(sys.argv[1])
expected = {}


def put(path, data, anomaly=None):
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)
    expected[path] = anomaly


table = b"id,city\n" + b"".join(b"%d,Oslo\n" % number for number in range(500))
put("good/before.csv", table)
put("good/zz_after.csv", table)
put("corrupt/broken.parquet", b"PAR1" + bytes(range(256)) * 8 + struct.pack("<I", 900) + b"PAR1", "CORRUPT")
put("corrupt/no_footer.parquet", b"PAR1" + bytes(range(256)) * 8, "TRUNCATED")
put("corrupt/records.ndjson", b'{"a":1}\n{"a":\n' * 3 + b'{"a":2}\n' * 40, "MALFORMED_RECORDS")
whole = gzip.compress(table)
put("truncated/table.csv.gz", whole[: len(whole) // 2], "TRUNCATED")
put("empty/nothing.csv", b"", "EMPTY")
put("lying/page.csv", b"<!DOCTYPE html><html><body><h1>503 Service Unavailable</h1></body></html>\n", "MISLABELLED")
put("lying/table.parquet", table, "MISLABELLED")
put("deep/nested.json", b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "LIMIT_REACHED")
database = folder / "half.db"
folder.mkdir(parents=True, exist_ok=True)
with sqlite3.connect(database) as connection:
    connection.execute("CREATE TABLE t (a TEXT)")
    connection.executemany("INSERT INTO t VALUES (?)", [("x" * 200,)] * 2000)
connection.close()
data = database.read_bytes()
database.unlink()
put("corrupt/half.db", data[: len(data) // 2 + 100], "CORRUPT")

plain = io.BytesIO()
with zipfile.ZipFile(plain, "w", zipfile.ZIP_DEFLATED) as archive:
    archive.writestr("table.csv", table)
locked = bytearray(plain.getvalue())
locked[6] |= 1  # local header: encrypted
locked[locked.rfind(b"PK\x01\x02") + 8] |= 1  # central directory: encrypted
put("encrypted/locked.zip", bytes(locked), "ENCRYPTED")

zeros = io.BytesIO()
with gzip.GzipFile(fileobj=zeros, mode="wb", mtime=0) as stream:
    for _ in range(600):
        stream.write(bytes(1 << 20))
put("bomb/zeros.csv.gz", zeros.getvalue(), "LIMIT_REACHED")
inner = plain.getvalue()
for _ in range(12):
    outer = io.BytesIO()
    with zipfile.ZipFile(outer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner.zip", inner)
    inner = outer.getvalue()
put("bomb/nested.zip", inner, "LIMIT_REACHED")
many = io.BytesIO()
with zipfile.ZipFile(many, "w") as archive:
    for number in range(3000):
        archive.writestr(f"{number}.txt", b"")
put("bomb/many.zip", many.getvalue(), "LIMIT_REACHED")
print(json.dumps(expected))
