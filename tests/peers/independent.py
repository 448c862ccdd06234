#!/usr/bin/env python3
"""Checks an erasure with each format's own tools and none of ours.

  independent.py hits FOLDER IDENTIFIER...            how many places hold an identifier; exit 1 if any
  independent.py compare BEFORE AFTER IDENTIFIER...   nothing of the person is left, everything else is as it was
  independent.py s3 ENDPOINT BUCKET FOLDER            writes every version of every object to FOLDER, etags to FOLDER.json
  independent.py beside ENDPOINT BUCKET               every object has the metadata and tags that bucket.py gave it, and no upload is open

A row, line or JSON array element that holds an identifier is the person's; all others must survive: as the same
multiset in rebuilt formats, as the same bytes in text formats. Files that never held the person must not change at all.
"""
import collections, csv, gzip, hashlib, io, json, pathlib, sqlite3, sys, tempfile, urllib.parse, zipfile

import pyarrow
import pyarrow.parquet


def peel(name, data):
    """Takes compression off, as often as it is there."""
    while True:
        if data[:2] == b"\x1f\x8b":
            try:
                data = gzip.decompress(data)
            except EOFError:
                return name, b""  # truncated on purpose
            name = name.removesuffix(".gz")
        elif data[:4] == b"\x28\xb5\x2f\xfd":
            data = pyarrow.input_stream(io.BytesIO(data), compression="zstd").read()
            name = name.removesuffix(".zst")
        else:
            return name, data


def holds(text, identifiers):
    plain = (text + "\n" + urllib.parse.unquote(text)).casefold()
    return any(identifier.casefold() in plain for identifier in identifiers)


def rows(name, data):
    """Yields (kind, member, rows) of a file: kind 'bytes' for text (rows are raw lines), 'rows' for rebuilt formats."""
    name, data = peel(name, data)
    if data[:2] == b"PK":
        for info in zipfile.ZipFile(io.BytesIO(data)).infolist():
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                for kind, member, found in rows(info.filename, archive.read(info)):
                    yield kind, f"{info.filename}{member}", found
    elif data[:4] == b"PAR1":
        table = pyarrow.parquet.read_table(io.BytesIO(data))
        yield "rows", "", [json.dumps(row, default=str, sort_keys=True) for row in table.to_pylist()]
        metadata = pyarrow.parquet.read_metadata(io.BytesIO(data))
        groups = [metadata.row_group(place) for place in range(metadata.num_row_groups)]
        codecs = {group.column(0).compression for group in groups}
        extra = {key.decode(): value.decode() for key, value in (metadata.metadata or {}).items()}
        yield "same", "#schema", [str(metadata.schema.to_arrow_schema()), str(codecs), json.dumps(extra, sort_keys=True)]
    elif data[:16] == b"SQLite format 3\0":
        with tempfile.NamedTemporaryFile() as file:
            file.write(data)
            file.flush()
            database = sqlite3.connect(file.name)
            for (table,) in database.execute("select name from sqlite_master where type='table' order by name").fetchall():
                yield "rows", f"#{table}", [json.dumps(row, default=str) for row in database.execute(f'select * from "{table}"')]
            assert database.execute("pragma integrity_check").fetchone() == ("ok",)
    elif name.endswith(".json"):
        yield "json", "", [data.decode()]
    else:
        yield "bytes", "", data.decode("utf-8", "surrogateescape").splitlines(keepends=True)


def without(value, identifiers):
    """A JSON document without the array elements that hold an identifier."""
    if isinstance(value, list):
        kept = [item for item in value if not holds(json.dumps(item, ensure_ascii=False), identifiers)]
        return [without(item, identifiers) for item in kept]
    if isinstance(value, dict):
        return {key: without(item, identifiers) for key, item in value.items()}
    return value


def files(folder):
    root = pathlib.Path(folder)
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def hits(folder, identifiers):
    """Places that hold an identifier: parsed, and as raw bytes whatever the format."""
    found = []
    for name, data in files(folder).items():
        raw = [data, peel(name, data)[1]]
        for identifier in identifiers:
            for spelling in (identifier, identifier.lower(), identifier.upper(), urllib.parse.quote(identifier, safe="")):
                found += [f"{name}: raw" for part in raw for code in ("utf-8", "utf-16-le") if spelling.encode(code) in part]
        for _, member, lines in rows(name, data):
            found += [f"{name}{member}" for line in lines if holds(line, identifiers)]
    return found


def compare(before, after, identifiers):
    problems = [f"still there: {place}" for place in hits(after, identifiers)]
    old, new = files(before), files(after)
    touched = removed = 0
    for name, data in old.items():
        parts = list(rows(name, data))
        if not any(holds(line, identifiers) for _, _, lines in parts for line in lines):
            if new.get(name) != data:
                problems.append(f"changed without need: {name}")
            continue
        touched += 1
        now = {(kind, member): lines for kind, member, lines in rows(name, new.get(name, b""))}
        for kind, member, lines in parts:
            found = now.get((kind, member), [])
            if kind == "json":
                expected = [json.dumps(without(json.loads(lines[0]), identifiers), indent=2, ensure_ascii=False)]
            else:
                expected = [line for line in lines if not holds(line, identifiers)]
                removed += len(lines) - len(expected)
            if kind == "rows":
                same = collections.Counter(found) == collections.Counter(expected)
            else:
                same = found == expected
            if not same:
                problems.append(f"not what should be left: {name}{member}: {len(found)} of {len(expected)}")
    problems += [f"new file: {name}" for name in new if name not in old]
    print(json.dumps({"files": len(old), "touched": touched, "rows_removed": removed, "problems": problems}))
    return not problems


def s3(endpoint, bucket, folder):
    import boto3

    client = boto3.client("s3", endpoint_url=endpoint)
    etags = {}
    for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for version in page.get("Versions", []):
            body = client.get_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])["Body"].read()
            part = "current" if version["IsLatest"] else f"old/{hashlib.sha256(version['VersionId'].encode()).hexdigest()[:8]}"
            path = pathlib.Path(folder, part, version["Key"])
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)
            if version["IsLatest"]:
                etags[version["Key"]] = version["ETag"]
    pathlib.Path(f"{folder}.json").write_text(json.dumps(etags))


def beside(endpoint, bucket):
    import boto3

    client = boto3.client("s3", endpoint_url=endpoint)
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for key in (item["Key"] for item in page.get("Contents", [])):
            assert client.head_object(Bucket=bucket, Key=key)["Metadata"] == {"origin": "sample"}, key
            assert client.get_object_tagging(Bucket=bucket, Key=key)["TagSet"] == [{"Key": "team", "Value": "crm"}], key
    assert not client.list_multipart_uploads(Bucket=bucket).get("Uploads")


if __name__ == "__main__":
    command, *rest = sys.argv[1:]
    if command == "hits":
        places = hits(rest[0], rest[1:])
        print(json.dumps({"hits": len(places), "places": sorted(set(places))[:50]}))
        sys.exit(bool(places))
    elif command == "compare":
        sys.exit(not compare(rest[0], rest[1], rest[2:]))
    elif command == "s3":
        s3(*rest)
    elif command == "beside":
        beside(*rest)
    else:
        sys.exit(__doc__)
