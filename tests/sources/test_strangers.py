"""Strangers: sales whose customer, product or representative nobody knows, and ids that a spreadsheet shortened."""

from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from perfkit.sources import engines, strangers


@pytest.fixture
def said(tmp_path):
    """Write tables, and return what is said about their ids."""

    def told(**tables):
        for name, columns in tables.items():
            if name == "sales":
                count = len(next(iter(columns.values())))
                columns["net_revenue"] = pa.array([Decimal(10 + n) for n in range(count)], pa.decimal128(18, 4))
            pq.write_table(pa.table(columns), tmp_path / f"{name}.parquet")
        with engines.locked(folders=[tmp_path], spill=tmp_path) as engine:
            columns = {name: list(columns) for name, columns in tables.items()}
            told.found = strangers.found(tmp_path, columns, engine)
            return strangers.notices(strangers.shortened(tmp_path, columns, engine), told.found)

    return told


def test_unknown_customers_counted_by_hand(said):
    found = said(sales={"customer_id": ["C1", "C9", "C1", None, "C9", "C7"]}, customers={"customer_id": ["C1", "C2"]})
    assert found == {
        "sales": [
            '3 rows (40) have a customer_id that is not in customers: 2 ids, first: "C9", "C7". They count, and stand '
            "under (unknown) where customers are looked at."
        ],
        "customers": [],
    }
    assert said.found == [
        {"key": "customer_id", "table": "customers", "ids": 2, "rows": 3, "money": "40", "first": ["C9", "C7"],
         "listed": ["C1", "C2"], "alike": None}
    ]  # fmt: skip


def test_nothing_is_said_where_all_are_known_or_their_table_was_not_given(said):
    assert said(sales={"customer_id": ["C1"]}, customers={"customer_id": ["C1"]})["sales"] == []
    assert said(sales={"customer_id": ["C1"], "rep_id": ["R"]}, products={"product_id": ["P"]})["sales"] == []


@pytest.mark.parametrize(
    "here, there",
    [("123", "00123"), ("00123", "123"), ("ab1", "AB1"), ("AB 1", "AB1"), ("AB1\N{NO-BREAK SPACE}", "AB1"),
     ("123.0", "123"), ("0", "000")],
)  # fmt: skip
def test_ids_that_differ_in_their_writing_only_are_named(said, here, there):
    (notice,) = said(sales={"product_id": [here]}, products={"product_id": [there, "other"]})["sales"]
    assert notice.startswith(f'1 row (10) has a product_id that is not in products: 1 id, "{here}".')
    assert (
        "All of these ids would be known but for leading zeros, case, spaces or a final .0: "
        f'"{here}" here, "{there}" there. '
    ) in notice


@pytest.mark.parametrize(
    ("here", "there", "write"),
    [
        ("123", "00123", '[tables.sales.columns]: product_id = { column = "...", digits = 5 }.'),
        ("00123", "123", '[tables.products.columns]: product_id = { column = "...", digits = 5 }.'),
        ("ab1", "AB1", '[tables.sales.columns]: product_id = { column = "...", case = "upper" }.'),
        ("AB1", "Ab1", '[tables.products.columns]: product_id = { column = "...", case = "upper" }.'),
        ("AB 1", "AB1", "Export both alike."),
        ("123.0", "123", "Export both alike."),
    ],
)
def test_what_makes_ids_alike_is_said_only_where_it_does(said, here, there, write):
    (notice,) = said(sales={"product_id": [here]}, products={"product_id": [there]})["sales"]
    assert notice.endswith(write)


@pytest.mark.parametrize("here, there", [("12.5", "12.50"), ("1-2", "12"), ("A10", "A1"), ("é", "e")])
def test_other_differences_are_other_ids(said, here, there):
    (notice,) = said(sales={"rep_id": [here]}, reps={"rep_id": [there]})["sales"]
    assert "but for" not in notice


def test_only_some_of_the_ids_differ_in_their_writing(said):
    (notice,) = said(sales={"rep_id": ["7", "8", "X"]}, reps={"rep_id": ["007", "008", "9"]})["sales"]
    assert ' 2 of these ids would be known but for leading zeros, case, spaces or a final .0: "7" here' in notice
    assert said.found[0]["alike"] == {"ids": 2, "here": "7", "there": "007"}


def test_ids_that_a_spreadsheet_shortened_are_counted(said):
    found = said(
        sales={"order_id": ["1.23457E+12", "1,2E+05", "1E5", "E+12", "A1.2E+12", "12E+12"], "customer_id": ["1"] * 6},
        customers={"customer_id": ["1", "3E+11"]},
    )
    assert found["sales"] == [
        '2 rows of sales: order_id looks like a number that a spreadsheet has shortened (first: "1.23457E+12"), so '
        "that different ids may have become one. Export again with that column as text."
    ]
    assert found["customers"][0].startswith("1 row of customers: customer_id looks like")


def test_a_path_or_an_id_with_quotes_is_no_sql(said):
    (notice,) = said(sales={"customer_id": ["'; DROP TABLE x; --"]}, customers={"customer_id": ["C1"]})["sales"]
    assert "DROP TABLE" in notice


@pytest.mark.parametrize(
    ("sold", "known", "needed"),
    [
        (["sav-03", "ACC-01", "Hui-01"], ["SAV-03", "acc-01", "HUI-01"], ("sales", "products")),
        (["sav-03", "ACC-01"], ["SAV-03", "ACC-01"], ("sales",)),
        (["SAV-03", "ACC-01"], ["sav-03", "ACC-01"], ("products",)),
    ],
)
def test_ids_whose_case_varies_are_alike_once_the_advice_is_typed(said, sold, known, needed):
    (notice,) = said(sales={"product_id": sold}, products={"product_id": known})["sales"]
    columns = {"sales": sold, "products": known}
    for table in needed:
        assert f'in [tables.{table}.columns]: product_id = {{ column = "...", case = "upper" }}' in notice
        columns[table] = [each.upper() for each in columns[table]]
    assert notice.count("case = ") == len(needed)
    typed = said(**{name: {"product_id": ids} for name, ids in columns.items()})
    assert typed["sales"] == []
