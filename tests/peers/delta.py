"""Makes Delta tables and looks at them after an erasure, with delta-rs: make FOLDER | check BEFORE AFTER VALUE."""

import os
import pathlib
import sys

import pyarrow as pa
from deltalake import DeltaTable, write_deltalake

PERSON = "ada@mail.example"


def rows(first, people):
    ids = list(range(first, first + len(people)))
    return pa.table({"id": ids, "email": people, "day": [f"2026-01-0{n % 2 + 1}" for n in ids]})


def make(folder):
    """Two appends and a deletion, plain and partitioned; the person is a bound of the statistics of a commit."""
    for name, keys in [("plain", None), ("parts", ["day"])]:
        at = f"{folder}/{name}"
        others = [f"p{n}@x.example" for n in range(40)]
        write_deltalake(at, rows(0, [PERSON] + others), partition_by=keys)
        write_deltalake(at, rows(100, others[:10] + [PERSON.upper()] + others[10:]), mode="append")
        write_deltalake(at, rows(200, others), mode="append")
        DeltaTable(at).delete("id = 205")


def sorted_rows(folder, name):
    return sorted(map(str, DeltaTable(f"{folder}/{name}").to_pyarrow_table().to_pylist()))


def check(before, after, value):
    for name in ["plain", "parts"]:
        old, new = sorted_rows(before, name), sorted_rows(after, name)
        kept = [row for row in old if value not in row.lower()]
        assert len(kept) < len(old) and new == kept, f"{name}: {len(old)} rows, {len(kept)} should stay, {len(new)} did"
        table = DeltaTable(f"{after}/{name}")
        assert table.version() > DeltaTable(f"{before}/{name}").version(), f"{name}: nothing was committed"
        assert "ERASURE" in [entry["operation"] for entry in table.history()], name
        for file in pathlib.Path(after, name).rglob("*"):
            found = file.is_file() and value.encode() in file.read_bytes().lower()
            # Files that no version needs any more are the table's own to vacuum; they must not name her either.
            assert not found, f"{file} holds the person"
        write_deltalake(f"{after}/{name}", rows(900, ["new@x.example"]), mode="append")
        assert len(sorted_rows(after, name)) == len(kept) + 1, f"{name}: it cannot be written any more"


if __name__ == "__main__":
    {"make": make, "check": check}[sys.argv[1]](*sys.argv[2:])
    # Threads of the libraries may outlive the interpreter's end, and now and then abort it: all has been said by then.
    os._exit(0)
