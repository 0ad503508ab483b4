"""Settings: what company.toml says of a company, checked, each mistake told in words."""

import re
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError, field_validator, model_validator

from perfkit import periods, schema
from perfkit import segments as parts
from perfkit.errors import ParameterError, unknown
from perfkit.languages import mark
from perfkit.sources import company_toml
from perfkit.sources.settings import BlocksOfToml, Control, blocks, in_words

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
    tables: dict[str, BlocksOfToml] = {}
    control: dict[str, Control] = {}
    targets: dict[str, dict[str, FiniteFloat]] = {}
    levels: dict[str, Literal["cogs", "cm1", "cm2", "cm3", "fixed"]] = {}
    calendar: str = ""
    brand: Any = None  # a report's own matter: `brand.of` checks it where one is made
    segments: dict[str, parts.Segment] = {}
    filters: dict[str, parts.Filter] = {}

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

    @field_validator("calendar")
    @classmethod
    def _known_calendar(cls, code: str) -> str:
        periods.working_days(periods.parse("2026-01"), code)
        return code

    @field_validator("segments", "filters")
    @classmethod
    def _plain_names(cls, named: dict[str, Any]) -> dict[str, Any]:
        for name in named:
            if not re.fullmatch("[a-z][a-z0-9_]*", name):
                raise ValueError(f"{name!r}: a name is lower-case letters, digits and _, such as key_accounts")
        return named

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
    def _lower_case(cls, tables: dict[str, Any]) -> dict[str, Any]:
        for table, declared in tables.items():
            for name in (name for block in blocks(declared) for name in block.columns):
                if name != name.lower():
                    raise ValueError(f"{table}: a column's name is in lower case: write {name.lower()} for {name}")
        return tables

    @model_validator(mode="after")
    def _targets_once(self) -> "Settings":
        if self.targets and "targets" in self.tables:
            raise ValueError(
                "targets stand in [targets] and in the files of [tables.targets], and only one of them can count. "
                "Delete one of the two blocks, or write the months of [targets] into the files"
            )
        return self

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
