"""Figures: the published figures of a record, held to their schema, and as a Parquet file."""

import io
import json
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from perfkit.errors import DataError
from perfkit.reports.record import Record

SCHEMA = "perfkit.figures/1"


@cache
def _validator() -> Any:
    from jsonschema import Draft202012Validator

    source = Path(__file__).with_name("figure.v1.schema.json").read_text(encoding="utf-8")
    return Draft202012Validator(json.loads(source))


def validate(record: Record) -> None:
    """Hold every displayed result to the schema, so that no rendering has to guess.

    Raises
    ------
    DataError
        If a payload or a figure is not as the schema says.
    """
    for heading, shown in record.shown:
        error = next(_validator().iter_errors(shown.payload), None)
        if error is not None:
            where = "/".join(str(part) for part in error.absolute_path) or "its payload"
            raise DataError(
                f"In section {heading!r}: the result {shown.payload.get('kind')!r} breaks {SCHEMA} at {where}: "
                f"{error.message[:200]}. Nothing new was published."
            )
        for view in shown.payload["views"]:
            fault = _table_fault(view)
            if fault:
                raise DataError(
                    f"In section {heading!r}: the table {view['title']!r} {fault}. Nothing new was published."
                )


def _table_fault(view: Mapping[str, Any]) -> str:
    """Say what is wrong with a table that the schema cannot see: a row without a field, a text for a number."""
    for row in view["rows"]:
        for field in view["fields"]:
            names = [field["key"], *(field[of] for of in ("unit_from", "decimals_from") if field.get(of))]
            for name in names:
                if name not in row:
                    return f"has a row without {name!r}"
            unit = row[field["unit_from"]] if field.get("unit_from") else field["unit"]
            value = row[field["key"]]
            if unit not in (None, "text", "date") and value is not None:
                try:
                    Decimal(str(value))
                except ArithmeticError:
                    return f"holds {value!r} where a number of {unit} should stand"
    return ""


def parquet(record: Record) -> bytes:
    """Return the figures as a Parquet file, one a row.

    `estimate`, `low`, `high` and `n` are doubles; `exact` is the estimate's decimal digits as text where
    it is exact (money), so that no cent is lost; `dimensions` is JSON.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    numbers = ("estimate", "low", "high", "level", "n")
    words = ("figure_id", "kpi", "period", "dimensions", "unit", "basis", "status", "reason", "exact")
    figures = record.figures
    columns = {name: pa.array([_number(figure[name]) for figure in figures], pa.float64()) for name in numbers}
    columns |= {name: pa.array([_words(figure, name) for figure in figures], pa.string()) for name in words}
    order = ("figure_id", "kpi", "period", "dimensions", "estimate", "exact", "low", "high", "level", "n")
    table = pa.table({name: columns[name] for name in (*order, "unit", "basis", "status", "reason")})
    content = io.BytesIO()
    pq.write_table(table, content, write_page_checksum=True)
    return content.getvalue()


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _words(figure: Mapping[str, Any], name: str) -> str | None:
    if name == "exact":
        estimate = figure["estimate"]
        return format(Decimal(estimate), "f") if isinstance(estimate, str) else None
    value = figure[name]
    return json.dumps(value, ensure_ascii=False, sort_keys=True) if isinstance(value, Mapping) else value
