"""Casting: from what stands in the file to a canonical type, exactly, or not at all.

Everything here is SQL text for DuckDB: a value that is NULL where the raw one cannot be read, and the code
of the reason, which is asked for only about the rows that failed.
"""

import re
from dataclasses import dataclass, field

from perfkit.sources.files import quoted
from perfkit.sources.settings import Format

SPACES = " \N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}\N{THIN SPACE}"
NUMERIC = ("money", "quantity", "share", "number", "integer")
EXACT = "DECIMAL(38, 12)"
"""In which amounts of quarantined rows are summed: nothing that is read is rounded."""


@dataclass(frozen=True)
class Reading:
    """SQL for one raw value read as one type.

    Attributes
    ----------
    value : str
        The typed value; NULL where it is missing or cannot be read.
    missing : str
        Whether the raw value is missing.
    reason : str
        Code of why it cannot be read; asked for only where `value` is NULL and not `missing`.
    exact : str
        For numbers, the value without the limit of decimals.
    prepared : dict
        Columns to compute first, by alias; the other fields use them. DuckDB would compute them each time.
    """

    value: str
    missing: str
    reason: str
    exact: str = "NULL"
    prepared: dict[str, str] = field(default_factory=dict)


def reading(raw: str, kind: str, type_: str, form: Format, *, scale: int = 4) -> Reading | None:
    """Return how a raw column is read as a canonical type; None where its kind cannot be.

    Parameters
    ----------
    raw : str
        SQL of the raw value.
    kind : str
        What it is in the source: "text", "integer", "decimal", "float32", "float64", "date", "timestamp", "boolean".
    type_ : str
        A canonical type.
    form : Format
        How text is written.
    scale : int
        Decimals that a money or quantity may have.
    """
    if type_ in ("id", "text"):
        return _words(raw, kind)
    if type_ in NUMERIC:
        return _number(raw, kind, type_, form, scale)
    if type_ in ("date", "timestamp"):
        return _day(raw, kind, type_, form)
    return _boolean(raw, kind)


def _words(raw: str, kind: str) -> Reading:
    """Ids and texts: byte for byte, and numbers only where they are whole."""
    missing = f"{raw} IS NULL"
    if kind == "text":
        return Reading(raw, missing, "NULL")
    if kind in ("float32", "float64"):
        missing = f"({raw} IS NULL OR isnan({raw}))"
        whole = f"isfinite({raw}) AND {raw} = trunc({raw}) AND abs({raw}) < 9007199254740992"
        return Reading(f"CASE WHEN {whole} THEN CAST(CAST({raw} AS BIGINT) AS VARCHAR) END", missing, "'id not whole'")
    if kind == "decimal":
        whole = f"{raw} = trunc({raw})"
        return Reading(
            f"CASE WHEN {whole} THEN CAST(CAST({raw} AS DECIMAL(38, 0)) AS VARCHAR) END", missing, "'id not whole'"
        )
    return Reading(f"CAST({raw} AS VARCHAR)", missing, "NULL")


def _number(raw: str, kind: str, type_: str, form: Format, scale: int) -> Reading | None:
    exact_type = f"DECIMAL(18, {scale})"
    limited = type_ in ("money", "quantity")
    prepared: dict[str, str] = {}
    if kind == "text":
        plain = raw
        if form.thousands or form.decimal != ".":
            plain, prepared = f"{raw}_plain", {f"{raw}_plain": _plain(raw, form)}
        exact = f"CASE WHEN {_not_plain(plain)} THEN NULL ELSE try_cast({plain} AS {EXACT}) END"
        value = _limited(plain, exact_type, scale)
        reason = (
            f"CASE WHEN lower(trim({raw})) IN ('nan', 'inf', '+inf', '-inf', 'infinity', '+infinity', '-infinity') "
            f"THEN 'not finite' WHEN ({exact}) IS NOT NULL AND abs({exact}) < 1e{18 - scale} "
            f"THEN 'too many decimals' WHEN NOT ({_not_plain(plain)}) AND try_cast({plain} AS DOUBLE) IS NOT NULL "
            "THEN 'too large' ELSE 'not a number' END"
        )
        if not limited:
            value = f"CASE WHEN ({exact}) IS NOT NULL THEN try_cast({plain} AS DOUBLE) END"
    elif kind in ("integer", "decimal"):
        exact = f"try_cast({raw} AS {EXACT})"
        value = f"CASE WHEN try_cast({raw} AS {exact_type}) = {raw} THEN try_cast({raw} AS {exact_type}) END"
        reason = f"CASE WHEN abs({raw}) < 1e{18 - scale} THEN 'too many decimals' ELSE 'too large' END"
        if not limited:
            value = f"CAST({raw} AS DOUBLE)"
    elif kind in ("float32", "float64") and not (limited and kind == "float32"):
        nearest = f"try_cast({raw} AS {exact_type})"
        value = f"CASE WHEN isfinite({raw}) AND CAST({nearest} AS DOUBLE) = {raw} THEN {nearest} END"
        exact = f"CAST({value} AS {EXACT})"
        reason = (
            f"CASE WHEN NOT isfinite({raw}) THEN 'not finite' WHEN abs({raw}) < 1e{18 - scale} "
            "THEN 'too many decimals' ELSE 'too large' END"
        )
        if not limited:
            value = f"CASE WHEN isfinite({raw}) THEN CAST({raw} AS DOUBLE) END"
    else:
        return None
    if type_ == "integer":
        whole = f"({value}) = trunc({value}) AND abs({value}) < 9007199254740992"
        reason = f"CASE WHEN ({value}) IS NOT NULL THEN 'not whole' ELSE {reason} END"
        value = f"CASE WHEN {whole} THEN CAST({value} AS BIGINT) END"
    return Reading(value, f"{raw} IS NULL", reason, exact, prepared)


def _plain(raw: str, form: Format) -> str:
    """SQL of a number's text with a point for its decimals and nothing between its thousands; NULL if misgrouped."""
    plain = raw
    if form.thousands:
        signs = SPACES if form.thousands in SPACES else form.thousands
        any_of = f"[{re.escape(signs)}]"
        trimmed = f"trim({raw}, {quoted(SPACES)})"
        grouped = f"[+-]?[0-9]{{1,3}}({any_of}[0-9]{{3}})+({re.escape(form.decimal)}[0-9]*)?"
        holds = " OR ".join(f"contains({trimmed}, {quoted(sign)})" for sign in signs)
        joined = f"translate({trimmed}, {quoted(signs)}, '')"
        ungrouped = f"CASE WHEN regexp_full_match({trimmed}, {quoted(grouped)}) THEN {joined} END"
        plain = f"CASE WHEN {holds} THEN {ungrouped} ELSE {trimmed} END"
    if form.decimal == ",":
        plain = f"CASE WHEN contains({plain}, '.') THEN NULL ELSE replace({plain}, ',', '.') END"
    return plain


def _not_plain(plain: str) -> str:
    """What DuckDB would take for a number and a ledger would not: 1e3 (Excel's loss of digits) and 1_000."""
    return f"contains({plain}, 'e') OR contains({plain}, 'E') OR contains({plain}, '_')"


def _limited(plain: str, type_: str, scale: int) -> str:
    """Cast a plain text to a decimal type only if it loses nothing: DuckDB alone would round."""
    point, short = f"instr({plain}, '.')", f"rtrim(rtrim({plain}), '0')"
    return (
        f"CASE WHEN {_not_plain(plain)} THEN NULL "
        f"WHEN {point} > 0 AND length({plain}) - {point} > {scale} THEN "
        f"CASE WHEN length({short}) - {point} <= {scale} AND NOT ends_with({short}, ' ') "
        f"THEN try_cast({short} AS {type_}) END "
        f"ELSE try_cast({plain} AS {type_}) END"
    )


def _day(raw: str, kind: str, type_: str, form: Format) -> Reading | None:
    stored = "DATE" if type_ == "date" else "TIMESTAMP"
    prepared: dict[str, str] = {}
    reason = "'not a plausible date'"
    if kind == "text":
        shape = form.date if type_ == "date" else form.timestamp or form.date
        parsed = f"{raw}_{type_}"
        prepared[parsed] = f"try_strptime({raw}, {quoted(shape)})"
        if width := _fixed_width(shape):
            prepared[parsed] = f"CASE WHEN length(trim({raw})) = {width} THEN {prepared[parsed]} END"
        reason = f"CASE WHEN {parsed} IS NULL THEN 'not a date' ELSE {reason} END"
        # DuckDB reads "epoch" and "infinity" as the first of 1900, whatever the format
        more = f" AND (CAST({parsed} AS DATE) <> DATE '1900-01-01' OR contains({raw}, '1900'))"
    elif kind in ("date", "timestamp"):
        parsed, more = raw, ""
    else:
        return None
    plausible = f"CAST({parsed} AS DATE) BETWEEN DATE '1900-01-01' AND DATE '2199-12-31'{more}"
    value = f"CASE WHEN {plausible} THEN CAST({parsed} AS {stored}) END"
    return Reading(value, f"{raw} IS NULL", reason, prepared=prepared)


def _fixed_width(shape: str) -> int:
    """Characters of a date whose parts touch, such as %Y%m%d: fewer would be read too; 0 where parts are apart."""
    if not re.search(r"%[YymdHMS]%[YymdHMS]", shape):
        return 0
    return len(re.sub(r"%[ymdHMS]", "00", shape.replace("%Y", "0000")))


def _boolean(raw: str, kind: str) -> Reading | None:
    if kind == "boolean":
        return Reading(raw, f"{raw} IS NULL", "NULL")
    if kind not in ("text", "integer"):
        return None
    word = f"lower(trim(CAST({raw} AS VARCHAR)))"
    value = f"CASE WHEN {word} IN ('true', 'yes', '1') THEN true WHEN {word} IN ('false', 'no', '0') THEN false END"
    return Reading(value, f"{raw} IS NULL", "'not yes or no'")
