"""Columns: how each canonical column is made from a file's own columns, as SQL, and what makes a row fail."""

from collections.abc import Mapping as Dictionary
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from perfkit.errors import DataError, ParameterError, nearest, unknown
from perfkit.schema import Column, Table
from perfkit.sources.doubtful import refuse_doubtful
from perfkit.sources.faults import Faults, collected, refuse
from perfkit.sources.files import quoted
from perfkit.sources.names import found
from perfkit.sources.settings import Mapping, Scalar, TableSettings
from perfkit.sources.values.casting import EXACT, NUMERIC, Reading, reading
from perfkit.sources.values.writings import Writing, own_signs

STORED = {
    "id": "VARCHAR",
    "text": "VARCHAR",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "money": "DECIMAL(18, 4)",
    "quantity": "DECIMAL(18, 4)",
    "share": "DOUBLE",
    "number": "DOUBLE",
    "integer": "BIGINT",
    "boolean": "BOOLEAN",
}
"""The DuckDB type in which each canonical type is stored."""


@dataclass(frozen=True)
class Source:
    """A file's own columns: names as its header gives them, what each holds, and how its texts are written."""

    file: str
    names: tuple[str, ...]
    kinds: tuple[str, ...]
    writings: dict[str, Writing] = field(default_factory=dict)

    def writing(self, name: str) -> Writing:
        """How a column of text is written."""
        return self.writings.get(name, Writing())

    def raw(self, name: str) -> str:
        """SQL of a column; columns are numbered, so that no name can do harm."""
        return f"c{self.names.index(name)}"

    def kind(self, name: str) -> str:
        """What a column holds: "text" ..., see `casting.reading`."""
        return self.kinds[self.names.index(name)]


@dataclass(frozen=True)
class Check:
    """One way in which a row fails: on which source column, for which reason (SQL of a code, NULL where it holds)."""

    column: str
    raw: str
    reason: str


@dataclass(frozen=True)
class Target:
    """One canonical column of a table, made from one file; each step's SQL uses the aliases of the steps before.

    Attributes
    ----------
    name, type : str
    sources : tuple of str
        The source columns it reads.
    prepared, parts : dict
        SQL by alias: raw text made plain, then each source column typed.
    alias, value : str
        SQL of its typed value, and how the next steps call it.
    fails : str
        SQL: whether the row cannot be accepted because of it.
    exact : str
        SQL of the amount, for money and quantity: known even where it has too many decimals to be stored.
    unreadable : str
        SQL: whether there is an amount that cannot be read, or a required one is missing.
    checks : tuple of Check
    foreign : str
        SQL: whether it says that the amounts of the row are in another currency, or in none that is known.
    """

    name: str
    type: str
    sources: tuple[str, ...]
    prepared: dict[str, str]
    parts: dict[str, str]
    alias: str
    value: str
    fails: str
    exact: str
    unreadable: str
    checks: tuple[Check, ...]
    foreign: str = "false"


def foreign(targets: Sequence[Target]) -> str:
    """Return SQL of whether a row's amounts are in another currency than the company's, so that no sum takes them."""
    said = dict.fromkeys(f"({target.foreign})" for target in targets if target.foreign != "false")
    return " OR ".join(said) or "false"


def steps(source: str, targets: Sequence[Target]) -> str:
    """Return SQL of a source with every alias of the targets beside its own columns."""
    for layer in (
        {alias: sql for target in targets for alias, sql in target.prepared.items()},
        {alias: sql for target in targets for alias, sql in target.parts.items()},
        {target.alias: target.value for target in targets},
    ):
        added = "".join(f", {sql} AS {alias}" for alias, sql in layer.items())
        source = f"(SELECT *{added} FROM {source})"
    return source


def wanted(declared: Table, settings: TableSettings) -> tuple[tuple[str, ...], ...]:
    """Return the headings by which a header is known: each as the names it may have."""
    if not settings.columns:
        return tuple((name,) for name in declared.required)
    names: dict[tuple[str, ...], None] = {}
    for mapping in settings.columns.values():
        if mapping.optional:
            continue
        if mapping.how == "any_of":
            names[mapping.sources] = None
        else:
            names |= dict.fromkeys((name,) for name in mapping.sources)
    return tuple(names)


def resolved(declared: Table, settings: TableSettings, source: Source) -> dict[str, Mapping | None]:
    """Return what each canonical column is made of in one file; None where it lacks an optional one.

    Raises
    ------
    DataError
        If the file has not a column that the settings name.
    ParameterError
        If the settings leave out a column that the table cannot do without.
    """
    mapped: dict[str, Mapping] = settings.columns
    if not mapped:
        mapped = {name: Mapping(column=name) for name in declared.names if name in source.names}
    where = f"[tables.{declared.name}.columns]"
    faults: Faults = [
        _unmapped(declared, column, settings, source, where)
        for column in declared.columns
        if column.required and column.name not in mapped
    ]
    known = {column.name: column for column in declared.columns}
    ordered = [name for name in known if name in mapped] + [name for name in mapped if name not in known]
    made: dict[str, Mapping | None] = {}
    for name in ordered:
        with collected(faults):
            made[name] = _resolved(mapped[name], known.get(name), source, f"{where} {name}")
    refuse(faults)
    return made


def _resolved(mapping: Mapping, column: Column | None, source: Source, where: str) -> Mapping | None:
    why = column.why if column else "The company keeps it."
    if mapping.how == "value":
        return mapping
    less = [require(source, found(each, source.names) or each, because=where) for each in mapping.less]
    if mapping.how == "any_of":
        named_ = [next((name for each in mapping.sources if (name := found(each, source.names))), None)]
    else:
        named_ = [found(each, source.names) for each in mapping.sources]
    if mapping.optional and None in named_:
        return None
    if mapping.how == "any_of" and None in named_:
        choice = " or ".join(repr(each) for each in mapping.sources)
        has = f"It has: {', '.join(source.names)}."
        raise DataError(f"{source.file}: no column {choice}. {where} needs one of them. {why} {has}")
    names = [
        require(source, name or asked, because=where, why=why)
        for name, asked in zip(named_, mapping.sources, strict=False)
    ]
    credits = mapping.credits
    if credits:
        told = require(source, found(credits.column, source.names) or credits.column, because=where)
        credits = credits.model_copy(update={"column": told})
    return mapping.model_copy(update={"less": tuple(less), "credits": credits}).on(*names)


def types(declared: Table, mapped: Dictionary[str, Mapping | None]) -> dict[str, set[str]]:
    """Return by source column the types that it is read as."""
    known = {column.name: column.type for column in declared.columns}
    read: dict[str, set[str]] = {}
    for name, mapping in mapped.items():
        if mapping is not None:
            for source in mapping.sources:
                read.setdefault(source, set()).add(_read_as(known.get(name, "text"), mapping))
            for source in mapping.less:
                read.setdefault(source, set()).add("money")
            if mapping.credits:
                read.setdefault(mapping.credits.column, set()).add("text")
    return read


def _read_as(type_: str, mapping: Mapping) -> str:
    """The type in which a mapping reads its source columns."""
    return "money" if mapping.how in ("multiply", "add", "subtract") or mapping.less or mapping.times else type_


def plan(declared: Table, mapped: Dictionary[str, Mapping | None], source: Source, *, currency: str) -> list[Target]:
    """Return the canonical columns that are made from a file, in the order of `mapped`, see `resolved`.

    Raises
    ------
    DataError
        If a source column holds another type, or a heading tells that its amounts are not what is asked for.
    ParameterError
        If the settings ask the impossible.
    """
    known = {column.name: column for column in declared.columns}
    targets: list[Target] = []
    faults: Faults = []
    for number, (name, mapping) in enumerate(mapped.items()):
        column = known.get(name) or Column(name, "text", "The company keeps it.")
        where = f"[tables.{declared.name}.columns] {name}"
        alias = f"v{number}"
        if mapping is None:
            targets.append(_checked(column, [], f"CAST(NULL AS {STORED[column.type]})", alias, "true", currency))
        else:
            with collected(faults):
                targets.append(_target(column, mapping, source, currency, where, alias))
    refuse(faults)
    return targets


def require(source: Source, name: str, *, because: str, why: str = "") -> str:
    """Return the name, or refuse a file that has not such a column, or has it twice."""
    if name not in source.names:
        raise DataError(f"{source.file}: {unknown('column', name, source.names)} {because} needs it. {why}".strip())
    if source.names.count(name) > 1:
        raise DataError(
            f"{source.file}: {source.names.count(name)} columns are called {name!r}, so it is not known which one "
            f"{because} means. Rename one in the export."
        )
    return name


def _unmapped(
    declared: Table, column: Column, settings: TableSettings, source: Source, where: str
) -> DataError | ParameterError:
    if settings.columns:
        guess = nearest(column.name, settings.columns)
        meant = f" Did you mean it by {guess!r}?" if guess and guess not in declared.names else ""
        return ParameterError(
            f"{where}: {column.name} is not mapped.{meant} {column.why} "
            f'Write: {column.name} = "..." with one of: {", ".join(source.names)}.'
        )
    guess = nearest(column.name, source.names)
    return DataError(
        f"{source.file}: no column {column.name!r}. {column.why} It has: {', '.join(source.names)}. "
        f'Say which it is: {where} {column.name} = "{guess or "..."}"'
    )


def _target(column: Column, mapping: Mapping, source: Source, currency: str, where: str, alias: str) -> Target:
    if mapping.how == "value":
        return _checked(column, [], _constant(column, mapping.value, where), alias, "false", currency)
    _refuse_odd_mixes(column, mapping, where)
    refuse_doubtful(column, mapping, source.file, currency, where)
    type_ = _read_as(column.type, mapping)
    names = (*mapping.sources, *mapping.less)
    fine = mapping.how == "multiply" or mapping.times is not None
    parts = []
    for number, name in enumerate(names):
        raw, kind = source.raw(name), source.kind(name)
        read = reading(raw, kind, type_, source.writing(name), scale=6 if fine else 4)
        if read is None:
            raise DataError(_wrong_type(source.file, name, kind, column, where))
        parts.append(_Part(name, raw, f"{alias}_{number}", read))
    base, less = parts[: len(mapping.sources)], parts[len(mapping.sources) :]
    missing = " OR ".join(f"({part.read.missing})" for part in base)
    reckoned = len(parts) > 1 or mapping.times is not None
    wide = f"CAST({{}} AS {EXACT})" if reckoned and type_ == "money" else "{}"  # else a product of two would overflow
    combined = _SIGNS[mapping.how].join(wide.format(part.alias) for part in base)
    if less:
        combined = " - ".join([f"({combined})", *(f"coalesce({wide.format(part.alias)}, 0)" for part in less)])
    if mapping.times is not None:
        combined = f"({combined}) * CAST('{mapping.times:f}' AS DECIMAL(18, 4))"
    if mapping.digits:
        short = f"regexp_full_match({combined}, '[0-9]+') AND length({combined}) < {mapping.digits}"
        combined = f"CASE WHEN {short} THEN lpad({combined}, {mapping.digits}, '0') ELSE {combined} END"
    if mapping.case:
        combined = f"trim({mapping.case}({combined}), {_SPACES})"
    if mapping.values:
        combined = _translated(combined, mapping.values)
    if reckoned and type_ == "money":
        combined = f"try({combined})"
    exact = f"try_cast({combined} AS {EXACT})" if reckoned and type_ == "money" else ""
    if type_ != column.type:
        combined = _number_as(column.type, combined)
    elif reckoned and type_ == "money":
        combined = _number_as("money", combined)
    if mapping.credits is None:
        return _checked(column, parts, combined, alias, missing, currency, exact)
    raw, kind = source.raw(mapping.credits.column), source.kind(mapping.credits.column)
    read = reading(raw, kind, "text", source.writing(mapping.credits.column))
    if read is None:
        raise DataError(_wrong_type(source.file, mapping.credits.column, kind, Column("credits", "text", ""), where))
    teller = _Part(mapping.credits.column, raw, f"{alias}_{len(parts)}", read)
    said = [each.strip() for each in mapping.credits.among]  # as they are, and in whatever case
    words = ", ".join(quoted(each) for each in dict.fromkeys([*said, *map(str.lower, said), *map(str.casefold, said)]))
    word = f"trim({teller.alias}, {_SPACES})"
    below = f"CASE WHEN {word} IN ({words}) OR lower({word}) IN ({words}) THEN -abs({{0}}) ELSE {{0}} END"
    exact = below.format(f"({exact or parts[0].read.exact})")
    return _checked(column, parts, below.format(f"({combined})"), alias, missing, currency, exact, [teller])


_SPACES = quoted(" \t\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}")
_SIGNS = {"column": "", "multiply": " * ", "add": " + ", "subtract": " - ", "join": " || '-' || "}
"""What stands between the parts of a mapping, in SQL."""


def _translated(words: str, values: dict[str, str]) -> str:
    """SQL of a text, some of its values said in the canonical words."""
    cases = " ".join(f"WHEN {quoted(said.strip().casefold())} THEN {quoted(meant)}" for said, meant in values.items())
    return f"CASE lower(trim({words})) {cases} ELSE {words} END"


@dataclass(frozen=True)
class _Part:
    name: str
    raw: str
    alias: str
    read: Reading

    @property
    def unread(self) -> str:
        return f"({self.alias} IS NULL AND NOT ({self.read.missing}))"


def _number_as(type_: str, combined: str) -> str:
    """SQL of an exact result as a numeric type; NULL where it does not fit."""
    if type_ in ("share", "number"):
        return f"CAST({combined} AS DOUBLE)"
    fits = "BIGINT" if type_ == "integer" else STORED["money"]
    return f"CASE WHEN try_cast({combined} AS {fits}) = {combined} THEN try_cast({combined} AS {fits}) END"


def _checked(
    column: Column,
    parts: list[_Part],
    value: str,
    alias: str,
    missing: str,
    currency: str,
    exact: str = "",
    beside: Sequence[_Part] = (),
) -> Target:
    """Add to a value what makes a row fail on it, and why; `exact` is SQL of an amount reckoned from the parts.

    `beside` are read for the value's sake, and no row fails on them.
    """
    label = ", ".join(part.name for part in parts) or column.name
    raw = " || ' | ' || ".join(f"coalesce(CAST({part.raw} AS VARCHAR), '')" for part in parts) or "NULL"
    raw = parts[0].raw if len(parts) == 1 else raw
    fails = [part.unread for part in parts]
    checks = [Check(part.name, part.raw, f"CASE WHEN {part.unread} THEN {part.read.reason} END") for part in parts]
    if exact or len(parts) > 1:
        unfit = f"({alias} IS NULL AND NOT ({missing}) AND NOT ({' OR '.join(fails)}))"
        fails.append(unfit)
        checks.append(Check(label, raw, f"CASE WHEN {unfit} THEN 'result too many decimals' END"))
    if column.required:
        fails.append(f"{alias} IS NULL")
        checks += [Check(part.name, part.raw, f"CASE WHEN {part.read.missing} THEN 'missing' END") for part in parts]
    if column.one_of:
        other = f"{alias} NOT IN ({', '.join(quoted(each) for each in column.one_of)})"
        fails.append(f"coalesce({other}, false)")
        checks.append(Check(label, raw, f"CASE WHEN {other} THEN 'not one of' END"))
    if column.type == "share" and parts:
        other = f"coalesce({alias} NOT BETWEEN 0 AND 1, false)"
        fails.append(other)
        checks.append(Check(label, raw, f"CASE WHEN {other} THEN 'no share' END"))
    elsewhere = "false"
    if column.name == "currency" and parts and not column.required:  # fx requires one: that which its rate converts
        own = ", ".join(quoted(sign.upper()) for sign in own_signs(currency))
        other = f"coalesce(upper(trim({alias})) NOT IN ({own}), true)"
        fails.append(other)
        checks.append(Check(label, raw, f"CASE WHEN {other} THEN 'other currency' END"))
        elsewhere = other
        # €, eur and EUR are one: analyses compare what is written.
        mine = f"coalesce(upper(trim({value})) IN ({own}), false)"
        value = f"CASE WHEN {mine} THEN {quoted(currency)} ELSE {value} END"
    exact = exact or (parts[0].read.exact if len(parts) == 1 else alias)
    unreadable = f"(({exact}) IS NULL AND NOT ({missing}))" + (f" OR ({missing})" if column.required else "")
    return Target(
        name=column.name,
        type=column.type,
        sources=tuple(part.name for part in (*parts, *beside)),
        prepared={key: sql for part in (*parts, *beside) for key, sql in part.read.prepared.items()},
        parts={part.alias: part.read.value for part in (*parts, *beside)},
        alias=alias,
        value=f"CAST({value} AS {STORED[column.type]})",
        fails=" OR ".join(fails) or "false",
        exact=exact,
        unreadable=unreadable,
        checks=tuple(checks),
        foreign=elsewhere,
    )


def _refuse_odd_mixes(column: Column, mapping: Mapping, where: str) -> None:
    how = mapping.how
    if how in ("multiply", "add", "subtract") and column.type not in NUMERIC:
        raise ParameterError(f"{where}: {how} makes a number, but {column.name} is {column.type}. Name one column.")
    if how == "join" and column.type not in ("id", "text"):
        raise ParameterError(f"{where}: join makes a text, but {column.name} is {column.type}. Name one column.")
    if (mapping.times is not None or mapping.less) and column.type not in ("money", "quantity", "share"):
        raise ParameterError(f"{where}: times and less are for amounts, but {column.name} is {column.type}.")
    if mapping.credits and column.type not in ("money", "quantity"):
        raise ParameterError(f"{where}: credits is for amounts, but {column.name} is {column.type}.")
    if mapping.digits and (how not in ("column", "any_of") or column.type not in ("id", "text")):
        raise ParameterError(f"{where}: digits is for an id or code of one column, but {column.name} is {column.type}.")
    if mapping.case and (how not in ("column", "any_of", "join") or column.type not in ("id", "text")):
        raise ParameterError(f"{where}: case is for an id or words, but {column.name} is {column.type}, or reckoned.")
    if mapping.values and (how not in ("column", "join") or column.type not in ("id", "text")):
        raise ParameterError(f"{where}: values is for words, but {column.name} is {column.type}, or reckoned.")


def _wrong_type(file: str, name: str, kind: str, column: Column, where: str) -> str:
    if kind == "float32" and column.type in ("money", "quantity"):
        return (
            f"{file}: column {name!r} holds 32-bit floats, which lose cents above 100,000, and {where} needs exact "
            "amounts. Export it as DECIMAL or as 64-bit floats."
        )
    return f"{file}: column {name!r} holds {kind} values, and {where} needs {column.type}. Map another column to it."


def _constant(column: Column, said: Scalar | None, where: str) -> str:
    """SQL of a constant, typed as its column."""
    text = str(said)
    try:
        if column.type in NUMERIC and not Decimal(text).is_finite():
            raise ValueError(text)
        if column.type == "date":
            date.fromisoformat(text)
        if column.type == "timestamp":
            datetime.fromisoformat(text)
        if column.type == "boolean" and not isinstance(said, bool):
            raise ValueError(text)
    except (ValueError, ArithmeticError):
        raise ParameterError(f"{where}: value = {said!r} is not {column.type}.") from None
    return f"CAST({quoted(text)} AS {STORED[column.type]})"
