#!/usr/bin/env python3
"""How fast a crawl at full depth reads each format, and in how much memory: one file of a format, crawled alone.

  cargo build --release
  python3 benches/formats.py FOLDER [--megabytes 200] [--only NAME] [--binary target/release/headwater]

Needs pyarrow; fastavro and openpyxl for their formats, which are left out without them. All files but the last hold the same rows
(seeded): a number, an e-mail address, a city, an amount, a day and a note of six words. Every cell is profiled, digested, looked at
by all recognisers and its identifiers are indexed. Megabytes are those of the stored file; seconds are processor time of the whole process, since other
work on the machine stretches elapsed ones.
"""
import argparse, datetime, gzip, io, json, os, pathlib, random, shutil, sqlite3, subprocess, sys, tarfile, zipfile

WORDS = [f"word{number}" for number in range(5_000)]
CITIES = ["Oslo", "Turin", "Lyon", "Graz", "Porto", "Leeds", "Gdansk", "Brno"]
DAY = datetime.date(2024, 1, 1)


def rows(count):
    rng = random.Random(5)
    for number in range(count):
        yield (number, f"user{rng.randrange(200_000)}@mail.example", rng.choice(CITIES), round(rng.gauss(50, 20), 2),
               str(DAY + datetime.timedelta(rng.randrange(300))), " ".join(rng.choices(WORDS, k=6)))


NAMES = ["id", "email", "city", "amount", "day", "note"]


def lines(count, form):
    return "".join(form(row) for row in rows(count)).encode()


def csv(row):
    return ",".join(map(str, row)) + "\n"


def ndjson(row):
    return json.dumps(dict(zip(NAMES, row))) + "\n"


def log(row):
    return f"{row[4]} 10:00:00,123 INFO [worker-{row[0] % 16}] user={row[1]} city={row[2]} amount={row[3]} {row[5]}\n"


def xml(row):
    return "<row>" + "".join(f"<{name}>{value}</{name}>" for name, value in zip(NAMES, row)) + "</row>\n"


def yaml(row):
    return "- " + "\n  ".join(f"{name}: {json.dumps(value)}" for name, value in zip(NAMES, row)) + "\n"


def mail(row):
    return (f"From x@mail.example Thu Jan  1 00:00:00 2024\nFrom: {row[1]}\nTo: desk@mail.example\nSubject: {row[5]}\n"
            f"Date: Thu, 1 Jan 2024 00:00:00 +0000\nContent-Type: text/plain\n\n{row[2]} {row[3]} {row[5]}\n\n")


def table(count):
    import pyarrow as pa
    columns = list(zip(*rows(count)))
    return pa.table({name: list(values) for name, values in zip(NAMES, columns)})


def put_parquet(path, count):
    import pyarrow.parquet as pq
    pq.write_table(table(count), path, row_group_size=100_000)


def put_orc(path, count):
    from pyarrow import orc
    orc.write_table(table(count), path, compression="zlib")


def put_arrow(path, count):
    import pyarrow as pa
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table(1).schema) as writer:
        writer.write_table(table(count), max_chunksize=50_000)


def put_avro(path, count):
    import fastavro
    kinds = ["long", "string", "string", "double", "string", "string"]
    schema = {"type": "record", "name": "row", "fields": [{"name": name, "type": kind} for name, kind in zip(NAMES, kinds)]}
    with open(path, "wb") as out:
        fastavro.writer(out, schema, (dict(zip(NAMES, row)) for row in rows(count)), codec="deflate")


def put_xlsx(path, count):
    import openpyxl
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("rows")
    sheet.append(NAMES)
    for row in rows(count):
        sheet.append(row)
    book.save(path)


def put_sqlite(path, count):
    with sqlite3.connect(path) as database:
        database.execute("create table rows (id integer primary key, email text, city text, amount real, day text, note text)")
        database.executemany("insert into rows values (?, ?, ?, ?, ?, ?)", rows(count))


def put_zip(path, count):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("rows.csv", ",".join(NAMES).encode() + b"\n" + lines(count, csv))


def put_tar(path, count):
    data = ",".join(NAMES).encode() + b"\n" + lines(count, csv)
    with tarfile.open(path, "w:gz", compresslevel=6) as archive:
        info = tarfile.TarInfo("rows.csv")
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))


def text(form, before=b"", after=b""):
    def put(path, count):
        data = before + lines(count, form) + after
        opened = gzip.open(path, "wb", compresslevel=6) if path.suffix == ".gz" else open(path, "wb")
        with opened as out:
            out.write(data)
    return put


HEADER = ",".join(NAMES).encode() + b"\n"
FORMATS = {  # name, how it is made, bytes a row
    "csv": ("rows.csv", text(csv, HEADER), 95),
    "csv, gzip": ("rows.csv.gz", text(csv, HEADER), 40),
    "ndjson": ("rows.ndjson", text(ndjson), 160),
    "json": ("rows.json", lambda path, count: path.write_bytes(b"[" + lines(count, ndjson).replace(b"}\n", b"},\n")[:-2] + b"]"), 160),
    "log": ("app.log", text(log), 135),
    "xml": ("rows.xml", text(xml, b"<rows>", b"</rows>"), 170),
    "yaml": ("rows.yaml", text(yaml), 165),
    "mbox": ("mail.mbox", text(mail), 270),
    "parquet, snappy": ("rows.parquet", put_parquet, 55),
    "orc, zlib": ("rows.orc", put_orc, 40),
    "arrow": ("rows.arrow", put_arrow, 110),
    "avro, deflate": ("rows.avro", put_avro, 45),
    "xlsx": ("rows.xlsx", put_xlsx, 60),
    "sqlite": ("rows.db", put_sqlite, 105),
    "zip of csv": ("rows.zip", put_zip, 40),
    "tar of csv, gzip": ("rows.tar.gz", put_tar, 40),
    "one line, no end": ("line.txt", lambda path, count: path.write_bytes(lines(count, log).replace(b"\n", b" ")), 135),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--megabytes", type=int, default=200)
    parser.add_argument("--only", default="")
    parser.add_argument("--binary", default="target/release/headwater")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    print("| format | MB | rows | processor | MB a second | peak memory |\n|---|---|---|---|---|---|")
    for name, (file, put, row_bytes) in FORMATS.items():
        if options.only and name != options.only:
            continue
        path, count = options.folder / file, options.megabytes * 1_000_000 // row_bytes
        if not path.exists():
            try:
                # In a process of its own, so that what making takes does not count as ours.
                maker = os.fork()
                if maker == 0:
                    put(path, count)
                    os._exit(0)
                if os.waitpid(maker, 0)[1] != 0:
                    path.unlink(missing_ok=True)
                    continue
            except OSError as error:
                sys.exit(f"{name}: {error}")
        catalog = options.folder / "catalog"
        for old in (catalog, pathlib.Path(f"{catalog}.keys")):
            shutil.rmtree(old, ignore_errors=True)
        command = [options.binary, "--catalog", catalog, "--json", "crawl", path]
        process = subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        assert status == 0, name
        secs, size = usage.ru_utime + usage.ru_stime, path.stat().st_size / 1e6
        print(f"| {name} | {size:.0f} | {count} | {secs:.1f} s | {size / secs:.1f} | {usage.ru_maxrss // 1024} MB |", flush=True)


if __name__ == "__main__":
    main()
