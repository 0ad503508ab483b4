"""Promises: what must hold in an export for a preset's figures to be right, and by how much it does not.

Only rows that are going to be accepted are looked at; a document of which a row is set aside is left alone,
because its other rows cannot add up.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

import duckdb

from perfkit.errors import unknown
from perfkit.sources.columns import Source, Target, steps
from perfkit.sources.names import found
from perfkit.sources.presets.presetting import Preset, Promise, rivals
from perfkit.sources.settings import TableSettings
from perfkit.sources.values.casting import NUMERIC, reading

DOCUMENTS, AMOUNTS = 5, 3
"""Documents of several lines, and different amounts among them, from which one amount on every line is a sign."""


@dataclass(frozen=True)
class BrokenPromise:
    """A promise that does not hold in a file.

    Attributes
    ----------
    message : str
        What was found, why it matters and what to do.
    noted : bool
        Whether the load may go on, saying so; it is refused otherwise.
    cases : int
        Documents, or rows, in which it does not hold.
    first : str
        The first of them; empty where it is about all rows.
    left, right : Decimal
        The two sums over those cases.
    """

    message: str
    noted: bool
    cases: int = 0
    first: str = ""
    left: Decimal = Decimal(0)
    right: Decimal = Decimal(0)


def broken(
    preset: Preset,
    settings: TableSettings,
    relation: Callable[[], str],
    source: Source,
    targets: Sequence[Target],
    excluded: Sequence[str],
    engine: duckdb.DuckDBPyConnection,
) -> list[BrokenPromise]:
    """Return the promises of a preset that do not hold in one file.

    Parameters
    ----------
    settings : TableSettings
        The company's own block, before the preset was laid under it: what it maps itself is not asked about.
    relation : callable
        Gives SQL of the file's rows as columns c0, c1 ..., once a question.
    source : Source
        The file's columns and how they are written.
    targets : sequence of Target
        What is planned of them.
    excluded : sequence of str
        One SQL condition a rule that leaves rows out.
    """
    found_ = [BrokenPromise(message, noted=False) for message in rivals(preset, settings, source.file, source.names)]
    for promise in preset.promises:
        if promise.of in settings.columns:
            continue
        lost = _lost(promise, source, targets)
        if lost is None:
            question = _Question(promise, source, targets, excluded)
            said = _ANSWERS[promise.kind](question, relation(), engine)
        elif promise.optional:
            continue
        else:
            said = BrokenPromise(f"it cannot be seen: {unknown('column', lost, source.names)}", promise.noted)
        if said is not None:
            message = f"{source.file}: {said.message} It should hold: {promise.because} {promise.otherwise}"
            # rows set aside may be why the whole does not add up
            found_.append(
                BrokenPromise(message, said.noted or promise.noted, said.cases, said.first, said.left, said.right)
            )
    return found_


def _lost(promise: Promise, source: Source, targets: Sequence[Target]) -> str | None:
    """The first column that a promise is about and that is not there."""
    known = {target.name for target in targets if target.sources}
    asked = [*promise.sum, *promise.equals, promise.within, promise.where, promise.column]
    if promise.kind == "credits":
        asked.append("document")
    return next((name for name in asked if name and name not in known and found(name, source.names) is None), None)


class _Question:
    """A promise as SQL: the rows that count, with the columns that it is about."""

    def __init__(self, promise: Promise, source: Source, targets: Sequence[Target], excluded: Sequence[str]) -> None:
        self.promise = promise
        self._source = source
        self._targets = list(targets)
        self._copies: dict[str, str] = {}
        self._excluded = excluded
        self.left = self._sum(promise.sum)
        self.right = self._sum(promise.equals)
        self.where = self._amount(promise.where) if promise.where else "1"
        self.key = self._words(promise.within or promise.column)

    def _sum(self, names: Sequence[str]) -> str:
        return " + ".join(f"coalesce({self._amount(name)}, 0)" for name in names) or "0"

    def _amount(self, name: str) -> str:
        """SQL of a column as an amount: as the table has it, else as the file has it."""
        target = self._target(name)
        if target is not None and target.type in NUMERIC:
            return target.alias
        heading = found(name, self._source.names)
        copy = f"p{len(self._copies)}"
        read = heading and reading(copy, self._source.kind(heading), "money", self._source.writing(heading), scale=6)
        if not heading or not read:
            return "NULL"
        self._copies[copy] = self._source.raw(heading)
        self._targets.append(
            Target(
                name=f"{heading} as an amount",
                type="money",
                sources=(heading,),
                prepared=read.prepared,
                parts={f"{copy}_value": read.value},
                alias=f"{copy}_amount",
                value=f"{copy}_value",
                fails="false",
                exact="NULL",
                unreadable="false",
                checks=(),
            )
        )
        return f"{copy}_amount"

    def _words(self, name: str) -> str:
        if not name:
            return "''"
        target = self._target(name)
        if target is not None:
            return f"CAST({target.alias} AS VARCHAR)"
        heading = found(name, self._source.names)
        return f"CAST({self._source.raw(heading)} AS VARCHAR)" if heading else "NULL"

    def _target(self, name: str) -> Target | None:
        return next((target for target in self._targets if target.name == name and target.sources), None)

    def alias(self, name: str) -> str:
        """SQL of a canonical column."""
        target = self._target(name)
        return target.alias if target else "NULL"

    def rows(self, relation: str) -> str:
        """SQL of the rows that no rule leaves out: document, number, sums, and whether each is set aside."""
        copies = "".join(f", {raw} AS {copy}" for copy, raw in self._copies.items())
        left_out = " OR ".join(f"({condition})" for condition in self._excluded) or "false"
        fails = " OR ".join(f"({target.fails})" for target in self._targets) or "false"
        document, amount = self.alias("document"), self.alias(self.promise.column)
        return (
            f"(SELECT {self.key} AS of_, row_number() OVER () AS number_, {self.left} AS left_, {self.right} AS "
            f"right_, {self.where} AS where_, {document} AS document_, {amount} AS amount_, {fails} AS fails_ "
            f"FROM {steps(f'(SELECT *{copies} FROM {relation})', self._targets)} WHERE NOT ({left_out}))"
        )


def _sums(question: _Question, relation: str, engine: duckdb.DuckDBPyConnection) -> BrokenPromise | None:
    """Two sums are one, are never one, or one is zero: in each document, or over all rows."""
    promise, rows = question.promise, question.rows(relation)
    odd = "left_ = right_" if promise.kind == "never_equal" else "left_ <> right_"
    if promise.within:
        each = (
            "(SELECT of_, min(number_) AS number_, sum(left_) AS left_, sum(right_) AS right_, bool_or(fails_) AS "
            f"fails_, bool_or(coalesce(where_, 0) <> 0) AS asked FROM {rows} WHERE of_ IS NOT NULL GROUP BY of_)"
        )
        each = f"(SELECT * FROM {each} WHERE asked AND NOT fails_)"
    else:
        each = (
            "(SELECT '' AS of_, 1 AS number_, coalesce(sum(left_) FILTER (NOT fails_), 0) AS left_, "
            f"coalesce(sum(right_) FILTER (NOT fails_), 0) AS right_, coalesce(bool_or(fails_), false) AS fails_ "
            f"FROM {rows})"
        )
    [(cases, seen, left, right, first, aside)] = engine.execute(
        f"SELECT count(*) FILTER ({odd}), count(*), sum(left_) FILTER ({odd}), sum(right_) FILTER ({odd}), "
        f"arg_min([of_, CAST(left_ AS VARCHAR), CAST(right_ AS VARCHAR)], number_) FILTER ({odd}), "
        f"bool_or(fails_) FROM {each}"
    ).fetchall()
    if not cases:
        return None
    names, others = " + ".join(promise.sum), " + ".join(promise.equals)
    if promise.kind == "never_equal":
        said = f"{names} is {others}"
    elif promise.kind == "zero":
        said = f"{names} is {_shown(left)}"
    else:
        said = f"{names} is {_shown(left)} and {others} is {_shown(right)}"
    if promise.within:
        of, a, b = first
        one = f"{_shown(a)}" if promise.kind == "zero" else f"{_shown(a)} and {_shown(b)}"
        said += f" in {cases:,} of {seen:,} by {promise.within} (first: {of}: {one})"
        return BrokenPromise(f"{said}.", False, cases, of, left, right)
    more = ", over the rows that could be read" if aside else ""
    return BrokenPromise(f"{said}{more}.", bool(aside), cases, "", left, right)


def _once(question: _Question, relation: str, engine: duckdb.DuckDBPyConnection) -> BrokenPromise | None:
    [(cases, rows, first)] = engine.execute(
        "SELECT count(*), sum(rows_), arg_min(of_, number_) FROM (SELECT of_, count(*) AS rows_, min(number_) AS "
        f"number_ FROM {question.rows(relation)} WHERE of_ IS NOT NULL GROUP BY of_ HAVING count(*) > 1)"
    ).fetchall()
    if not cases:
        return None
    said = f"{cases:,} values of {question.promise.column} stand on {int(rows):,} rows (first: {first})."
    return BrokenPromise(said, False, cases, first)


def _credits(question: _Question, relation: str, engine: duckdb.DuckDBPyConnection) -> BrokenPromise | None:
    [(cases, above)] = engine.execute(
        f"SELECT count(*), sum(amount_) FROM {question.rows(relation)} "
        "WHERE document_ = 'credit' AND amount_ > 0 AND NOT fails_"
    ).fetchall()
    if not cases:
        return None
    said = f"{cases:,} rows of credit notes have {_shown(above)} above zero in {question.promise.column}."
    return BrokenPromise(said, False, cases, "", above)


def _one_family(question: _Question, relation: str, engine: duckdb.DuckDBPyConnection) -> BrokenPromise | None:
    counted = engine.execute(
        f"SELECT document_, count(*) FROM {question.rows(relation)} "
        "WHERE document_ IN ('order', 'delivery', 'invoice') AND NOT fails_ GROUP BY 1 ORDER BY 1"
    ).fetchall()
    if len(counted) < 2:
        return None
    kinds = ", ".join(f"{kind}: {rows:,} rows" for kind, rows in counted)
    return BrokenPromise(f"several kinds of documents are in it ({kinds}).", False, sum(rows for _, rows in counted))


def _not_repeated(question: _Question, relation: str, engine: duckdb.DuckDBPyConnection) -> BrokenPromise | None:
    [(seen, same, amounts, first)] = engine.execute(
        "SELECT count(*), count(*) FILTER (low = high), count(DISTINCT low), arg_min(of_, number_) FROM (SELECT of_, "
        f"min(number_) AS number_, min(amount_) AS low, max(amount_) AS high FROM {question.rows(relation)} "
        "WHERE of_ IS NOT NULL AND NOT fails_ GROUP BY of_ HAVING count(*) > 1 AND max(amount_) <> 0)"
    ).fetchall()
    if seen < DOCUMENTS or same < seen or amounts < AMOUNTS:
        return None
    said = f"each of the {seen:,} documents of several lines has one {question.promise.column} on all of them"
    return BrokenPromise(f"{said} (first: {first}).", False, seen, first)


_ANSWERS = {
    "equal": _sums,
    "never_equal": _sums,
    "zero": _sums,
    "once": _once,
    "credits": _credits,
    "one_family": _one_family,
    "not_repeated": _not_repeated,
}


def _shown(amount: Decimal | str) -> str:
    """An amount in full, without the zeros behind that only its type has."""
    value = Decimal(amount)
    cents = value.quantize(Decimal("0.01"))
    return f"{cents:,}" if cents == value else f"{value.normalize():f}"
