"""Exclusions: the declared rules that leave rows out, as SQL."""

from decimal import Decimal

import duckdb

from perfkit.errors import ParameterError, unknown
from perfkit.schema import Table
from perfkit.sources import engines
from perfkit.sources.columns import Source, Target, require
from perfkit.sources.files import quoted
from perfkit.sources.settings import Exclusion, Scalar, TableSettings
from perfkit.sources.values.casting import NUMERIC, Reading, reading


def conditions(declared: Table, settings: TableSettings, source: Source, targets: list[Target]) -> list[str]:
    """Return one SQL condition a rule: whether it leaves a row out.

    Raises
    ------
    ParameterError
        If a rule names a column that neither the file nor the table has, or a pattern that is none.
    """
    where = f"[tables.{declared.name}] exclude number"
    return [
        f"coalesce({_condition(rule, f'{where} {number}', settings, source, targets)}, false)"
        for number, rule in enumerate(settings.exclude, 1)
    ]


def _condition(rule: Exclusion, where: str, settings: TableSettings, source: Source, targets: list[Target]) -> str:
    target = next((each for each in targets if each.name == rule.column), None)
    if rule.column in source.names:
        require(source, rule.column, because=where)
        raw, kind = source.raw(rule.column), source.kind(rule.column)
        words = reading(raw, kind, "text", source.writing(rule.column))
        number = reading(raw, kind, "money", source.writing(rule.column), scale=6)
        text, missing = (words.value, words.missing) if words else (raw, f"{raw} IS NULL")
        amount = _inlined(number) if number else None
    elif target:
        text, missing = f"CAST({target.alias} AS VARCHAR)", f"{target.alias} IS NULL"
        amount = target.alias if target.type in NUMERIC else None
    elif rule.optional:
        return "false"
    else:
        known = dict.fromkeys((*source.names, *(each.name for each in targets)))
        raise ParameterError(f"{source.file}: {unknown('column', rule.column, known)} {where} names it.")
    if rule.missing:
        return missing
    words_only = amount is None or rule.column in source.names
    if rule.starts_with is not None:
        return f"starts_with({text}, {quoted(rule.starts_with)})"
    if rule.matches is not None:
        _refuse_bad_pattern(rule.matches, where)
        return f"regexp_matches({text}, {quoted(rule.matches)})"
    values = rule.among if rule.among is not None else (rule.equals,)
    return (
        "("
        + " OR ".join(
            _equals(text, amount, value if words_only else _as_number(value), where)
            for value in values
            if value is not None
        )
        + ")"
    )


def _as_number(value: Scalar) -> Scalar:
    """A canonical amount is compared as a number however the rule writes it."""
    try:
        return float(value)
    except ValueError:
        return value


def _inlined(number: Reading) -> str:
    """SQL of an amount without the aliases that only targets prepare."""
    sql = number.exact
    for alias, prepared in number.prepared.items():
        sql = sql.replace(alias, f"({prepared})")
    return sql


def _equals(text: str, amount: str | None, value: Scalar, where: str) -> str:
    """Compare numbers as numbers and words as words: 0 is 0.00, "007" is not 7."""
    if isinstance(value, bool):
        return f"lower({text}) = {quoted(str(value).lower())}"
    if isinstance(value, str):
        return f"{text} = {quoted(value)}"
    if amount is None:
        raise ParameterError(f'{where}: {value!r} is a number, its column holds none. Write it as text: "{value}".')
    return f"({amount}) = CAST({quoted(format(Decimal(str(value)), 'f'))} AS DECIMAL(38, 12))"


def _refuse_bad_pattern(pattern: str, where: str) -> None:
    try:
        with engines.locked() as engine:
            engine.execute("SELECT regexp_matches('', ?)", [pattern])
    except duckdb.Error as error:
        said = str(error).splitlines()[0].partition(": ")[2]
        raise ParameterError(f"{where}: matches = {pattern!r} is not a pattern: {said}.") from None
