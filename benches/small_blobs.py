"""Makes a lake of many small files, the same for the same arguments: python3 benches/small_blobs.py DIR COUNT [SEED]

Tables of four formats in three areas, partitioned by day, some hundred parts a day; one file in fifty is an odd one (a marker, an
empty file, a note). No row is anybody's.
"""

import os
import random
import sys

FORMATS = ["csv", "json", "log", "xml"]


def content(form, rng, table):
    rows = [(rng.randrange(10**6), rng.randrange(100), round(rng.random() * 100, 2)) for _ in range(rng.randrange(2, 6))]
    if form == "csv":
        return "id,quantity,price\n" + "".join(f"{a},{b},{c}\n" for a, b, c in rows)
    if form == "json":
        return "".join(f'{{"id":{a},"quantity":{b},"price":{c}}}\n' for a, b, c in rows)
    if form == "log":
        return "".join(f"2024-05-01T10:00:{b % 60:02} INFO table-{table} took {c} ms for {a}\n" for a, b, c in rows)
    return "<rows>" + "".join(f'<row id="{a}" quantity="{b}" price="{c}"/>' for a, b, c in rows) + "</rows>\n"


def odd(rng):
    return rng.choice([("_SUCCESS", ""), ("empty.csv", ""), ("note.txt", "loaded by hand, see the ticket\n")])


def main():
    root, count = sys.argv[1], int(sys.argv[2])
    rng = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 1)
    made = table = 0
    while made < count:
        area, form = f"area-{table % 3}", FORMATS[table % len(FORMATS)]
        days, parts = rng.randrange(5, 40), rng.randrange(40, 400)
        for day in range(days):
            folder = f"{root}/{area}/table-{table:04}/day=2024-{day // 28 + 1:02}-{day % 28 + 1:02}"
            os.makedirs(folder)
            for part in range(parts):
                if made == count:
                    return
                name, text = f"part-{part:05}.{form}", content(form, rng, table)
                if part % 50 == 49:
                    name, text = odd(rng)
                    name = f"{part}{name}" if name != "_SUCCESS" else name
                with open(f"{folder}/{name}", "w") as out:
                    out.write(text)
                made += 1
        table += 1


main()
