"""Every column has a reason, and a table without one that is needed is refused with it."""

from decimal import Decimal

import pandas as pd
import pytest

from perfkit import schema
from perfkit.errors import DataError, ParameterError


def test_every_column_says_why_it_is_needed():
    for table in schema.TABLES.values():
        assert table.row
        for column in table.columns:
            assert column.why.endswith(".") or column.why, (table.name, column.name)
            assert column.type in schema.STORAGE
        assert set(table.key) <= set(table.required), table.name


def test_date_and_net_revenue_are_all_that_sales_must_have():
    assert schema.SALES.required == ("date", "net_revenue")


def test_a_missing_column_is_refused_with_its_reason_and_the_nearest_name():
    data = pd.DataFrame({"date": ["2026-01-01"], "net_revenu": [1]})
    with pytest.raises(DataError, match="no column 'net_revenue'. Did you mean 'net_revenu'.*Revenue is its sum"):
        schema.SALES.table(data)


def test_an_unknown_column_names_the_nearest():
    with pytest.raises(ParameterError, match="Did you mean 'customer_id'"):
        schema.SALES.column("custmer_id")


def test_money_of_a_frame_is_exact():
    data = pd.DataFrame({"date": pd.to_datetime(["2026-01-01"] * 3), "net_revenue": [0.1, 0.2, 1.005]})
    table = schema.SALES.table(data)
    assert table.net_revenue.sum().to_pyarrow().as_py() == Decimal("1.3050")


def test_the_documentation_of_the_tables_is_the_schema(request):
    path = request.config.rootpath / "docs" / "tables.md"
    assert path.read_text(encoding="utf-8") == schema.describe(), "write it again: python -m perfkit.schema"


def test_ids_that_pandas_turned_into_floats_are_read_as_they_were():
    frame = pd.DataFrame({"date": ["2024-01-05"] * 3, "net_revenue": [1, 2, 3], "customer_id": [12.0, None, 7.5]})
    table = schema.SALES.table(frame, "customer_id")
    assert table.to_pyarrow()["customer_id"].to_pylist() == ["12", None, "7.5"]
