"""Casting: from what stands in the file to a canonical type, exactly, or not at all.

Everything here is SQL text for DuckDB: a value that is NULL where the raw one cannot be read, and the code
of the reason, which is asked for only about the rows that failed.
"""

from dataclasses import dataclass, field, replace

from perfkit.sources.files import quoted
from perfkit.sources.values import days
from perfkit.sources.values.writings import SPACES, Writing, both_ways, foreign, number, undecorated

NUMERIC = ("money", "quantity", "share", "number", "integer")
EXACT = "DECIMAL(38, 12)"
"""In which amounts of quarantined rows are summed: nothing that is read is rounded."""

TYPED = "\x01"
"""First character of a workbook's cell that is no text; a letter says what it is, see `Source.kinds`."""

YES = ("true", "yes", "1", "vrai", "oui", "o", "y")
NO = ("false", "no", "0", "faux", "non", "n")


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


def reading(raw: str, kind: str, type_: str, form: Writing, *, scale: int = 4) -> Reading | None:
    """Return how a raw column is read as a canonical type; None where its kind cannot be.

    Parameters
    ----------
    raw : str
        SQL of the raw value.
    kind : str
        What it is in the source: "text", "cell", "integer", "decimal", "float32", "float64", "date", "timestamp",
        "boolean".
    type_ : str
        A canonical type.
    form : Writing
        How the column is written.
    scale : int
        Decimals that a money or quantity may have.
    """
    if type_ in ("id", "text"):
        return _words(raw, kind, type_)
    if type_ in NUMERIC:
        return _number(raw, kind, type_, form, scale)
    if type_ in ("date", "timestamp"):
        return _day(raw, kind, type_, form)
    return _boolean(raw, kind)


def _words(raw: str, kind: str, type_: str) -> Reading:
    """Ids and texts: byte for byte, and numbers only where they are whole."""
    missing = f"{raw} IS NULL"
    if kind == "text":
        return Reading(raw, missing, "NULL")
    if kind == "cell":
        return _cell_words(raw, type_)
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


def _cell_words(raw: str, type_: str) -> Reading:
    """A workbook's ids and texts; an id that is a number is whole and short enough for a workbook to have kept it."""
    said, mark = f"substr({raw}, 3)", f"left({raw}, 2)"
    digits = said
    if type_ == "id":
        digits = f"CASE WHEN regexp_full_match({said}, '-?[0-9]{{1,15}}([.]0*)?') THEN split_part({said}, '.', 1) END"
    value = (
        f"CASE WHEN NOT starts_with({raw}, {quoted(TYPED)}) THEN {raw} ELSE CASE {mark} "
        f"WHEN {_mark('n')} THEN {digits} WHEN {_mark('d')} THEN regexp_replace({said}, '[T ]00:00:00([.]0*)?$', '') "
        f"WHEN {_mark('b')} THEN {said} END END"
    )
    long = f"CASE WHEN regexp_full_match({said}, '-?[0-9]{{16,}}') THEN 'id too long' ELSE 'id not whole' END"
    return Reading(value, f"{raw} IS NULL", _untyped(raw, long))


def _mark(letter: str) -> str:
    return quoted(TYPED + letter)


def _untyped(raw: str, reason: str) -> str:
    """SQL of a reason, a workbook's errors and unreckoned formulas coming before it."""
    return (
        f"CASE left({raw}, 2) WHEN {_mark('e')} THEN 'error cell' WHEN {_mark('f')} THEN 'formula without a value' "
        f"ELSE {reason} END"
    )


def _number(raw: str, kind: str, type_: str, form: Writing, scale: int) -> Reading | None:
    if kind in ("text", "cell"):
        read = _written_number(raw, kind, type_, form, scale)
    elif kind in ("integer", "decimal", "float32", "float64") and not (
        kind == "float32" and type_ in ("money", "quantity")
    ):
        read = _stored_number(raw, kind, type_, scale)
    else:
        return None
    return _whole(read) if type_ == "integer" else read


def _whole(read: Reading) -> Reading:
    whole = f"({read.value}) = trunc({read.value}) AND abs({read.value}) < 9007199254740992"
    reason = f"CASE WHEN ({read.value}) IS NOT NULL THEN 'not whole' ELSE {read.reason} END"
    return replace(read, value=f"CASE WHEN {whole} THEN CAST({read.value} AS BIGINT) END", reason=reason)


def _stored_number(raw: str, kind: str, type_: str, scale: int) -> Reading:
    """A number of a type of its own."""
    exact_type, limited = f"DECIMAL(18, {scale})", type_ in ("money", "quantity")
    if kind in ("integer", "decimal"):
        exact = f"try_cast({raw} AS {EXACT})"
        value = f"CASE WHEN try_cast({raw} AS {exact_type}) = {raw} THEN try_cast({raw} AS {exact_type}) END"
        reason = f"CASE WHEN abs({raw}) < 1e{18 - scale} THEN 'too many decimals' ELSE 'too large' END"
        return Reading(value if limited else f"CAST({raw} AS DOUBLE)", f"{raw} IS NULL", reason, exact)
    nearest = f"try_cast({raw} AS {exact_type})"
    value = f"CASE WHEN isfinite({raw}) AND CAST({nearest} AS DOUBLE) = {raw} THEN {nearest} END"
    exact = f"CAST({value} AS {EXACT})"
    reason = (
        f"CASE WHEN NOT isfinite({raw}) THEN 'not finite' WHEN abs({raw}) < 1e{18 - scale} "
        "THEN 'too many decimals' ELSE 'too large' END"
    )
    if not limited:
        value = f"CASE WHEN isfinite({raw}) THEN CAST({raw} AS DOUBLE) END"
    return Reading(value, f"{raw} IS NULL", reason, exact)


def _written_number(raw: str, kind: str, type_: str, form: Writing, scale: int) -> Reading:
    """A number in text, or in a workbook's cell."""
    plain, prepared = raw, {}
    sql = number(raw, form, type_)
    if kind == "cell":
        sql = f"CASE WHEN NOT starts_with({raw}, {quoted(TYPED)}) THEN {sql} WHEN starts_with({raw}, {_mark('n')}) "
        sql += f"THEN substr({raw}, 3) END"
    if sql != raw:
        use = {"share": "part", "quantity": "count", "integer": "count"}.get(type_, "plain")
        plain = f"{raw}_{use}"
        prepared = {plain: sql}
    exact = f"CASE WHEN {_not_plain(plain)} THEN NULL ELSE try_cast({plain} AS {EXACT}) END"
    if type_ == "share":
        value = _share(raw, plain, exact, form)
    elif type_ in ("money", "quantity"):
        value = _limited(plain, f"DECIMAL(18, {scale})", scale)
    else:
        value = f"CASE WHEN ({exact}) IS NOT NULL THEN try_cast({plain} AS DOUBLE) END"
    reason = _why_no_number(raw, plain, exact, type_, form, scale)
    if kind == "cell":
        reason = _untyped(raw, reason)
    return Reading(value, f"{raw} IS NULL", reason, exact, prepared)


def _share(raw: str, plain: str, exact: str, form: Writing) -> str:
    """SQL of a share, percent turned into a part of one; one cell without its sign among others with it is doubtful."""
    percent = "true" if form.percent else f"contains({raw}, '%')"
    text = f"trim({plain})"
    if form.percent or form.marked:
        text = f"{text} || CASE WHEN {percent} THEN 'e-2' ELSE '' END"
    doubtful = f" AND ({percent} OR ({exact}) = 0)" if form.marked and not form.percent else ""
    return f"CASE WHEN ({exact}) IS NOT NULL{doubtful} THEN try_cast({text} AS DOUBLE) END"


def _why_no_number(raw: str, plain: str, exact: str, type_: str, form: Writing, scale: int) -> str:
    cases = {
        f"lower(trim({raw})) IN ('nan', 'inf', '+inf', '-inf', 'infinity', '+infinity', '-infinity')": "not finite",
    }
    if form.marked and type_ == "share":
        cases[f"({exact}) IS NOT NULL"] = "ambiguous"
    cases[f"({exact}) IS NOT NULL AND abs({exact}) < 1e{18 - scale}"] = "too many decimals"
    cases[f"regexp_full_match({plain}, ' *[-+]?[0-9]+[.]?[0-9]* *')"] = "too large"
    if form.contested:
        cases[both_ways(undecorated(raw, form, type_) if form.decorated else raw)] = "ambiguous"
    cases[f"regexp_matches({raw}, {quoted(foreign(form.currency))}, 'i')"] = "other currency"
    said = "".join(f" WHEN {case} THEN {quoted(code)}" for case, code in cases.items())
    return f"CASE{said} ELSE 'not a number' END"


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


def _day(raw: str, kind: str, type_: str, form: Writing) -> Reading | None:
    stored = "DATE" if type_ == "date" else "TIMESTAMP"
    prepared: dict[str, str] = {}
    reason, more = "'not a plausible date'", ""
    if kind in ("text", "cell"):
        names = form.date if type_ == "date" else form.timestamp
        parsed = f"{raw}_{type_}"
        prepared[parsed] = days.moment(raw, names, timezone=form.timezone, padded=form.padded)
        if kind == "cell":
            prepared[parsed] = _cell_day(raw, names, form)
        reason = f"CASE WHEN {parsed} IS NULL THEN 'not a date' ELSE {reason} END"
        reason = _untyped(raw, reason) if kind == "cell" else reason
        if names[0] not in days.EPOCHS:
            # DuckDB reads "epoch" and "infinity" as days, the first of 1900 or of 1970, whatever the format
            words = "DATE '1900-01-01', DATE '1970-01-01'"
            more = f" AND (CAST({parsed} AS DATE) NOT IN ({words}) OR regexp_matches({raw}, '[0-9]'))"
    elif kind in ("date", "timestamp"):
        parsed = raw
    else:
        return None
    plausible = f"CAST({parsed} AS DATE) BETWEEN DATE '{days.EARLIEST}' AND DATE '{days.LATEST}'{more}"
    value = f"CASE WHEN {plausible} THEN CAST({parsed} AS {stored}) END"
    return Reading(value, f"{raw} IS NULL", reason, prepared=prepared)


def _cell_day(raw: str, names: tuple[str, ...], form: Writing) -> str:
    """SQL of the time in a workbook's cell: its own, or a serial number where they are declared, or a text's."""
    text = days.moment(raw, names, timezone=form.timezone, padded=form.padded)
    serial = ""
    if names[0] in days.EPOCHS:
        serial = f" WHEN {_mark('n')} THEN {days.moment(f'substr({raw}, 3)', names, timezone=form.timezone)}"
    return (
        f"CASE WHEN NOT starts_with({raw}, {quoted(TYPED)}) THEN {text} ELSE CASE left({raw}, 2) "
        f"WHEN {_mark('d')} THEN try_cast(substr({raw}, 3) AS TIMESTAMP){serial} END END"
    )


def _boolean(raw: str, kind: str) -> Reading | None:
    if kind == "boolean":
        return Reading(raw, f"{raw} IS NULL", "NULL")
    if kind not in ("text", "cell", "integer"):
        return None
    said = f"CAST({raw} AS VARCHAR)"
    reason = "'not yes or no'"
    if kind == "cell":
        said = f"CASE WHEN left({raw}, 2) IN ({_mark('b')}, {_mark('n')}) THEN substr({raw}, 3) ELSE {raw} END"
        reason = _untyped(raw, reason)
    word = f"lower(strip_accents(trim({said}, {quoted(SPACES)})))"
    value = f"CASE WHEN {word} IN ({_list(YES)}) THEN true WHEN {word} IN ({_list(NO)}) THEN false END"
    return Reading(value, f"{raw} IS NULL", reason)


def _list(words: tuple[str, ...]) -> str:
    return ", ".join(map(quoted, words))
