"""The check of the demo: it finds the planted faults, and speaks where one is gone, more, or elsewhere."""

import copy
import re
import shutil
from decimal import Decimal

import pytest
from ibis import _

import perfkit as pk
from perfkit.demo import checks
from perfkit.demo.bridges import bridges_as_loaded
from perfkit.errors import ParameterError

TOLD_APART = {
    "bad dates", "amounts with letters", "missing dates", "cancelled documents", "repeated headings", "blank rows",
    "a re-exported overlap", "late invoices", "unknown customers", "unknown products", "trailing spaces",
    "missing customer ids", "a totals row", "test orders", "cancelled orders", "orders that were never paid",
    "quantities in words", "lost leading zeros", "keys that stand twice", "exact duplicate rows",
    "deals of an unknown status", "deals closed before they were created", "numbers that are not whole",
    "missing values", "values that are neither yes nor no", "credit notes of an unknown document",
}  # fmt: skip


def test_loading_finds_exactly_what_was_planted(loaded, truth):
    assert checks.differences(loaded, truth) == []


def test_many_kinds_of_faults_are_planted_and_each_says_what_it_is(truth):
    assert {fault["kind"] for fault in truth["faults"]} == TOLD_APART
    ids = [fault["id"] for fault in truth["faults"]]
    assert len(ids) == len(set(ids)) >= 30
    for fault in truth["faults"]:
        assert fault["rows"] == len(fault["places"]) > 0 and fault["says"].endswith(".")


def ids_of_faults():
    """Every fault of the small demo; a test below holds this list to truth.json."""
    years = ("2023", "2024", "2025", "2026")
    return [
        "erp-bad-date", "erp-amount-letters", "erp-no-date", "erp-cancelled", "erp-repeated-header", "erp-blank-rows",
        "erp-overlap-2024", "erp-unknown-customer", "erp-unknown-product", "erp-trailing-space", "erp-no-customer",
        "erp-late-invoices", *(f"erp-total-{year}" for year in years), "erp-credit-unlinked",
        "shop-test-orders", "shop-cancelled", "shop-not-paid", "shop-quantity-word", "shop-guests",
        "customers-zeros-pro", "customers-zeros-par", "customers-twice", "products-cost-unknown",
        "coaching-blank-rows", "costs-total", "stores-maybe", "crm-bad-status", "crm-closed-before-created",
        "crm-activity-twice", "crm-lead-undated", "spend-total", "sessions-half", "survey-no-score",
        "subscription-twice",
    ]  # fmt: skip


def test_the_list_of_faults_is_whole(truth):
    assert sorted(ids_of_faults()) == sorted(fault["id"] for fault in truth["faults"])


@pytest.mark.parametrize("id_", ids_of_faults())
def test_a_fault_that_loading_finds_and_nobody_planted_is_noticed(loaded, truth, id_):
    fewer = truth | {"faults": [fault for fault in truth["faults"] if fault["id"] != id_]}
    said = checks.differences(loaded, fewer)
    if id_ in {"coaching-blank-rows", "customers-zeros-pro", "customers-zeros-par"}:
        assert said == []  # what is only told, or mended, is looked for where it was planted
    else:
        assert said and all(each.endswith(".") for each in said)


@pytest.mark.parametrize("id_", ids_of_faults())
def test_a_fault_that_was_planted_and_loading_does_not_find_is_noticed_by_name(loaded, truth, id_):
    other = copy.deepcopy(truth)
    fault = next(each for each in other["faults"] if each["id"] == id_)
    fault["rows"] += 1
    fault["ids"] = [*fault["ids"], "not there"]
    fault["money"] = str(Decimal(fault["money"]) + 1) if fault["money"] else None
    fault["places"] = [*fault["places"], {**fault["places"][0], "line": 999_999}]
    if fault["effect"] == "told":
        fault["reason"] = "what no notice says"
    if "stated" in fault["more"]:
        fault["more"]["stated"] = "1"
    assert any(id_ in said for said in checks.differences(loaded, other))


def test_a_row_set_aside_on_another_line_is_noticed(loaded, truth):
    other = copy.deepcopy(truth)
    fault = next(each for each in other["faults"] if each["id"] == "erp-bad-date")
    fault["places"][0]["line"] += 1
    said = checks.differences(loaded, other)
    assert len(said) == 2 and "erp-bad-date: a row set aside (sales, erp/ventes_2023.csv, " in said[0]
    assert "was found and not planted" in said[1]


@pytest.mark.parametrize(("table", "key", "value"), [("sales", "money", "1"), ("leads", "rows", 1), ("fx", "rows", 3)])
def test_rows_or_money_that_are_not_the_storys_are_noticed(loaded, truth, table, key, value):
    other = copy.deepcopy(truth)
    other["clean"][table][key] = value
    [said] = checks.differences(loaded, other)
    assert said.startswith(f"{table}: ") and "and the story with its kept faults has" in said


def test_the_gap_between_sales_and_the_books_is_that_of_the_causes_planted(loaded, truth):
    other = copy.deepcopy(truth)
    assert checks.books_gap(truth)
    month = next(iter(checks.books_gap(truth)))
    other["ledger"]["by_cause_and_month_euros"]["rounding"] = {month: "0.01"}
    assert any(f"the books of {month}" in said for said in checks.differences(loaded, other))


def test_the_gap_between_the_costs_and_the_books_is_that_of_the_cause_planted(loaded, truth):
    other = copy.deepcopy(truth)
    [(month, lost)] = other["ledger"]["costs"]["by_cause_and_month_euros"].pop("stock_count").items()
    [said] = checks.differences(loaded, other)
    assert said.startswith(f"the costs in the books of {month} hold {lost}")
    assert said.endswith(" against the tables, and the causes of the story are +0.")


def test_a_line_of_an_export_that_is_changed_by_hand_is_noticed(written, tmp_path, truth):
    folder = tmp_path / "changed"
    shutil.copytree(written, folder)
    path = folder / "exports/erp/ventes_2025.csv"
    text = path.read_bytes().decode("cp1252")
    path.write_bytes(re.sub(r"(?m)^(F\d+;Facture;)(\d\d)/", r"\g<1>99/", text, count=1).encode("cp1252"))
    said = checks.differences(pk.load(folder), truth)
    assert any("erp/ventes_2025.csv" in each and "found and not planted" in each for each in said)
    assert any(each.startswith("sales: ") and "rows count" in each for each in said)


def test_an_invoice_that_is_moved_to_another_month_is_noticed_where_no_books_are(loaded, truth):
    other = copy.deepcopy(truth)
    months = other["totals"]["net_revenue_by_month_euros"]
    months["2024-03"] = str(Decimal(months["2024-03"]) - 1)
    months["2024-04"] = str(Decimal(months["2024-04"]) + 1)
    said = checks.differences(loaded, other)
    assert [each.partition(":")[0] for each in said] == ["sales of 2024-03", "sales of 2024-04"]


def test_what_moves_no_sum_is_noticed_by_column_and_month(written, tmp_path, truth):
    folder = tmp_path / "changed"
    shutil.copytree(written, folder)
    path = folder / "exports/erp/ventes_2025.csv"
    rows = path.read_bytes().decode("cp1252").splitlines(keepends=True)
    # The days of two lines of one month change places, and so do two customers and two quantities, far from any fault.
    heading = rows[0].rstrip().split(";")
    for column in ("Date facture", "Code client", "Quantité"):
        swap(rows, heading.index(column), heading.index("Date facture"))
    path.write_bytes("".join(rows).encode("cp1252"))
    said = checks.differences(pk.load(folder), truth)
    assert [each.split(" is not")[0] for each in said] == [
        f"sales: {column}" for column in ("date", "customer_id", "quantity", "invoiced_at")
    ]
    assert all(" in 2025-05, in documents of which no planted fault speaks." in each for each in said)


def swap(rows, place, day):
    """Let two invoices of May 2025 change one cell, in which they differ."""
    may = [at for at, row in enumerate(rows) if row.split(";")[day][3:] == "05/2025" and ";Facture;" in row]
    one = may[0]
    other = next(at for at in may if rows[at].split(";")[place] != rows[one].split(";")[place])
    cells = [rows[at].split(";") for at in (one, other)]
    cells[0][place], cells[1][place] = cells[1][place], cells[0][place]
    rows[one], rows[other] = (";".join(each) for each in cells)


def test_the_bridge_of_what_is_loaded_is_stated_beside_that_of_the_story(loaded, small_story, truth):
    name = "2025 against 2024"
    meant, of = truth["bridges"][name]["by_product_id"], truth["bridges_as_loaded"][name]["by_product_id"]
    assert truth["bridges_as_loaded"]["faults"] == ["erp-unknown-product"]
    assert (of["start_euros"], of["end_euros"]) == (meant["start_euros"], meant["end_euros"])
    sales = loaded.table("sales").filter(_.date.year() == 2024, _.product_id == "DIVERS")
    assert Decimal(of["lost_euros"]) - Decimal(meant["lost_euros"]) == -sales.net_revenue.sum().to_pyarrow().as_py()
    assert of["price_euros"] != meant["price_euros"]
    clean = bridges_as_loaded(small_story.tables["sales"], [])
    assert all(clean[name] == bridge for name, bridge in truth["bridges"].items() if name != "for")


@pytest.mark.parametrize("content", [None, "", "{}", "[]"])
def test_a_folder_without_a_truth_is_no_demo(tmp_path, content):
    if content is not None:
        (tmp_path / "truth.json").write_text(content)
    with pytest.raises(ParameterError, match="perfkit demo"):
        checks.truth_of(tmp_path)
