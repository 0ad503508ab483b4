"""Columns: how each canonical column is made from a file's own columns, as SQL, and what makes a row fail."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from perfkit.errors import DataError, ParameterError, nearest, unknown
from perfkit.schema import Column, Table
from perfkit.sources.casting import EXACT, NUMERIC, Reading, reading
from perfkit.sources.files import quoted
from perfkit.sources.settings import Mapping, Scalar, TableSettings

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
    """A file's own columns: names as its header gives them, and what each holds."""

    file: str
    names: tuple[str, ...]
    kinds: tuple[str, ...]

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


def plan(declared: Table, settings: TableSettings, source: Source, *, currency: str) -> list[Target]:
    """Return the canonical columns that the settings make from a file, the schema's own first.

    Raises
    ------
    DataError
        If the file has not the columns that the settings name, or they hold another type.
    ParameterError
        If the settings leave out a column that the table cannot do without, or ask the impossible.
    """
    mapped = settings.columns or {name: Mapping(column=name) for name in declared.names if name in source.names}
    where = f"[tables.{declared.name}.columns]"
    for column in declared.columns:
        if column.required and column.name not in mapped:
            raise _unmapped(declared, column, settings, source, where)
    known = {column.name: column for column in declared.columns}
    ordered = [name for name in known if name in mapped] + [name for name in mapped if name not in known]
    targets: list[Target] = []
    for name in ordered:
        column = known.get(name) or Column(name, "text", "The company keeps it.")
        for needed in mapped[name].sources:
            require(source, needed, because=f"{where} {name}", why=column.why)
        alias = f"v{len(targets)}"
        targets.append(_target(column, mapped[name], settings, source, currency, f"{where} {name}", alias))
    return targets


def require(source: Source, name: str, *, because: str, why: str = "") -> None:
    """Refuse a file that has not a column, or has it twice."""
    if name not in source.names:
        raise DataError(f"{source.file}: {unknown('column', name, source.names)} {because} needs it. {why}".strip())
    if source.names.count(name) > 1:
        raise DataError(
            f"{source.file}: {source.names.count(name)} columns are called {name!r}, so it is not known which one "
            f"{because} means. Rename one in the export."
        )


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


def _target(
    column: Column, mapping: Mapping, settings: TableSettings, source: Source, currency: str, where: str, alias: str
) -> Target:
    if mapping.how == "value":
        return _checked(column, [], _constant(column, mapping.value, where), alias, "false", currency)
    _refuse_odd_mixes(column, mapping.how, where)
    type_ = "money" if mapping.how in ("multiply", "add", "subtract") else column.type
    parts = []
    for number, name in enumerate(mapping.sources):
        raw, kind = source.raw(name), source.kind(name)
        read = reading(raw, kind, type_, settings.format, scale=6 if mapping.how == "multiply" else 4)
        if read is None:
            raise DataError(_wrong_type(source.file, name, kind, column, where))
        parts.append(_Part(name, raw, f"{alias}_{number}", read))
    missing = " OR ".join(f"({part.read.missing})" for part in parts)
    signs = {"column": "", "multiply": " * ", "add": " + ", "subtract": " - ", "join": " || '-' || "}
    combined = signs[mapping.how].join(part.alias for part in parts)
    if type_ != column.type:
        combined = _number_as(column.type, combined)
    elif mapping.how in ("multiply", "add", "subtract"):
        combined = _number_as("money", combined)
    return _checked(column, parts, combined, alias, missing, currency, signs[mapping.how])


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
    column: Column, parts: list[_Part], value: str, alias: str, missing: str, currency: str, sign: str = ""
) -> Target:
    """Add to a value what makes a row fail on it, and why."""
    label = ", ".join(part.name for part in parts) or column.name
    raw = " || ' | ' || ".join(f"coalesce(CAST({part.raw} AS VARCHAR), '')" for part in parts) or "NULL"
    raw = parts[0].raw if len(parts) == 1 else raw
    fails = [part.unread for part in parts]
    checks = [Check(part.name, part.raw, f"CASE WHEN {part.unread} THEN {part.read.reason} END") for part in parts]
    if len(parts) > 1:
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
    if column.name == "currency":
        other = f"coalesce(upper(trim({alias})) <> {quoted(currency)}, true)"
        fails.append(other)
        checks.append(Check(label, raw, f"CASE WHEN {other} THEN 'other currency' END"))
    exact = alias
    if len(parts) == 1:
        exact = parts[0].read.exact
    elif parts and sign != " || '-' || ":
        exact = f"try_cast({sign.join(part.alias for part in parts)} AS {EXACT})"
    unreadable = f"(({exact}) IS NULL AND NOT ({missing}))" + (f" OR ({missing})" if column.required else "")
    return Target(
        name=column.name,
        type=column.type,
        sources=tuple(part.name for part in parts),
        prepared={key: sql for part in parts for key, sql in part.read.prepared.items()},
        parts={part.alias: part.read.value for part in parts},
        alias=alias,
        value=f"CAST({value} AS {STORED[column.type]})",
        fails=" OR ".join(fails) or "false",
        exact=exact,
        unreadable=unreadable,
        checks=tuple(checks),
    )


def _refuse_odd_mixes(column: Column, how: str, where: str) -> None:
    if how in ("multiply", "add", "subtract") and column.type not in NUMERIC:
        raise ParameterError(f"{where}: {how} makes a number, but {column.name} is {column.type}. Name one column.")
    if how == "join" and column.type not in ("id", "text"):
        raise ParameterError(f"{where}: join makes a text, but {column.name} is {column.type}. Name one column.")


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
