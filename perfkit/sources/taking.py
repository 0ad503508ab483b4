"""Taking: one table's files, row for row into accepted, excluded or quarantined."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from perfkit.errors import DataError, EngineError, ParameterError
from perfkit.schema import Table
from perfkit.sources import notices, overlaps, repeats, states, totals, wordings
from perfkit.sources.blocks import Block, refuse_twins, whole
from perfkit.sources.columns import Target, foreign, steps
from perfkit.sources.delimited.read_csv import CsvExport
from perfkit.sources.duplicates import settle_duplicates
from perfkit.sources.files import literally, named, quoted
from perfkit.sources.opening import Export, Opened, Workplace, as_found, opened, place_of
from perfkit.sources.originals import Origin
from perfkit.sources.quarantine import NOT_ALLOWED, OTHER_CURRENCY, REASONS
from perfkit.sources.read_parquet import ParquetExport
from perfkit.sources.rows import Broken, Rows, gathered
from perfkit.sources.settings import Control, TableSettings
from perfkit.sources.tally import Tally
from perfkit.sources.values.proofs import contradicted, unlikely
from perfkit.sources.writing import LEFT_OUT, ROWS_AT_A_TIME, STATUS, UNKNOWN, Writer
from perfkit.sources.xlsx.read_xlsx import XlsxExport

MANY = 100
"""Quarantined rows from which their share is held against `max_quarantined`."""

SOME, MOST = 10, 0.4
"""Quarantined rows, fewer than MANY, that are too many where they are more than this share of all."""

SAMPLE = 1000
"""Failed rows of a file that are looked at when none passed."""

PORTION = 20_000
"""Failed rows that are looked at together."""

Numbers = npt.NDArray[np.int64]


class Contradicted(Exception):
    """A cell tells that a column is not written as the first rows proved: the table must be looked at whole."""

    def __init__(self, table: str) -> None:
        super().__init__(table)
        self.table = table


def take_table(
    declared: Table,
    blocks: list[Block],
    control: Control,
    place: Workplace,
    *,
    thorough: bool = False,
) -> dict[str, Any]:
    """Write a table's accepted rows to <table>.parquet, the others to the quarantine, and return what load.json says.

    Parameters
    ----------
    blocks : list of Block
        Its files, in groups that are read alike.
    thorough : bool
        Whether how values are written is proven from every row, rather than from the first ones.

    Raises
    ------
    DataError
        If a file has not the columns declared, no row can be accepted, keys stand twice or a total is missed.
    Contradicted
        If a later row refutes what the first ones proved; never where `thorough`.
    """
    refuse_twins(declared.name, blocks)
    settings = whole(declared.name, blocks)
    if settings.keep and not declared.key:
        raise ParameterError(
            f"[tables.{declared.name}] keep: its rows have no key, so none is a duplicate. Leave it out."
        )
    files = opened(declared, blocks, place, thorough=thorough)
    first = files[0].targets
    amounts = tuple(target.name for target in first if target.type in ("money", "quantity"))
    tally = Tally.of(declared.name, amounts, settings.exclude)
    tally.seen = sum(file.export.records for file in files)
    if not tally.seen:
        raise DataError(f"{files[0].export.file.name} holds a header and no row. Export it again.")
    writer = Writer(place.folder / f"{declared.name}.parquet", first, tally)
    failed, read, accepted = [], [], []
    for number, file in enumerate(files):
        place.step(f"{declared.name}: reading {file.export.file.name}")
        before = _money(declared, tally)
        numbers, statuses, parts = _stream(file, number, _query(declared, file, place), writer, place)
        failed.append((numbers, statuses))
        accepted += parts
        read.append(_more(_money(declared, tally), before))
    writer.close()
    if not thorough and _too_little_proven(declared.name, files, place):
        raise Contradicted(declared.name)
    stated = totals.Stated()
    said = []
    for file, (numbers, statuses), streamed in zip(files, failed, read, strict=True):
        before = _money(declared, tally)
        broken = file.export.broken
        if not file.is_table and file.block.settings.totals is None:
            total, broken = totals.split(broken)
            stated.leave_out_broken(file.export.file.name, total, tally)
        _leave_out(file, numbers[statuses < -1], statuses[statuses < -1], stated, place, tally)
        aside = numbers[statuses == -1]
        _set_aside(declared, file, aside, broken, place, tally, thorough=thorough)
        lost = len(aside) + len(broken)
        if len(files) > 1 and lost > 1 and lost == file.export.records and file.block.settings.max_quarantined < 1:
            raise _nothing_of(declared, file, aside, broken)
        later = _more(_money(declared, tally), before)
        amount, unreadable = streamed[0] + later[0], streamed[1] + later[1]
        said.append(stated.compared(file.export.file.name, declared.money, amount, unreadable))
    odd = states.found(declared, files, lambda file, word: _query(declared, file, place, word), place)
    odd_words = list(wordings.told(declared, files, place.quarantine.words.get(declared.name, {})))
    _refuse_too_much(declared, settings, place, tally, odd_words)
    repeated: list[overlaps.Overlap] = []
    again: list[str] = []
    if not declared.key:
        columns = [target.name for target in first if all(file.mapped[target.name] for file in files)]
        repeated = overlaps.settled(declared.name, writer.path, accepted, columns, place.engine, meant=settings.overlap)
        again = overlaps.corrected(declared.name, writer.path, accepted, columns, repeated, place.engine)
    kept: list[str] = []
    exports = [file.export for file in files]
    again_in_one, gone = repeats.settled(declared, files, writer.path, writer.accepted, first, place.engine, tally)
    if declared.key:
        rows = writer.accepted.by_row()
        kept, gone = settle_duplicates(declared, settings, writer.path, exports, rows, first, place.engine, tally)
    names, lines = [each.file.name for each in exports], [each.lines for each in exports]
    writer.accepted.write(place.folder / f"{declared.name}.places.parquet", names, lines, gone)
    compared = [each for each in said if each]
    place.step(f"{declared.name}: reconciling")
    observed = _conserve(declared.name, place, first, tally)
    return {
        **tally.report(),
        "files": [file.export.file.entry(file.export.records) for file in files],
        "format": _formats(files),
        "columns": {target.name: notices.made_from(target.name, files) for target in first},
        "not_read": notices.not_read(files),
        "observed": observed,
        "control": tally.control(control),
        "totals": compared,
        "overlaps": [pair.entry() for pair in repeated],
        "repeats": again_in_one,
        "states": odd,
        "notices": [
            *notices.told(declared, settings, files, tally, compared),
            *odd_words,
            *overlaps.notices(repeated, meant=settings.overlap),
            *again,
            *kept,
        ],
    }


def _formats(files: list[Opened]) -> Any:
    """How the files of text were said to be written: one format, a list where blocks differ, None without text."""
    said: list[dict[str, Any]] = []
    for file in files:
        if isinstance(as_found(file.export), CsvExport):
            form = file.block.settings.format.model_dump(mode="json")
            said += [form] if form not in said else []
    return said if len(said) > 1 else next(iter(said), None)


def _money(declared: Table, tally: Tally) -> tuple[Decimal, int]:
    """The sum of the table's money as far as it was read, and how many rows have an amount that cannot be."""
    if declared.money not in tally.amounts:
        return Decimal(0), 0
    return tally.total(declared.money), sum(each[declared.money] for each in tally.unknown.values())


def _more(now: tuple[Decimal, int], before: tuple[Decimal, int]) -> tuple[Decimal, int]:
    """What was added to a sum, and to a count."""
    return now[0] - before[0], now[1] - before[1]


def _query(declared: Table, file: Opened, place: Workplace, word: tuple[str, str] | None = None) -> str:
    """SQL of a file's rows as canonical columns, and what becomes of each; also one more cell, by heading and SQL."""
    export, targets = file.export, file.targets
    excluded = file.excluded
    if isinstance(export, ParquetExport):
        relation, otherwise = "export", "-1"
        place.engine.register(relation, export.reader(_read(file, word)))
    else:
        relation, otherwise = export.relation(place.spill), "-1"
        if file.block.settings.totals is None:
            otherwise = totals.status(declared, export.source, targets)
    rules = "".join(f" WHEN {condition} THEN {number}" for number, condition in enumerate(excluded, file.first_rule))
    fails = " OR ".join(f"({target.fails})" for target in targets)
    values = ", ".join(f"{target.alias} AS {named(target.name)}" for target in targets)
    status = f"CAST(CASE{rules} WHEN {fails} THEN {otherwise} ELSE 0 END AS SMALLINT)"
    elsewhere = foreign(targets)
    unknown = "".join(
        f", CASE WHEN {named(STATUS)} > 0 THEN {_unknown(target, elsewhere)} END AS {named(UNKNOWN + target.name)}"
        f", CASE WHEN {named(STATUS)} > 0 THEN {_known(target, elsewhere)} END AS {named(LEFT_OUT + target.name)}"
        for target in targets
        if excluded and target.type in ("money", "quantity")
    )
    status = f"{status} AS {named(STATUS)}"
    unknown += f", {word[1]} AS {named(states.WORD)}" if word else ""
    return f"SELECT {values}, {named(STATUS)}{unknown} FROM (SELECT *, {status} FROM {steps(relation, targets)})"


def _read(file: Opened, word: tuple[str, str] | None) -> list[str]:
    """The source columns that are read of a Parquet file."""
    return list(dict.fromkeys([*notices.needed(file), *([word[0]] if word else [])]))


def _known(target: Target, elsewhere: str) -> str:
    """SQL of an amount that a sum may take: money only in the company's currency."""
    return target.exact if target.type != "money" else f"CASE WHEN NOT ({elsewhere}) THEN {target.exact} END"


def _unknown(target: Target, elsewhere: str) -> str:
    """SQL of whether an amount is in no sum: it cannot be read, or is money in another currency."""
    if target.type != "money":
        return target.unreadable
    return f"({target.unreadable}) OR (({elsewhere}) AND ({target.exact}) IS NOT NULL)"


def _stream(
    file: Opened, number: int, query: str, writer: Writer, place: Workplace
) -> tuple[Numbers, Numbers, list[tuple[str, int]]]:
    """Stream one file through the casts.

    Returns the numbers of the rows that are not taken and their statuses, and the accepted rows by file and sheet.
    """
    export = file.export
    names, ends = zip(*_parts(export), strict=True)
    accepted = np.zeros(len(ends), np.int64)
    failed, statuses = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    base = 0
    try:
        for batch in place.engine.sql(query).to_arrow_reader(ROWS_AT_A_TIME):
            status = batch.column(STATUS).to_numpy()
            here = np.flatnonzero(status < 0)
            taken = np.searchsorted(np.flatnonzero(status == 0) + base, ends)
            accepted += np.diff(taken, prepend=0)
            failed.append(here + base)
            statuses.append(status[here].astype(np.int64))
            writer.add(batch, status, number, base)
            base += len(batch)
    except (duckdb.Error, pa.ArrowException, OSError):
        if isinstance(export, ParquetExport) and export.failure:
            raise export.failure from None
        raise
    whole = export.records - len(export.broken)
    if base != whole:
        raise EngineError(
            f"{export.file.name}: {whole:,} whole records were counted and {base:,} read, so nothing was kept. "
            "Please report this."
        )
    return np.concatenate(failed), np.concatenate(statuses), list(zip(names, accepted.tolist(), strict=True))


def _parts(export: Export) -> list[tuple[str, int]]:
    """The sheets of a workbook, or the file itself: each name, and how many rows stand in it and those before."""
    inner = as_found(export)
    if isinstance(inner, XlsxExport):
        return inner.parts
    return [(export.file.name, export.records - len(export.broken))]


def _too_little_proven(table: str, files: list[Opened], place: Workplace) -> bool:
    """Whether the values of a column are such that the first cells may have told wrongly how it is written."""
    asked = {
        question
        for file in files
        for target in file.targets
        if len(target.sources) == 1 and target.sources[0] in file.read_as
        if (question := unlikely(named(target.name), target.type, file.export.source.writing(target.sources[0])))
    }
    path = (place.folder / f"{table}.parquet").resolve()
    if not asked or not path.exists():
        return False
    query = f"SELECT {' OR '.join(sorted(asked))} FROM read_parquet({quoted(literally(path))})"
    return bool(place.engine.execute(query).fetchall()[0][0])


def _leave_out(
    file: Opened, numbers: Numbers, statuses: Numbers, stated: totals.Stated, place: Workplace, tally: Tally
) -> None:
    """Count the rows that are no data."""
    if len(numbers):
        found = list(file.export.rows(numbers))
        stated.leave_out(file.export.file.name, found, statuses, file.targets, place.engine, tally)


def _set_aside(
    declared: Table,
    file: Opened,
    numbers: Numbers,
    broken: list[Broken],
    place: Workplace,
    tally: Tally,
    *,
    thorough: bool,
) -> None:
    """Find the failed rows again, say why each failed, and keep it."""
    export = file.export
    origin = Origin.of(export)
    place.quarantine.add_broken(declared.name, origin, broken, tally)
    nothing_left = not tally.rows["accepted"] and not tally.rows["excluded"]
    some = numbers[:SAMPLE] if nothing_left else numbers
    if len(some):
        rows = _uncontradicted(declared, file, gathered(export.rows(some), PORTION), place, thorough)
        place.quarantine.add_failed(declared.name, origin, rows, file.targets, place.engine, tally)


def _uncontradicted(
    declared: Table, file: Opened, found: Iterator[Rows], place: Workplace, thorough: bool
) -> Iterator[Rows]:
    """Yield failed rows, unless one of them refutes how its column was proven to be written."""
    for rows in found:
        if not thorough and _refuted(file, rows, place):
            raise Contradicted(declared.name)
        yield rows


def _nothing_of(declared: Table, file: Opened, aside: Numbers, broken: list[Broken]) -> DataError:
    """One of several files of which no row can be read: it is written otherwise, or is another table."""
    line = place_of(file.export, int(aside[0]))[1] if len(aside) else broken[0].line
    return DataError(
        f"{declared.name}: {file.export.file.name}: none of its {len(aside) + len(broken):,} rows could be accepted "
        f"(first: line {line}), while other files could. Its format or its columns differ: give it a block of its own "
        f"with another format, mend it, or leave it out of [tables.{declared.name}] files. If it "
        "is truly unreadable, write max_quarantined = 1 in that block."
    )


def _refuted(file: Opened, rows: Rows, place: Workplace) -> bool:
    source = file.export.source
    return contradicted(rows.values, source, file.read_as, source.writings, place.engine)


def _refuse_too_much(
    declared: Table, settings: TableSettings, place: Workplace, tally: Tally, odd_words: list[str]
) -> None:
    """Refuse a table of which nothing, or not enough, could be read."""
    if not tally.rows["accepted"] and not any(each["rows"] for each in tally.rules if not each["automatic"]):
        if not tally.reasons:
            raise DataError(f"{declared.name}: its files hold a header and totals, and no row of data. Export again.")
        most = sorted(tally.reasons.items(), key=lambda each: -each[1])
        reasons = " ".join(f"{REASONS[code]} ({rows:,} rows)" for code, rows in most)
        form = f"Most often the format is not the declared one: see [tables.{declared.name}] format."
        raise DataError(
            f"{declared.name}: no row could be accepted. {reasons} First: {place.quarantine.example[declared.name]}. "
            f"{_cure(most[0][0], place.currency, odd_words) or form}"
        )
    aside, taken = tally.rows["quarantined"], tally.rows["quarantined"] + tally.rows["accepted"]
    allowed = settings.max_quarantined
    if (aside >= MANY and aside > allowed * taken) or (aside >= SOME and aside > max(allowed, MOST) * taken):
        code, most_rows = max(tally.reasons.items(), key=lambda each: each[1])
        form = (
            "So many are a format that is not the declared one, and figures without them would be wrong: see "
            f"[tables.{declared.name}] format."
        )
        more = min(1.0, round(aside / taken + 0.05, 2))
        raise DataError(
            f"{declared.name}: {aside:,} of {taken:,} rows cannot be read, most of them because: {REASONS[code]} "
            f"({most_rows:,} rows) First: {place.quarantine.example[declared.name]}. "
            f"{_cure(code, place.currency, odd_words) or form} "
            f"If they are truly unreadable, write max_quarantined = {more} in that block."
        )


def _cure(code: str, currency: str, odd_words: list[str]) -> str:
    """What to do about rows that fail for a reason that is no matter of format; empty where it may be one."""
    if code == OTHER_CURRENCY:
        return f"Amounts of two currencies are never added: ask for them in {currency}, or name a column that holds so."
    return " ".join(odd_words) if code == NOT_ALLOWED else ""


def _conserve(table: str, place: Workplace, targets: list[Target], tally: Tally) -> dict[str, str | None] | None:
    """Read what was written and hold it against what was seen; return the days it covers."""
    path = (place.folder / f"{table}.parquet").resolve()
    day = next((target.name for target in targets if target.type in ("date", "timestamp")), None)
    wanted = [f"sum({named(column)})" for column in tally.amounts]
    if day:
        wanted += [
            f"CAST(min(CAST({named(day)} AS DATE)) AS VARCHAR)",
            f"CAST(max(CAST({named(day)} AS DATE)) AS VARCHAR)",
        ]
    query = f"SELECT {', '.join(['count(*)', *wanted])} FROM read_parquet({quoted(literally(path))})"
    [(count, *rest)] = place.engine.execute(query).fetchall()  # fetchone would leave the engine busy
    sums = {column: rest[number] or Decimal(0) for number, column in enumerate(tally.amounts)}
    tally.conserve(count, sums)
    return {"column": day, "first": rest[-2], "last": rest[-1]} if day else None
