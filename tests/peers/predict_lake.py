#!/usr/bin/env python3
"""Turns what Headwater says of a lake into the prediction that a scorer of lakes with known truth reads.

  headwater datasets --json --files > datasets.jsonl
  headwater lineage --json > lineage.jsonl
  headwater subject find --json --id email=ADDRESS > subjects/ADDRESS.jsonl        for each person, optional
  predict_lake.py datasets.jsonl lineage.jsonl [subjects] > prediction.json

`cargo run --release -p headwater-catalog --example regroup` writes the first two files without the binary. All paths
are relative to the crawled URL. Standard library only.
"""
import json, pathlib, sys

FORMATS = {"ndjson": "json", "jsonl": "json", "json_text": "json", "tsv": "csv", "delimited": "csv", "arrow": "arrow",
           "feather": "arrow", "log": "text", "zip": "archive", "tar": "archive", "7z": "archive", "rar": "archive"}
IMAGES = {"png", "jpeg", "gif", "tiff", "webp", "bmp", "heic", "heif", "avif", "ico", "svg", "image"}
KINDS = {"EMAIL_ADDRESS": "email", "PHONE_NUMBER": "phone", "PERSON_NAME": "name"}


def lines(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def column(feature):
    return {"name": feature["name"], "type": feature["type"]}


def dataset(row):
    form = row["format"]
    said = {
        "root": row["root"],
        "format": "image" if form in IMAGES else FORMATS.get(form, form),
        "files": row["files"],
        "partition_keys": row["partition_keys"],
        "compression": row.get("compression"),
        "schema": [column(feature) for feature in row["schema"]],
    }
    if said["format"] == "csv" and "csv" in row:
        said["csv"] = row["csv"]
    return said


def edge(row):
    # Copies of a compressed file that is not compressed any more have no name of their own there.
    kind = {"decompress": "convert"}.get(row["kind"], row["kind"])
    return {"src": row["from"], "dst": row["to"], "kind": kind, "confidence": row["confidence"]}


def personal_columns(rows):
    for row in rows:
        for feature in row["schema"]:
            kind = KINDS.get(feature.get("semantic"))
            if kind:
                yield from ({"file": path, "column": feature["name"], "type": kind} for path in row["files"])


def main():
    datasets, lineage, *subjects = sys.argv[1:]
    rows = lines(datasets)
    prediction = {
        "datasets": [dataset(row) for row in rows],
        "lineage": [edge(row) for row in lines(lineage)],
        "pii_columns": list(personal_columns(rows)),
    }
    if subjects:
        files = pathlib.Path(subjects[0]).glob("*.jsonl")
        prediction["subjects"] = {file.stem: sorted({place["path"] for place in lines(file)}) for file in files}
    json.dump(prediction, sys.stdout)


if __name__ == "__main__":
    main()
