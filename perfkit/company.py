"""Company: a folder, its settings, its tables, and the questions its data can answer."""

import datetime as dt
import re
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import ibis
import pandas as pd
from ibis import _
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError, field_validator

from perfkit import periods, questions, schema, sources
from perfkit.errors import DataError, ParameterError, unknown
from perfkit.languages import mark
from perfkit.periods import Period
from perfkit.sources import company_toml
from perfkit.sources.settings import Control, TableSettings, in_words

REVENUE_DATES = (mark("invoice date"), mark("order date"), mark("purchase date"), mark("delivery date"))
"""Days on which companies say that revenue counts, to be translated where they are shown; others stay as written."""


class Settings(BaseModel):
    """What company.toml says; a key that is not here is refused with the nearest name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1)
    currency: str
    language: Literal["en", "fr"] = "en"
    timezone: str = "UTC"
    fiscal_year_starts: str = "01-01"
    observed_until: str | None = None
    revenue_date: str = "date of the document"
    exports: str = "exports"
    tables: dict[str, TableSettings] = {}
    control: dict[str, Control] = {}
    targets: dict[str, dict[str, FiniteFloat]] = {}

    @field_validator("currency")
    @classmethod
    def _iso_code(cls, code: str) -> str:
        if not re.fullmatch("[A-Z]{3}", code):
            raise ValueError(f"{code!r} is no currency: write its ISO code, such as EUR, GBP or USD")
        return code

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"no time zone {zone!r}: write one such as Europe/Paris") from None
        return zone

    @field_validator("observed_until")
    @classmethod
    def _a_day(cls, label: str | None) -> str | None:
        if label is not None:
            periods.day(label)
        return label

    @field_validator("fiscal_year_starts")
    @classmethod
    def _first_of_a_month(cls, start: str) -> str:
        periods.parse("FY2026", start)
        return start

    @field_validator("targets")
    @classmethod
    def _by_month(cls, targets: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
        for kpi, months in targets.items():
            for label in months:
                if periods.parse(label).kind != "month":
                    raise ValueError(f"{kpi}: {label!r} is not a month: write one such as 2026-10")
        return targets

    @field_validator("tables")
    @classmethod
    def _lower_case(cls, tables: dict[str, TableSettings]) -> dict[str, TableSettings]:
        for table, declared in tables.items():
            for name in declared.columns:
                if name != name.lower():
                    raise ValueError(f"{table}: a column's name is in lower case: write {name.lower()} for {name}")
        return tables

    @field_validator("tables", "control")
    @classmethod
    def _known_tables(cls, tables: dict[str, Any]) -> dict[str, Any]:
        for name in tables:
            if name not in schema.TABLES:
                raise ValueError(unknown("table", name, schema.TABLES))
        return tables


def settings(folder: Path) -> Settings:
    """Read a company's settings.

    Raises
    ------
    ParameterError
        If company.toml is absent, is not TOML, holds a secret, or a key or value that is not understood.
    """
    raw = company_toml.read(folder)
    try:
        return Settings.model_validate(raw)
    except ValidationError as error:
        raise ParameterError(in_words(error, Settings)) from None


def _silent(message: str) -> None:
    """Say nothing: the default of a step's progress."""


def load(path: str | Path, *, exports: str | Path | None = None, step: Callable[[str], None] = _silent) -> "Company":
    """Load a company's exports into a checked snapshot, and open the company on it.

    Parameters
    ----------
    path : str or Path
        The company's folder.
    exports : str or Path, optional
        Where its exports lie, if not where company.toml says.
    step : callable, optional
        Told in words what is being done, for a progress bar.

    Raises
    ------
    ParameterError
        If company.toml is not understood.
    DataError
        If a file, a column or a total is not as declared; nothing new is kept.
    """
    folder = Path(path)
    declared = settings(folder)
    snapshot = sources.load(
        folder,
        declared.tables,
        declared.control,
        exports=Path(exports) if exports else folder / declared.exports,
        currency=declared.currency,
        timezone=declared.timezone,
        step=step,
    )
    return Company(folder, declared, snapshot)


def open_company(path: str | Path, *, snapshot: str = "") -> "Company":
    """Open a company on a snapshot; one that was never loaded is loaded first.

    Parameters
    ----------
    path : str or Path
        The company's folder.
    snapshot : str, default ""
        Fingerprint of the snapshot, or its first characters; empty is the current one.

    Raises
    ------
    ParameterError
        If the folder or its settings are not understood, or there is no such snapshot.
    """
    folder = Path(path)
    declared = settings(folder)
    if snapshot:
        return Company(folder, declared, sources.snapshots.find(folder, snapshot))
    current = sources.snapshots.current(folder)
    return Company(folder, declared, current) if current else load(folder)


class Company:
    """A company: its settings and one snapshot of its tables.

    Attributes
    ----------
    path : Path
    settings : Settings
    snapshot : sources.Snapshot
    """

    def __init__(self, path: Path, declared: Settings, snapshot: "sources.Snapshot") -> None:
        loaded_in = snapshot.report["currency"]
        if loaded_in != declared.currency:
            raise ParameterError(
                f"company.toml says {declared.currency}, and the amounts of snapshot {snapshot.fingerprint} are "
                f"{loaded_in}: its figures would bear the wrong currency. Load again, or write the currency back."
            )
        self.path = path
        self.settings = declared
        self.snapshot = snapshot

    def __repr__(self) -> str:
        return f"<Company {self.settings.name}, snapshot {self.snapshot.fingerprint[:12]}>"

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        return self.coverage()._repr_mimebundle_()

    @property
    def currency(self) -> str:
        """The currency of every amount, an ISO code."""
        return self.settings.currency

    @cached_property
    def observed_until(self) -> dt.date:
        """Last complete day: from the settings, else the last day in sales."""
        if self.settings.observed_until:
            return periods.day(self.settings.observed_until)
        last: dt.date | None = self.table("sales").date.max().to_pyarrow().as_py()
        if last is None:
            raise DataError(
                "sales: no line was accepted, so there is nothing to report. See: perfkit check --quarantine"
            )
        return last

    def period(self, label: str) -> Period:
        """Return a complete period: "2026-10", "2026-Q3" or "FY2026".

        Raises
        ------
        ParameterError
            If it is not a period, or is not complete in the data.
        DataError
            If no line of sales is dated in it: a revenue of zero would look like a fact.
        """
        asked = periods.parse(label, fiscal_year_starts=self.settings.fiscal_year_starts)
        dates = self.table("sales").date
        try:
            whole = asked.complete(self.observed_until)
        except ParameterError as error:
            if self.settings.observed_until:
                raise
            hint = (
                f'If nothing was sold after it, write observed_until = "{asked.last_day}" at the top of company.toml.'
            )
            raise ParameterError(f"{error} {hint}") from None
        here = (dates >= ibis.date(whole.start.isoformat())) & (dates < ibis.date(whole.end.isoformat()))
        if not here.sum().to_pyarrow().as_py():
            raise DataError(
                f"{whole.label} holds no line of sales; the data go from {dates.min().to_pyarrow().as_py()} to "
                f"{dates.max().to_pyarrow().as_py()}. Is the export complete, and its last date right?"
            )
        return whole

    def table(self, name: str) -> ibis.Table:
        """Return a canonical table of the snapshot.

        Raises
        ------
        DataError
            If the company has not given it: what it would hold, and the line of company.toml to write.
        """
        if name not in schema.TABLES:
            raise ParameterError(unknown("table", name, schema.TABLES))
        if name not in self.snapshot.names:
            raise DataError(
                f"{name}: {self.settings.name} has not given this table ({schema.TABLES[name].row} a row). "
                f'Declare its file in company.toml: [tables.{name}] files = "..."; it has: '
                f"{', '.join(self.snapshot.names)}."
            )
        return self.snapshot.table(name)

    def frame(self, name: str) -> pd.DataFrame:
        """Return a canonical table as a DataFrame (money as Decimal)."""
        return self.table(name).to_pandas()

    def lines(self) -> ibis.Table:
        """Return the sales lines with their customer's and product's columns beside them.

        A dimension's column keeps its name where sales has none of that name (country, segment,
        category ...), else it is prefixed: customer_name, product_name. Lines without a match stay,
        their columns NULL, so no total moves.
        """
        lines = self.table("sales")
        for name, key, prefix in (("customers", "customer_id", "customer_"), ("products", "product_id", "product_")):
            if name in self.snapshot.names and key in lines.columns:
                lines = _joined(lines, self.table(name), key, prefix)
        return lines

    def targets(self) -> pd.DataFrame:
        """Return the targets, one row a KPI and month: from the targets table, else from company.toml.

        Columns: kpi, period (first day of the month), value, dimension, member, version.
        """
        columns = ["kpi", "period", "value", "dimension", "member", "version"]
        if "targets" in self.snapshot.names:
            given = self.frame("targets").reindex(columns=columns)
            return given.assign(period=pd.to_datetime(given["period"]).dt.to_period("M").dt.start_time.dt.date)
        rows = [
            {"kpi": kpi, "period": periods.parse(month).start, "value": value}
            for kpi, months in self.settings.targets.items()
            for month, value in months.items()
        ]
        return pd.DataFrame(rows, columns=columns)

    def coverage(self) -> questions.Coverage:
        """Return which questions the data can answer, and what to ask for where they cannot."""
        filled: dict[str, float] = {}
        for name in self.snapshot.names:
            table = self.table(name)
            counts = table.agg(
                [_.count().name("rows_of_table"), *(table[column].count().name(column) for column in table.columns)]
            ).to_pandas()
            rows = int(counts.pop("rows_of_table").iloc[0])
            filled |= {
                f"{name}.{column}": int(count) / rows if rows else 0.0 for column, count in counts.iloc[0].items()
            }
        filled |= self._matched(filled)
        if self.settings.targets:
            filled["targets.value"] = 1.0
        return questions.coverage(filled)

    def _matched(self, filled: Mapping[str, float]) -> dict[str, float]:
        """Return by column of a list of customers or products the share of sales lines that it says something of."""
        beside = {name: key for name, key in _LISTS.items() if f"sales.{key}" in filled and f"{name}.{key}" in filled}
        columns: dict[str, int] = {}
        lines = self.table("sales")
        for name, key in beside.items():
            given = self.table(name)
            known = [column for column in given.columns if column != key]
            matched = lines.select(key).join(given, key)
            counts = matched.agg([_.count().name("lines"), *(matched[column].count().name(column) for column in known)])
            columns |= {f"{name}.{column}": count for column, count in counts.to_pandas().iloc[0].items()}
        rows = int(lines.count().to_pyarrow().as_py())
        return {
            column: int(count) / rows for column, count in columns.items() if rows and not column.endswith(".lines")
        }

    def books(self) -> ibis.Table | None:
        """Return the entries of the ledger, or None where the company has not given it."""
        return self.table("ledger") if "ledger" in self.snapshot.names else None

    def reconciliation(self) -> "sources.Reconciliation":
        """Return what was read and what was left out of it, in rows and money, tied to the source."""
        return sources.reconciliation(self.snapshot, currency=self.currency, observed_until=self.observed_until)


_LISTS = {"customers": "customer_id", "products": "product_id"}
"""Lists that stand beside sales, and the key by which they do."""


def _joined(lines: ibis.Table, dimension: ibis.Table, key: str, prefix: str) -> ibis.Table:
    """Set a dimension's columns beside the lines, at most one row each: its keys are unique, by the load.

    No column of a dimension takes a name that sales uses for something else: a product list's own `cost`
    is not the cost of a line.
    """
    taken = {name.casefold() for name in (*lines.columns, *schema.SALES.names, "name")}
    canonical = [name for name in schema.TABLES[prefix.removesuffix("_") + "s"].names if name in dimension.columns]
    named: dict[str, str] = {}
    for column in dict.fromkeys((*canonical, *dimension.columns)):
        if column != key:
            new = column if column.casefold() not in taken else prefix + column.removeprefix(prefix)
            while new.casefold() in taken:
                new = prefix + new
            taken.add(new.casefold())
            named[new] = column
    beside = dimension.select(dimension[key].name("_key"), **{new: dimension[old] for new, old in named.items()})
    return lines.left_join(beside, lines[key] == beside["_key"]).drop("_key")
