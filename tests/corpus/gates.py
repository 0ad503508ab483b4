"""Gates: what was found is held against what was stated, class by class.

python -m tests.corpus.gates [--seed N] [--kind CLASS] [--name WORDS] shows the table and every failure.
"""

import argparse
import re
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.corpus.cases import ANY, KINDS, Case, Outcome, Place
from tests.corpus.generate import cases
from tests.corpus.running import Found, run, run_apart

MOST_SECONDS = 30
MOST_MEGABYTES = 1_200
"""What a bomb may cost, the interpreter and its libraries included."""

ALWAYS = ("security", "bombs", "keys")
"""Classes in which every outcome must be as stated."""


@dataclass
class Verdict:
    """One case: whether each gate holds; None where it does not apply. `said` tells what is wrong."""

    case: Case
    found: Found
    as_stated: bool
    wrong_total: bool
    placed: bool | None = None
    file_named: bool | None = None
    where_named: bool | None = None
    said: list[str] = field(default_factory=list)


def verdict(case: Case, found: Found) -> Verdict:
    """Hold what was found against the outcomes stated: the first that fits best."""
    fitting = [outcome for outcome in case.outcomes if not _differences(case, outcome, found)]
    said = [] if fitting else _differences(case, case.outcomes[0], found)
    said += _beside(case, found)
    made = Verdict(case, found, not said and not found.crashed, _wrong(case, found), said=said)
    if found.crashed:
        said.append(f"crashed: {found.crashed.strip().splitlines()[-1][:300]}")
    same = [outcome for outcome in fitting or case.outcomes if outcome.state == found.state or not fitting]
    if found.state == "quarantine":
        listed = [outcome for outcome in same if outcome.state == "quarantine"]
        if listed and all(outcome.places is not None for outcome in listed):
            made.placed = any(_placed(outcome.places or (), found) for outcome in listed)
            if not made.placed:
                said.append(f"places: stated {_shown(listed[0].places or ())}, found {found.places[:4]}")
    if found.state == "refuse":
        refusals = [outcome for outcome in case.outcomes if outcome.state == "refuse"]
        if refusals:
            _named(made, refusals, found.message)
    return made


def _differences(case: Case, stated: Outcome, found: Found) -> list[str]:
    """What of an outcome is not as stated, places apart."""
    if found.crashed:
        return ["it crashed"]
    fits = {"ok": ("ok", "notes")}.get(stated.state, (stated.state,))
    if found.state not in fits:
        told = f" ({found.message[:400]})" if found.state == "refuse" else ""
        counts = (found.accepted, found.excluded, found.quarantined, str(found.total))
        some = "" if told else f" {counts} {found.places[:3]} {found.notices[:2]}"
        wanted = (stated.accepted, stated.excluded, stated.quarantined, stated.total)
        return [f"stated {stated.state} {wanted}, found {found.state}{told}{some}"]
    if stated.state == "refuse":
        return []
    said = [
        f"{name}: stated {want}, found {have}"
        for name, want, have in (
            ("accepted", stated.accepted, found.accepted),
            ("excluded", stated.excluded, found.excluded),
            ("quarantined", stated.quarantined, found.quarantined),
            ("total", Decimal(stated.total), found.total),
        )
        if want != have
    ]
    for name, values in case.columns.items():
        have = found.columns.get(name)
        if have is None or len(have) != len(values) or not all(map(_same, values, have)):
            odd = next(((a, b) for a, b in zip(values, have or [], strict=False) if not _same(a, b)), (values, have))
            said.append(f"column {name}: stated {str(odd[0])[:80]!r}, found {str(odd[1])[:80]!r}")
    said += [
        f"{name}: stated {counts}, found {found.tables.get(name)}"
        for name, counts in case.tables.items()
        if found.tables.get(name) != counts
    ]
    return said


def _same(stated: Any, found: Any) -> bool:
    """Whether a value is as stated; a tuple holds values of which each is right."""
    return found in stated if isinstance(stated, tuple) else found == stated


def _beside(case: Case, found: Found) -> list[str]:
    """What must hold whatever the outcome."""
    said = [] if found.neutral else ["sales joined to their dimensions are another total"]
    said += ["a secret was told"] if found.leaked else []
    if "engine failed" in found.message or "report this" in found.message:  # a traceback in a refusal's clothes
        said.append(f"the engine's own words: {found.message[:300]}")
    said += (
        ["signs that steer a terminal in the message"] if re.search(r"[\x00-\x09\x0b-\x1f\x7f]", found.message) else []
    )
    if case.bounded and not found.crashed:
        said += [f"took {found.seconds:.0f} s"] if found.seconds > MOST_SECONDS else []
        said += [f"took {found.megabytes:,.0f} MB"] if found.megabytes > MOST_MEGABYTES else []
    return said


def _wrong(case: Case, found: Found) -> bool:
    """Whether it was loaded with a total that is not the true one."""
    if found.state in ("refuse", "") or found.crashed:
        return False
    totals = {Decimal(outcome.total) for outcome in case.outcomes if outcome.state != "refuse"}
    if case.truth not in (None, "any"):
        totals.add(Decimal(str(case.truth)))
    return case.truth != "any" and found.total not in totals


def _placed(places: Iterable[Place], found: Found) -> bool:
    """Whether the records set aside are those of these places, each once."""
    left = list(found.places)
    for place in places:
        fits = next((each for each in left if _fits(place, each)), None)
        if fits is None:
            return False
        left.remove(fits)
    return not left


def _fits(place: Place, found: tuple[str, str | None, int, str | None]) -> bool:
    file, sheet, line, column = found
    return (
        (file == place.file or file.endswith(f"/{place.file}"))
        and sheet == place.sheet
        and line == place.line
        and (place.column is ANY or column == place.column)
    )


def _named(made: Verdict, refusals: list[Outcome], message: str) -> None:
    """Whether the message of a refusal names the file, and the line, column or key."""
    best = max(
        refusals, key=lambda outcome: (outcome.file in message, all(_says(message, each) for each in outcome.where))
    )
    if best.file:
        made.file_named = best.file in message
    if best.where:
        missing = [each for each in best.where if not _says(message, each)]
        made.where_named = not missing
        if missing:
            made.said.append(f"not named: {missing} in: {message[:400]}")
    if made.file_named is False:
        made.said.append(f"file not named: {best.file} in: {message[:300]}")


def _says(message: str, wanted: Any) -> bool:
    if isinstance(wanted, tuple):
        return any(_says(message, each) for each in wanted)
    if isinstance(wanted, int):
        plain = re.sub(r"(?<=\d),(?=\d{3})", "", message)
        return re.search(rf"(?<!\d){wanted}(?!\d)", plain) is not None
    return str(wanted).casefold() in message.casefold()


def _shown(places: Iterable[Place]) -> list[tuple[Any, ...]]:
    return [(each.file, each.sheet, each.line, each.column) for each in list(places)[:4]]


def judge(some: Iterable[Case], folder: Path) -> list[Verdict]:
    """Run the cases one by one."""
    return [
        verdict(case, (run_apart if case.bounded else run)(case, folder / f"case{number}"))
        for number, case in enumerate(some)
    ]


def table(verdicts: list[Verdict]) -> str:
    """The gates by class, as text."""
    head = ("class", "cases", "as stated", "wrong totals", "places", "file named", "place named", "crashes")
    rows = [head]
    for kind in (*KINDS, "all"):
        some = [each for each in verdicts if kind in (each.case.kind, "all")]
        if some:
            rows.append((kind, str(len(some)), *map(str, _figures(some))))
    widths = [max(len(row[at]) for row in rows) for at in range(len(head))]
    return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)


def _figures(some: list[Verdict]) -> tuple[str, ...]:
    return (
        share([each.as_stated for each in some])[1],
        str(sum(each.wrong_total for each in some)),
        share([each.placed for each in some])[1],
        share([each.file_named for each in some])[1],
        share([each.where_named for each in some])[1],
        str(sum(bool(each.found.crashed) for each in some)),
    )


def share(held: list[bool | None]) -> tuple[float, str]:
    """The share of those to which a gate applies, and how it is shown."""
    applies = [each for each in held if each is not None]
    part = sum(applies) / len(applies) if applies else 1.0
    return part, f"{sum(applies)}/{len(applies)}"


def failures(verdicts: list[Verdict]) -> str:
    """Every case of which something is wrong, by name."""
    return "\n".join(
        f"{'WRONG TOTAL ' if each.wrong_total else ''}{each.case.kind} / {each.case.name}: {'; '.join(each.said)}"
        for each in verdicts
        if each.said or each.wrong_total
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Run the corpus and show its gates.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kind", choices=KINDS)
    parser.add_argument("--name", default="")
    asked = parser.parse_args()
    some = [each for each in cases(asked.seed) if asked.kind in (None, each.kind) and asked.name in each.name]
    with tempfile.TemporaryDirectory() as folder:
        verdicts = judge(some, Path(folder))
    print(failures(verdicts))
    print(table(verdicts))


if __name__ == "__main__":
    main()
