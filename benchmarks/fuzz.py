"""Claim: whatever bytes an export or company.toml is made of, a load ends in a checked snapshot or in words.

    python benchmarks/fuzz.py [--seconds 60] [--seed 1] [--target csv xlsx parquet zip gzip toml]

Each execution damages a sound file (bytes flipped, cut, doubled, moved, or pieces of other files put in), loads it in
this process and holds it to: only a PerfkitError escapes, in less than 5 seconds; rows = accepted + excluded +
quarantined, and the sum of what was accepted is what the snapshot holds. An input that breaks this is kept in
tests/sources/crashes/, where a test loads it for good.
"""

import argparse
import collections
import gzip
import hashlib
import io
import random
import sys
import tempfile
import time
import traceback
import zipfile
from decimal import Decimal
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

from perfkit import company
from perfkit.errors import PerfkitError

KEPT = Path(__file__).parents[1] / "tests" / "sources" / "crashes"
SLOW = 5.0
PIECES = [
    b'"', b";", b",", b"\n", b"\r", b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"1.234,56", b"\xe2\x82\xac", b"31/02/2024",
    b"TOTAL", b"=1+1", b"1e999", b"\x01n5", b"-", b"(12)", b"%", b"<!DOCTYPE a>", b"PK\x03\x04", b"[tables.sales]",
]  # fmt: skip
SETTINGS = """name = "F"
currency = "EUR"
[tables.sales]
files = "{name}"
[tables.sales.columns]
date = "Date"
order_id = "N°"
net_revenue = "Montant"
quantity = {{ column = "Qté", optional = true }}
"""


def main() -> int:
    """Run until the time is up, print what was tried, and say by the exit code whether the claim holds."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--target", nargs="+", default=list(sound()), choices=list(sound()))
    asked = parser.parse_args()
    chance = random.Random(asked.seed)
    counted: dict[str, collections.Counter[str]] = {target: collections.Counter() for target in asked.target}
    until = time.monotonic() + asked.seconds
    while time.monotonic() < until:
        target = chance.choice(asked.target)
        name, content = sound()[target]
        outcome = tried(target, name, damaged(content, chance))
        counted[target][outcome] += 1
    for target, outcomes in counted.items():
        said = ", ".join(f"{count:,} {outcome}" for outcome, count in sorted(outcomes.items()))
        print(f"{target:10}{sum(outcomes.values()):8,} executions: {said}")
    broken = sum(each["broken"] for each in counted.values())
    print(f"{broken} inputs break the claim" + (f"; they are kept in {KEPT.name}/" if broken else ": it holds"))
    return int(broken > 0)


def sound() -> dict[str, tuple[str, bytes]]:
    """One sound file a target."""
    if not _SOUND:
        rows = [
            ("31/01/2024", "F1", "1 234,56", "2"),
            ("15/02/2024", "F2", "-34,06", "1"),
            ("", "Total", "1 200,50", ""),
        ]
        head = ("Date", "N°", "Montant", "Qté")
        text = "\n".join(";".join(f'"{cell}"' if " " in cell else cell for cell in row) for row in (head, *rows)) + "\n"
        book = openpyxl.Workbook()
        for row in (head, *rows):
            book.active.append(row)
        packed = io.BytesIO()
        book.save(packed)
        table = pa.table({name: [row[number] for row in rows[:2]] for number, name in enumerate(head)})
        parquet = io.BytesIO()
        pq.write_table(table, parquet, write_page_checksum=True)
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as members:
            members.writestr("a.csv", text)
            members.writestr("b.csv", text.replace("F1", "F3").replace("F2", "F4"))
        _SOUND.update(
            csv=("f.csv", text.encode("cp1252")),
            xlsx=("f.xlsx", packed.getvalue()),
            parquet=("f.parquet", parquet.getvalue()),
            zip=("f.zip", archive.getvalue()),
            gzip=("f.csv.gz", gzip.compress(text.encode())),
            toml=("company.toml", SETTINGS.format(name="f.csv").encode()),
        )
    return _SOUND


_SOUND: dict[str, tuple[str, bytes]] = {}


def damaged(content: bytes, chance: random.Random) -> bytes:
    """The bytes with one to four things done to them."""
    data = bytearray(content)
    for _ in range(chance.randint(1, 4)):
        at, length = chance.randrange(len(data) + 1), chance.randint(1, 20)
        match chance.randrange(6):
            case 0 if data:
                data[at % len(data)] ^= 1 << chance.randrange(8)
            case 1:
                del data[at : at + length]
            case 2:
                data[at:at] = data[at : at + length]
            case 3:
                data[at:at] = chance.choice(PIECES)
            case 4:
                data[at : at + length] = chance.choice(PIECES)
            case 5:
                del data[at : None if chance.random() < 0.1 else at + 1]
    return bytes(data)


def tried(target: str, name: str, content: bytes) -> str:
    """Load one input, and say what became of it; one that breaks the claim is kept."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        (folder / "exports").mkdir()
        (folder / "company.toml").write_text(SETTINGS.format(name="f.csv" if target == "toml" else name))
        (folder / "exports" / "f.csv").write_bytes(sound()["csv"][1])
        (folder / ("." if target == "toml" else "exports") / name).write_bytes(content)
        started = time.process_time()
        try:
            problem = lost(company.load(folder))
            outcome = "loaded"
        except PerfkitError:
            problem, outcome = "", "refused"
        except BaseException:
            problem, outcome = traceback.format_exc(), "crashed"
        if time.process_time() - started > SLOW:
            problem = problem or f"it took {time.process_time() - started:.1f} s"
    if not problem:
        return outcome
    KEPT.mkdir(exist_ok=True)
    kept = KEPT / f"{target}-{hashlib.sha256(content).hexdigest()[:8]}-{name}"
    kept.write_bytes(content)
    print(f"{kept.name}: {problem}", file=sys.stderr)
    return "broken"


def lost(acme: company.Company) -> str:
    """What does not add up in a snapshot; empty where all does."""
    report = acme.snapshot.report["tables"]["sales"]
    parts = [report[part] for part in ("accepted", "excluded", "quarantined")]
    if report["rows"] != sum(part["rows"] for part in parts):
        return f"rows: {report['rows']} read, {[part['rows'] for part in parts]}"
    held = sum(acme.frame("sales")["net_revenue"].dropna(), start=Decimal(0))
    said = Decimal(report["accepted"]["sums"]["net_revenue"])
    return "" if held == said else f"net_revenue: {said} said, {held} held"


if __name__ == "__main__":
    raise SystemExit(main())
