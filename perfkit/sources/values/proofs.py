"""Proofs: how each column of text writes its numbers and days, by its own cells; what they leave open is asked.

The cells of a column are looked at by key: a cell whose digits are nines (zeros stay, a leading one tells), or for days
the cell itself, the digits of its time being nines. So few keys stand for many cells.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace

import duckdb
import pyarrow as pa

from perfkit.errors import DataError
from perfkit.sources.columns import Source
from perfkit.sources.faults import Faults, refuse
from perfkit.sources.files import quoted
from perfkit.sources.settings import Format
from perfkit.sources.values import asking, day_evidence, days, evidence
from perfkit.sources.values.casting import NUMERIC, TYPED, reading
from perfkit.sources.values.evidence import Doubt
from perfkit.sources.values.writings import Writing, declared

SAMPLE = 100_000
"""Rows that are looked at first."""

LONGEST = 64
"""Characters of a cell that are looked at: no number and no day has more."""

MOST = 200_000
"""Keys of a column that are looked at, the most frequent first: more are no numbers and no days."""

DAYS = ("date", "timestamp")

Keys = dict[str, int]


def prove(
    wanted: Mapping[str, Collection[str]],
    source: Source,
    relation: str,
    engine: duckdb.DuckDBPyConnection,
    *,
    form: Format,
    currency: str,
    timezone: str,
    table: str,
    line_of: Callable[[int], tuple[str, int]],
    thorough: bool = False,
) -> dict[str, Writing]:
    """Return how each column of text writes the values that it is read as.

    Parameters
    ----------
    wanted : mapping
        Source column: the canonical types it is read as.
    relation : str
        SQL of the rows, as columns c0, c1 ... in the order of the file.
    form : Format
        What is declared; it is held to, and the rest proven.
    currency, timezone : str
        The company's.
    table : str
        Its name in company.toml.
    line_of : callable
        Gives file (or sheet) and line of a row, counted from 0.
    thorough : bool
        Whether every row is looked at, rather than the first ones and more of them where they leave a doubt.

    Raises
    ------
    DataError
        If a column can be read in more than one way, or holds no days where days are needed.
    """
    scan = _Scan(source, relation, engine, currency, timezone, form)
    texts = {name: set(types) for name, types in wanted.items() if source.kind(name) in ("text", "cell")}
    found, doubtful = scan.settled(texts, limit=0 if thorough else SAMPLE)
    if doubtful and not all(found[name].whole for name in doubtful):
        again, doubtful = scan.settled({name: texts[name] for name in doubtful}, limit=0)
        found |= again
    faults: Faults = []
    for name, doubt in doubtful.items():
        places = [scan.place(name, keys, doubt, line_of) for keys in doubt.keys]
        said = asking.question(doubt, places, column=name, table=table, types=texts[name], writing=found[name])
        faults.append(DataError(said))
    refuse(faults)
    return found


@dataclass(frozen=True)
class _Scan:
    """The cells of a file's columns of text."""

    source: Source
    relation: str
    engine: duckdb.DuckDBPyConnection
    currency: str
    timezone: str
    form: Format

    def settled(self, wanted: Mapping[str, set[str]], *, limit: int) -> tuple[dict[str, Writing], dict[str, Doubt]]:
        """Return how columns are written and which leave a doubt, by their first cells, or all where limit is 0."""
        rows, numbers, dates = self._keys(wanted, limit)
        found, doubtful = {}, {}
        for name, types in wanted.items():
            writing = declared(self.form, currency=self.currency, timezone=self.timezone)
            writing = replace(writing, whole=not limit or rows < limit)
            doubt = None
            if types & set(NUMERIC):
                writing, doubt = evidence.numbers(numbers[name], types, self.form, writing)
            if types & set(DAYS) and not doubt:
                writing, doubt = day_evidence.dates(dates[name], types, self.form, writing)
            if "share" in types and "%" in name and not doubt:
                writing, doubt = self._percent(name, writing, limit)
            found[name] = writing
            if doubt:
                doubtful[name] = doubt
        return found, doubtful

    def _keys(self, wanted: Mapping[str, set[str]], limit: int) -> tuple[int, dict[str, Keys], dict[str, Keys]]:
        """Count the rows, and by column the cells of each key, as numbers and as days."""
        parts = [(name, kind) for name, types in wanted.items() for kind in (NUMERIC, DAYS) if types & set(kind)]
        numbers: dict[str, Keys] = {name: {} for name in wanted}
        dates: dict[str, Keys] = {name: {} for name in wanted}
        if not parts:
            return 0, numbers, dates
        items = ", ".join(
            f"{{part: {part}, key: {_key(self.source.raw(name), dated=kind is DAYS)}}}"
            for part, (name, kind) in enumerate(parts)
        )
        cells = f"SELECT unnest([{{part: -1, key: ''}}, {items}]) AS item FROM {self._rows(limit)}"
        counted = self.engine.execute(
            f"SELECT item.part, item.key, count(*) AS cells FROM ({cells}) WHERE item.key IS NOT NULL "
            "GROUP BY item.part, item.key QUALIFY row_number() OVER (PARTITION BY item.part "
            f"ORDER BY count(*) DESC, item.key) <= {MOST} ORDER BY ALL"
        ).fetchall()
        rows = 0
        for part, key, count in counted:
            if part < 0:
                rows = count
            else:
                name, kind = parts[part]
                (dates if kind is DAYS else numbers)[name][key] = count
        return rows, numbers, dates

    def _rows(self, limit: int) -> str:
        return f"(SELECT * FROM {self.relation}{f' LIMIT {limit}' if limit else ''})"

    def _percent(self, name: str, writing: Writing, limit: int) -> tuple[Writing, Doubt | None]:
        """Whether shares under a heading with a percent sign are in percent: a cell above one tells."""
        raw = self.source.raw(name)
        read = reading(raw, self.source.kind(name), "share", replace(writing, percent=False, marked=False))
        assert read is not None
        added = "".join(f", {sql} AS {alias}" for alias, sql in read.prepared.items())
        [(most, cells)] = self.engine.execute(
            f"SELECT max(abs({read.value})), count(*) FROM (SELECT *{added} FROM {self._rows(limit)}) "
            f"WHERE {raw} IS NOT NULL AND NOT contains({raw}, '%') AND ({read.value}) <> 0"
        ).fetchall()
        doubt = Doubt("percent", ((),), (cells,)) if cells and most <= 1 else None
        return replace(writing, percent=True), doubt

    def place(
        self, name: str, keys: tuple[str, ...], doubt: Doubt, line_of: Callable[[int], tuple[str, int]]
    ) -> asking.Place:
        """Return the first cell of one of these keys."""
        raw = self.source.raw(name)
        key = _key(raw, dated=doubt.about in asking.ABOUT_DAYS)
        listed = ", ".join(map(quoted, keys[:10_000]))
        one_of = f"{key} IN ({listed})" if keys else f"regexp_matches({raw}, '[1-9]') AND NOT contains({raw}, '%')"
        [(row, text)] = self.engine.execute(
            f"SELECT row, {raw} FROM (SELECT row_number() OVER () - 1 AS row, {raw} FROM {self.relation}) "
            f"WHERE {one_of} ORDER BY row LIMIT 1"
        ).fetchall()
        where, line = line_of(row)
        return asking.Place(where, line, text[2:] if text.startswith(TYPED) else text)


def _key(raw: str, *, dated: bool) -> str:
    """SQL of a cell's key."""
    typed = f"WHEN starts_with({raw}, {quoted(TYPED)}) THEN left({raw}, 2)"
    if not dated:
        return f"CASE {typed} ELSE translate(left({raw}, {LONGEST}), '12345678', '99999999') END"
    colon = f"instr({raw}, ':')"
    time = f"translate(substr({raw}, greatest({colon} - 2, 1), {LONGEST}), '012345678', '999999999')"
    return (
        f"CASE {typed} WHEN {colon} > 0 THEN left(left({raw}, greatest({colon} - 3, 0)), {LONGEST}) || {time} "
        f"ELSE left({raw}, {LONGEST}) END"
    )


def contradicted(
    failed: pa.Table,
    source: Source,
    wanted: Mapping[str, Collection[str]],
    writings: Mapping[str, Writing],
    engine: duckdb.DuckDBPyConnection,
) -> bool:
    """Return whether a cell of rows that could not be read proves that a column is not written as its first cells are.

    Parameters
    ----------
    failed : Table
        The rows, as columns c0, c1 ...
    wanted : mapping
        Source column: the canonical types it is read as.
    writings : mapping
        By source column, as `prove` returned them; those proven from all cells cannot be contradicted.
    """
    open_ = {
        name: set(types)
        for name, types in wanted.items()
        if name in writings and writings[name].proven and not writings[name].whole
    }
    if not open_:
        return False
    engine.register("refuting", failed)
    try:
        return any(
            _refutes(text, types, writings[name])
            for name, types in open_.items()
            for text in _distinct(source.raw(name), types, engine)
        )
    finally:
        engine.unregister("refuting")


def unlikely(value: str, type_: str, writing: Writing) -> str | None:
    """Return SQL of an aggregate: whether a column's values are such that its first cells may have proven too little.

    Nearly all of them could have been read otherwise too; the whole column must then be looked at. None where the
    column was looked at whole, or nothing was proven.

    Parameters
    ----------
    value : str
        SQL of a value as it was read.
    type_ : str
        The canonical type.
    writing : Writing
    """
    if writing.whole or writing.contested:
        return None
    if type_ in DAYS and type_ in writing.proven and re.search(r"%d.?%m|%m.?%d", "".join(getattr(writing, type_))):
        telling, doubtful = f"day({value}) > 12", f"day({value}) <= 12"
    elif type_ in ("money", "quantity") and "decimal" in writing.proven and writing.decimal:
        thousandths = f"{value} * 1000 = trunc({value} * 1000) AND {value} * 100 <> trunc({value} * 100)"
        doubtful = f"({thousandths} AND abs({value}) BETWEEN 1 AND 1000)"
        if evidence.OTHER[writing.decimal] in writing.thousands:
            doubtful = f"({doubtful} OR ({value} = trunc({value}) AND abs({value}) BETWEEN 1000 AND 999999))"
        telling = f"{value} <> trunc({value}) AND NOT {doubtful}"
    else:
        return None
    return f"count(*) FILTER ({telling}) < {evidence.WEAK} * count(*) FILTER ({doubtful})"


def _distinct(raw: str, types: set[str], engine: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """The texts of failed cells, one of each key."""
    for kind in (NUMERIC, DAYS):
        if types & set(kind):
            key = _key(raw, dated=kind is DAYS)
            found = engine.execute(f"SELECT DISTINCT {key} FROM refuting WHERE {raw} IS NOT NULL").fetchall()
            yield from (text for (text,) in found)


def _refutes(text: str, types: set[str], writing: Writing) -> bool:
    if types & set(NUMERIC) and evidence.refutes_number(text, types, writing):
        return True
    return any(day_evidence.refutes_day(text, type_, writing) for type_ in DAYS if type_ in types)


def stated(writings: Mapping[str, Writing], wanted: Mapping[str, Collection[str]], file: str) -> list[str]:
    """Return what a reader should know of how columns were read."""
    said = []
    for name, writing in writings.items():
        types = set(wanted.get(name, ()))
        names = [*(writing.date if "date" in types else ()), *(writing.timestamp if "timestamp" in types else ())]
        if writing.percent:
            said.append(f"{file}: {name!r} is in percent, as its heading says; 12.5 was taken as 0.125.")
        elif writing.marked:
            said.append(f"{file}: {name!r} is written in percent; 12.5 % was taken as 0.125.")
        if any("%y" in each for each in names):
            said.append(f"{file}: {name!r} has years of two digits: 00 to 68 were taken as 2000 to 2068.")
        if any(days.is_month(each) for each in names if each not in days.EPOCHS):
            said.append(f"{file}: {name!r} says months; each was taken as its first day.")
        if any(re.search(r"%z$|(Z|UTC|GMT)$", each) for each in names):
            said.append(f"{file}: the times of {name!r} were turned to the company's clock, {writing.timezone}.")
        if writing.contested:
            said.append(f"{file}: {name!r} is not written in one way; cells unlike most were set aside.")
    return said
