#!/usr/bin/env python3
"""Parquet files of many layouts, and whether an erasure in them left everything else as it was, as pyarrow sees it.

  parquet_erasure.py make FOLDER              writes FOLDER/*.parquet, seeded
  parquet_erasure.py check BEFORE AFTER ID    rows of customer_id=ID are gone, others are the same multiset, metadata is kept;
                                              of two files or of all in two folders
"""
import collections, datetime, decimal, itertools, pathlib, random, sys

import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet as pq

ROWS, GROUP, PERSON = 600, 200, "C-0007"


def table(rng, rows=ROWS):
    ids = [f"C-{rng.randrange(400):04}" for _ in range(rows)]
    ids[3], ids[rows - 1] = PERSON, PERSON
    maybe = lambda value: None if rng.random() < 0.2 else value
    whole = lambda i: f"{i}@mail.example"
    return pa.table({
        "customer_id": ids,
        "email": [maybe(whole(i)) for i in ids],
        "number": pa.array([maybe(rng.randrange(-2**40, 2**40)) for _ in ids], pa.int64()),
        "small": pa.array([rng.randrange(200) for _ in ids], pa.uint8()),
        "flag": [maybe(rng.random() < 0.5) for _ in ids],
        "real": [maybe(rng.choice([0.0, -0.0, float("nan"), rng.gauss(0, 9)])) for _ in ids],
        "price": pa.array([maybe(decimal.Decimal(rng.randrange(-10**9, 10**9)) / 100) for _ in ids], pa.decimal128(20, 2)),
        "seen": pa.array([maybe(datetime.datetime(2024, 1, 1) + datetime.timedelta(seconds=rng.randrange(10**7))) for _ in ids], pa.timestamp("us")),
        "note": [f"{i} " + "x" * rng.randrange(90) if rng.random() < 0.5 else "same" for i in ids],
        "contact": [None if rng.random() < 0.3 else {"email": maybe(whole(i)), "phones": maybe([str(n) for n in range(rng.randrange(4))])} for i in ids],
        "items": [maybe([{"sku": maybe(f"S{rng.randrange(9)}"), "buyer": i} for _ in range(rng.randrange(4))]) for i in ids],
        "tags": pa.array([maybe([(f"k{n}", i) for n in range(rng.randrange(3))]) for i in ids], pa.map_(pa.string(), pa.string())),
    }).replace_schema_metadata({"owner": "tests", "unit": "€"})


def make(folder):
    rng = random.Random(5)
    rows = table(rng)
    flat = rows.drop_columns(["contact", "items", "tags"])
    write = lambda name, of=rows, **options: pq.write_table(of, folder / f"{name}.parquet", **{"row_group_size": GROUP, "write_batch_size": 32, **options})
    for codec, version in itertools.product(["none", "snappy", "gzip", "zstd", "lz4", "brotli"], ["1.0", "2.0"]):
        write(f"{codec}-{version[0]}", compression=codec, data_page_version=version, data_page_size=1024)
    write("plain", use_dictionary=False, data_page_size=1024)
    write("dictionary-overflow", dictionary_pagesize_limit=2048, data_page_size=1024)
    write("indexed", write_page_index=True, data_page_size=512)
    write("checksums", write_page_checksum=True, data_page_size=512)
    write("no-statistics", write_statistics=False)
    write("int96", flat, use_deprecated_int96_timestamps=True)
    write("sorted", flat.sort_by("customer_id"), sorting_columns=[pq.SortingColumn(0)])
    write("delta", flat, use_dictionary=False, column_encoding={"customer_id": "DELTA_BYTE_ARRAY", "email": "DELTA_LENGTH_BYTE_ARRAY", "number": "DELTA_BINARY_PACKED", "real": "BYTE_STREAM_SPLIT"})
    write("one-group", row_group_size=ROWS)
    # A row group of nobody else: it goes as a whole. The others have no row of hers.
    others = flat.filter(pa.compute.not_equal(flat["customer_id"], PERSON))
    hers = flat.filter(pa.compute.equal(flat["customer_id"], PERSON))
    with pq.ParquetWriter(folder / "whole-group.parquet", flat.schema) as writer:
        for part in (others.slice(0, 300), hers, others.slice(300)):
            writer.write_table(part)
    write("bloom", flat, bloom_filter_options={"customer_id": True, "email": {"ndv": 500, "fpp": 0.01}})


def plain(value):
    if isinstance(value, dict):
        return tuple((key, plain(one)) for key, one in value.items())
    if isinstance(value, (list, tuple)):
        return tuple(plain(one) for one in value)
    return repr(value)


def multiset(of):
    return collections.Counter(tuple(plain(value) for value in row.values()) for row in of.to_pylist())


def chunk_bytes(data, column):
    start = column.data_page_offset if column.dictionary_page_offset is None else min(column.dictionary_page_offset, column.data_page_offset)
    return data[start:start + column.total_compressed_size]


def check(before, after, person):
    old, new = pq.ParquetFile(before, page_checksum_verification=True), pq.ParquetFile(after, page_checksum_verification=True)
    was, now = old.read(), new.read()
    wanted = was.filter(pa.compute.not_equal(was["customer_id"], person))
    assert was.num_rows > wanted.num_rows, "nobody was there to erase"
    assert now.schema.equals(was.schema, check_metadata=True), "schema or key-value metadata changed"
    assert multiset(now) == multiset(wanted), "rows differ"
    raw = pathlib.Path(after).read_bytes()
    data = pathlib.Path(before).read_bytes()
    if old.metadata.row_group(0).column(0).compression == "UNCOMPRESSED":
        assert person.encode() in data and person.encode() not in raw, "the identifier is in the bytes still"
    groups = [number for number in range(old.num_row_groups) if old.read_row_group(number, ["customer_id"]).filter(pa.compute.field("customer_id") != person).num_rows]
    assert len(groups) == new.num_row_groups, "row groups differ"
    for place, number in enumerate(groups):
        one, other = old.metadata.row_group(number), new.metadata.row_group(place)
        column_values = new.read_row_group(place)
        assert list(one.sorting_columns) == list(other.sorting_columns)
        for leaf in range(one.num_columns):
            a, b = one.column(leaf), other.column(leaf)
            assert (a.compression, a.path_in_schema, a.has_dictionary_page) == (b.compression, b.path_in_schema, b.has_dictionary_page) or a.physical_type == "FIXED_LEN_BYTE_ARRAY"
            assert set(a.encodings) >= set(b.encodings) or "RLE" in a.encodings, (a.encodings, b.encodings)
            assert a.is_stats_set == b.is_stats_set, (name_of(a), "statistics")
            assert (a.has_column_index, a.has_offset_index) == (b.has_column_index, b.has_offset_index), name_of(a)
            if one.num_rows == other.num_rows:
                assert chunk_bytes(data, a) == chunk_bytes(raw, b), "an untouched row group changed"
            elif b.statistics is not None and b.statistics.has_min_max:
                check_statistics(column_values, b)


def name_of(column):
    return column.path_in_schema


def check_statistics(values, column):
    if "." in column.path_in_schema:
        return
    kept = [value for value in values[column.path_in_schema].to_pylist() if value is not None and value == value]
    low, high = column.statistics.min, column.statistics.max
    assert column.statistics.null_count == values[column.path_in_schema].null_count, name_of(column)
    if isinstance(low, (bytes, int)) and kept and not isinstance(kept[0], type(low)):
        return  # a logical type that pyarrow's statistics do not convert
    assert low == min(kept) and high == max(kept), (name_of(column), low, high, min(kept), max(kept))


if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    if command == "make":
        make(pathlib.Path(arguments[0]))
    elif pathlib.Path(arguments[0]).is_dir():
        files = sorted(pathlib.Path(arguments[0]).glob("*.parquet"))
        assert len(files) > 20
        for file in files:
            print(file.name)
            check(file, pathlib.Path(arguments[1]) / file.name, arguments[2])
    else:
        check(*arguments)
