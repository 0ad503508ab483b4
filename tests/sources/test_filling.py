"""What stands on the first line of a document only is carried down over its other lines, and into no other."""

import datetime as dt

import duckdb
import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from perfkit.errors import DataError
from perfkit.sources import files
from perfkit.sources.presets.filling import Filled
from perfkit.sources.presets.preparing import prepared, settled, sided
from perfkit.sources.presets.presetting import merged, presets
from perfkit.sources.read_parquet import ParquetExport
from perfkit.sources.settings import TableSettings, checked


@pytest.fixture
def engine():
    with duckdb.connect() as engine:
        yield engine


@pytest.fixture
def export(tmp_path):
    """Make an export of columns of text, a missing value where None stands."""

    def made(table="sales", **columns):
        path = tmp_path / "export.parquet"
        pq.write_table(pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()}), path)
        return ParquetExport(files.examine(path, tmp_path), table)

    return made


def texts(export, engine, work, name):
    raw = export.source.raw(name)
    return [row[0] for row in engine.execute(f"SELECT {raw} FROM {export.relation(work)}").fetchall()]


def test_values_are_carried_down_within_their_document(export, engine, tmp_path):
    lines = export(Name=["#1", "#1", "#2", "#3", "#3"], Email=["a", None, None, "c", None])
    filled = Filled(lines, ["Email"], "Name", engine, tmp_path)
    assert texts(filled, engine, tmp_path, "Email") == ["a", "a", None, "c", "c"]


def test_without_a_document_values_are_carried_to_the_next_one(export, engine, tmp_path):
    lines = export(Region=["Nord", None, None, "Sud", None], Sales=["1", "2", "3", "4", "5"])
    filled = Filled(lines, ["Region"], None, engine, tmp_path)
    assert texts(filled, engine, tmp_path, "Region") == ["Nord", "Nord", "Nord", "Sud", "Sud"]
    assert texts(filled, engine, tmp_path, "Sales") == ["1", "2", "3", "4", "5"]


def test_a_mark_that_stands_on_the_first_line_only_is_carried_down_first(export, engine, tmp_path):
    lines = export(Name=["#1", None, "#2", None], Email=["a", None, None, None])
    filled = Filled(lines, ["Name", "Email"], "Name", engine, tmp_path)
    assert texts(filled, engine, tmp_path, "Name") == ["#1", "#1", "#2", "#2"]
    assert texts(filled, engine, tmp_path, "Email") == ["a", "a", None, None]


def test_nothing_is_carried_into_lines_of_no_document(export, engine, tmp_path):
    lines = export(Name=["#1", None, "#1"], Email=["a", None, None])
    filled = Filled(lines, ["Email"], "Name", engine, tmp_path)
    assert texts(filled, engine, tmp_path, "Email") == ["a", None, "a"]


def test_documents_whose_lines_stand_apart_are_filled_and_the_order_of_the_file_stays(export, engine, tmp_path):
    lines = export(Name=["#1", "#2", "#1", "#2", "#1"], Email=["a", None, None, "b", None], N=list("12345"))
    filled = Filled(lines, ["Email"], "Name", engine, tmp_path)
    assert texts(filled, engine, tmp_path, "Email") == ["a", None, "a", "b", "a"]  # #2: its value stands below
    assert texts(filled, engine, tmp_path, "N") == list("12345")


def test_a_later_value_of_the_same_document_replaces_the_one_carried(export, engine, tmp_path):
    lines = export(Name=["#1"] * 4, Status=["paid", None, "voided", None])
    filled = Filled(lines, ["Status"], "Name", engine, tmp_path)
    assert texts(filled, engine, tmp_path, "Status") == ["paid", "paid", "voided", "voided"]


def test_rows_show_what_was_filled_and_the_record_as_it_stands(export, engine, tmp_path):
    filled = Filled(export(Name=["#1", "#1"], Email=["a", None]), ["Email"], "Name", engine, tmp_path)
    [rows] = filled.rows(np.array([1]))
    assert rows.values.to_pylist() == [{"c0": "#1", "c1": "a"}]
    assert rows.records == ['{"Name": "#1", "Email": null}']
    assert rows.lines.tolist() == [2]


def test_rows_are_found_in_every_part_of_a_large_export(export, engine, tmp_path):
    count = 300_000
    lines = export(
        Name=[f"#{n // 3}" for n in range(count)], Email=[f"m{n}" if n % 3 == 0 else None for n in range(count)]
    )
    filled = Filled(lines, ["Email"], "Name", engine, tmp_path)
    wanted = np.array([1, 122_880, 131_073, 299_999])
    found = [row for rows in filled.rows(wanted) for row in rows.values.to_pylist()]
    assert found == [{"c0": f"#{n // 3}", "c1": f"m{n // 3 * 3}"} for n in wanted]


def test_what_a_reader_says_of_its_file_is_said_of_the_filled_one(export, engine, tmp_path):
    lines = export(Name=["#1"], Email=["a"])
    filled = Filled(lines, ["Email"], "Name", engine, tmp_path)
    assert (filled.file, filled.records, filled.broken, filled.timezone) == (lines.file, 1, [], "UTC")
    assert not hasattr(filled, "encoding")


def test_a_column_to_fill_that_is_not_there_is_refused_with_the_nearest(export, engine, tmp_path):
    with pytest.raises(DataError, match="no column 'Emial'. Did you mean 'Email'.*fill_down"):
        Filled(export(Name=["#1"], Email=["a"]), ["Emial"], "Name", engine, tmp_path)


def block(table="sales", **said):
    return merged(table, checked(TableSettings, {"files": "*", **said}))


def test_of_the_columns_a_preset_fills_those_are_that_the_file_has(export, engine, tmp_path):
    lines = export(Name=["#1", "#1"], Currency=["EUR", None])
    filled = prepared(lines, "sales", block(preset="shopify"), engine, tmp_path)
    assert texts(filled, engine, tmp_path, "Currency") == ["EUR", "EUR"]


def test_the_columns_a_company_fills_itself_must_be_there(export, engine, tmp_path):
    said = block(preset="shopify", fill_down={"columns": ["Currency", "Emial"], "within": "Name"})
    with pytest.raises(DataError, match="Emial"):
        prepared(export(Name=["#1"], Currency=["EUR"]), "sales", said, engine, tmp_path)


def preset(name, table):
    return next(each for each in presets() if (each.name, each.table) == (name, table))


def test_a_side_left_blank_beside_the_other_is_zero_and_two_blanks_stay_blank(export, engine, tmp_path):
    lines = export("ledger", Debit=["12,50", None, None], Credit=[None, "12,50", None])
    ledger = sided(lines, preset("fec", "ledger").sides, engine, tmp_path)
    assert texts(ledger, engine, tmp_path, "Debit") == ["12,50", "0", None]
    assert texts(ledger, engine, tmp_path, "Credit") == ["0", "12,50", None]


def test_an_amount_and_its_side_become_a_debit_and_a_credit(export, engine, tmp_path):
    lines = export("ledger", Montant=["1", "2", "3", "4", "5"], Sens=["D", "c", "+1", "-1", "?"])
    ledger = sided(lines, preset("fec", "ledger").sides, engine, tmp_path)
    assert texts(ledger, engine, tmp_path, "Debit") == ["1", "0", "3", "0", None]
    assert texts(ledger, engine, tmp_path, "Credit") == ["0", "2", "0", "4", None]
    assert ledger.source.names == ("Montant", "Sens", "Debit", "Credit")


ORDERS = {
    "Name": ["#1", "#1", "#2", "#3"],
    "Lineitem quantity": ["2", "1", "1", "1"],
    "Lineitem price": ["10.00", "5.00", "30.00", "8.00"],
    "Lineitem discount": ["0.00", "0.00", "0.00", "0.00"],
    "Discount Amount": ["4.90", None, "3.00", "9.90"],
    "Subtotal": ["25.00", None, "27.00", "3.00"],
}


def test_of_a_discount_what_was_given_on_postage_is_not_taken_off_the_goods(export, engine, tmp_path):
    lines = export(**ORDERS)
    goods = settled(lines, preset("shopify", "sales").settles, engine, tmp_path)
    # 25 of goods cost 25: all 4.90 were postage; #2 is right as it stands; of #3, 5 came off the goods
    assert texts(goods, engine, tmp_path, "Discount Amount") == ["0.0000", None, "3.00", "5.0000"]
    [notice] = goods.notices
    assert "9.80 of Discount Amount in 2 orders was not on goods" in notice


def test_an_order_whose_lines_do_not_come_to_its_subtotal_is_left_as_it_is(export, engine, tmp_path):
    cut = {**ORDERS, "Subtotal": ["40.00", None, "27.00", "-9.00"]}
    lines = export(**cut)
    assert settled(lines, preset("shopify", "sales").settles, engine, tmp_path) is lines


def test_an_order_with_an_amount_that_cannot_be_read_is_left_as_it_is(export, engine, tmp_path):
    lines = export(**{**ORDERS, "Lineitem price": ["10.00", "?", "30.00", None]})
    assert settled(lines, preset("shopify", "sales").settles, engine, tmp_path) is lines


LEANING = "Date;N°;Client;Article;Qté;Montant HT\n15/02/2024;F1;C1;A;2;200,00\n;;;B;3;100,00\n"
LEANING_BY_DAY = "Date;N°;Client;Article;Qté;Montant HT\n15/02/2024;F1;C1;A;2;200,00\n;F2;C2;B;3;100,00\n"
LEANT = {
    "order_id": "N°",
    "date": "Date",
    "customer_id": "Client",
    "product_id": "Article",
    "quantity": "Qté",
    "net_revenue": "Montant HT",
}
TOTALS = [
    ";;;Total F1;5;300,00",
    ";;;Total;;300,00",
    ";Total;;;5;300,00",
    ";;;;;101,00",
    ";;;;;",
    "Total;;;;5;300,00",
    ";;;Sous-total F1 :;5;300,00",
]


@pytest.mark.parametrize("total", TOTALS)
@pytest.mark.parametrize(
    "text, said",
    [
        (LEANING_BY_DAY, ["Date"]),
        (LEANING, ["Date", "N°", "Client"]),
        (LEANING, {"columns": ["Date", "N°", "Client"], "within": "N°"}),
    ],
)
def test_no_totals_row_becomes_a_sale_by_a_day_that_is_carried_into_it(desk, text, said, total):
    columns = {name: {"column": column, "optional": True} for name, column in LEANT.items()}
    columns |= {"date": "Date", "net_revenue": "Montant HT"}
    snapshot = desk.load(f"{text}{total}\n", fill_down=said, columns=columns)
    assert desk.revenue(snapshot) == 300
    assert desk.column(snapshot, "order_id")[0] == "F1" and desk.counts(snapshot)[0] == 2


def test_a_subtotal_between_two_documents_takes_nothing_and_the_lines_below_it_are_filled(desk):
    text = f"{LEANING};;;Total F1;5;300,00\n16/02/2024;F2;C2;A;1;50,00\n;;;B;1;1,00\n;;;Total F2;2;51,00\n;;;;;351,00\n"
    snapshot = desk.load(text, fill_down=["Date", "N°", "Client"], columns=LEANT)
    assert desk.revenue(snapshot) == 351
    assert desk.column(snapshot, "order_id") == ["F1", "F1", "F2", "F2"]
    assert desk.column(snapshot, "customer_id") == ["C1", "C1", "C2", "C2"]


def test_a_product_called_like_a_total_is_a_line_where_each_line_bears_its_document(export, engine, tmp_path):
    lines = export(
        Name=["#1", "#1", None], Email=["a", None, None], B=["x"] * 3, C=["x"] * 3, D=["x"] * 3, E=["x"] * 3,
        Item=["Pen", "Total Recall", "Total"],
    )  # fmt: skip
    filled = Filled(lines, ["Email"], "Name", engine, tmp_path)
    assert texts(filled, engine, tmp_path, "Email") == ["a", "a", None]
    down = Filled(lines, ["Name", "Email"], "Name", engine, tmp_path)
    assert texts(down, engine, tmp_path, "Name") == ["#1", "#1", None]


def test_documents_whose_lines_stand_apart_give_nothing_to_a_total(export, engine, tmp_path):
    lines = export(
        Name=["#1", "#2", "#1", "#1"], Email=["a", "b", None, None], Item=["x", "x", "x", "Total"], N=list("1236")
    )
    filled = Filled(lines, ["Email"], "Name", engine, tmp_path)
    assert texts(filled, engine, tmp_path, "Email") == ["a", "b", "a", None]


def test_merged_cells_of_a_workbook_are_filled_and_its_totals_are_not(desk):
    book = openpyxl.Workbook()
    for row in (
        ["Date", "Client", "Article", "Montant HT"],
        [dt.date(2024, 2, 1), "C1", "A", 10],
        [None, None, "B", 20],
        [None, None, "Total", 30],
        [None, None, None, 30],
    ):
        book.active.append(row)
    book.active.merge_cells("A2:A3")
    book.active.merge_cells("B2:B3")
    book.save(desk.exports / "ventes.xlsx")
    columns = {key: LEANT[key] for key in ("date", "customer_id", "product_id", "net_revenue")}
    snapshot = desk.load(name="ventes.xlsx", fill_down=["Date", "Client"], columns=columns)
    assert desk.revenue(snapshot) == 30 and desk.column(snapshot, "customer_id") == ["C1", "C1"]
