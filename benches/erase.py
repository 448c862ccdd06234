#!/usr/bin/env python3
"""Erasure in one file, side by side with the functions with which Amazon S3 Find and Forget deletes.

  cargo build --release --workspace --example erase
  python3 benches/erase.py FOLDER [--rows 2000000] [--runs 5] [--only NAME]

Needs pyarrow, boto3 and aws-assume-role-lib (which the other program imports). FOLDER takes the files (seeded), the answers
and the other program's handlers, which are fetched from GitHub at a fixed commit and are not ours to ship. Both read a file
and write it without the people's rows, each in a process of its own; a run of one follows a run of the other. Seconds are those
from the opened file to the written one, without the start of a process; memory is the peak of its process, and
processor time all of it. Both find by
`customer_id`, which is all that the other one can do: one column, exact values.
"""
import argparse, gzip, json, multiprocessing, os, pathlib, random, resource, statistics, subprocess, sys, time, urllib.request

COMMIT = "3ab47f62ab4969dd477de630efaa6c49fe07f41f"
RAW = f"https://raw.githubusercontent.com/awslabs/amazon-s3-find-and-forget/{COMMIT}/"
HANDLERS = {
    "parquet_handler.py": "backend/ecs_tasks/delete_files/parquet_handler.py",
    "json_handler.py": "backend/ecs_tasks/delete_files/json_handler.py",
    "boto_utils.py": "backend/lambda_layers/boto_utils/python/boto_utils.py",
}
OURS = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", "target"), "release/examples/erase")
CUSTOMERS = 200_000
GROUP_ROWS = 125_000


def customer(number):
    return f"C-{number:07}"


def make_parquet(path, rows, clustered):
    """20 columns, Snappy. Clustered: sorted by customer, so that a person's rows stand in one row group."""
    import numpy as np, pyarrow as pa, pyarrow.parquet as pq

    rng = np.random.default_rng(7)
    ids = rng.integers(0, CUSTOMERS, rows)
    if clustered:
        ids = np.sort(ids)
    columns = {"customer_id": [customer(number) for number in ids], "email": [f"user{number}@mail.example" for number in ids]}
    words = np.array([f"word{number}" for number in range(5_000)])
    for place in range(5):
        columns[f"text{place}"] = words[rng.integers(0, len(words), rows)]
    columns["note"] = np.char.add(words[rng.integers(0, len(words), rows)], rng.integers(0, 10**6, rows).astype(str))
    for place in range(6):
        columns[f"number{place}"] = rng.integers(0, 10 ** (2 + place), rows)
    for place in range(4):
        columns[f"real{place}"] = np.round(rng.normal(0, 100, rows), 2)
    columns["flag"] = rng.random(rows) < 0.5
    columns["at"] = pa.array(rng.integers(1_600_000_000, 1_700_000_000, rows) * 1_000_000, pa.timestamp("us"))
    pq.write_table(pa.table(columns), path, row_group_size=GROUP_ROWS)


def make_ndjson(path, rows):
    rng = random.Random(7)
    with (gzip.open(path, "wt", compresslevel=6) if path.suffix == ".gz" else open(path, "w")) as file:
        for row in range(rows):
            number = rng.randrange(CUSTOMERS)
            file.write(json.dumps({
                "id": row, "customer_id": customer(number), "email": f"user{number}@mail.example",
                "amount": round(rng.gauss(50, 20), 2), "items": [{"sku": f"S{rng.randrange(5000)}", "n": rng.randrange(9)} for _ in range(3)],
                "note": " ".join(f"word{rng.randrange(5000)}" for _ in range(6)), "ok": rng.random() < 0.5,
            }) + "\n")


THEIRS = """
import json, sys, time, logging
sys.path.insert(0, sys.argv[1])
path, out, ids = sys.argv[2:]
ids = [line.split("=", 1)[1] for line in open(ids).read().splitlines()]
if ".parquet" in path:
    from parquet_handler import delete_matches_from_parquet_file as delete
else:
    from json_handler import delete_matches_from_json_file
    import gzip
    compressed = path.endswith(".gz")
    def delete(file, to_delete):
        return delete_matches_from_json_file(gzip.open(file) if compressed else file, to_delete, compressed)
logging.disable(logging.CRITICAL)
start = time.perf_counter()
with open(path, "rb") as file:
    stream, stats = delete(file, [{"Column": "customer_id", "MatchIds": set(ids), "Type": "Simple"}])
with open(out, "wb") as file:
    file.write(stream.getvalue())
print(json.dumps({"secs": time.perf_counter() - start, "units": stats["DeletedRows"]}))
"""


def run(command):
    """The answer of a process, its peak memory in MB, and its processor time in seconds."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, "AWS_DEFAULT_REGION": "us-east-1"})
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, command
    return json.loads(output.splitlines()[-1]), usage.ru_maxrss // 1024, usage.ru_utime + usage.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    handlers = options.folder / "theirs"
    handlers.mkdir(parents=True, exist_ok=True)
    for name, path in HANDLERS.items():
        if not (handlers / name).exists():
            urllib.request.urlretrieve(RAW + path, handlers / name)
    files = {
        "parquet": lambda path: make_parquet(path, options.rows, False),
        "parquet, sorted": lambda path: make_parquet(path, options.rows, True),
        "ndjson": lambda path: make_ndjson(path, options.rows // 2),
        "ndjson.gz": lambda path: make_ndjson(path, options.rows // 2),
    }
    print("| file | MB | people | rows removed | theirs | ours | ratio | theirs, processor | ours | theirs, MB of memory | ours | size of ours to what theirs wrote |\n|---|---|---|---|---|---|---|---|---|---|---|---|")
    for name, make in files.items():
        if options.only and name != options.only:
            continue
        path = options.folder / f"data.{'sorted.parquet' if 'sorted' in name else name}"
        if not path.exists():
            # In a process of its own: a child begins with its parent's peak memory.
            maker = multiprocessing.get_context("fork").Process(target=make, args=(path,))
            maker.start()
            maker.join()
        for people in (1, 1_000):
            measure(name, path, people, options)


def measure(name, path, people, options):
    ids = options.folder / f"people-{people}"
    # Those of a sorted file stand together: a department, a cohort, a shop's customers.
    numbers = range(5_000, 5_000 + people) if "sorted" in name else random.Random(people).sample(range(CUSTOMERS), people)
    ids.write_text("\n".join(f"customer_id={customer(number)}" for number in numbers))
    outs = [options.folder / f"out-{who}{''.join(path.suffixes)}" for who in ("theirs", "ours")]
    commands = [
        [sys.executable, "-c", THEIRS, options.folder / "theirs", path, outs[0], ids],
        [OURS, ids, path, outs[1]],
    ]
    secs, busy, memory, units = ([], []), ([], []), ([], []), set()
    for _ in range(options.runs):
        for which, command in enumerate(commands):
            answer, peak, processor = run([str(part) for part in command])
            busy[which].append(processor)
            secs[which].append(answer["secs"])
            memory[which].append(peak)
            units.add(answer["units"])
    assert len(units) == 1, f"they do not agree on the rows: {units}"
    medians, busy = ([statistics.median(one) for one in of] for of in (secs, busy))
    ratio = statistics.median(theirs / ours for theirs, ours in zip(*secs))
    size = outs[1].stat().st_size / outs[0].stat().st_size
    print(f"| {name} | {path.stat().st_size >> 20} | {people} | {units.pop()} | {medians[0]:.2f} s | {medians[1]:.2f} s | {ratio:.1f} | {busy[0]:.1f} s | {busy[1]:.1f} s | {max(memory[0])} | {max(memory[1])} | {size:.3f} |", flush=True)


if __name__ == "__main__":
    main()
