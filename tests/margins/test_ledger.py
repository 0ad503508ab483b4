"""The ledger tie: each cause found to the cent, alone and among the others; nothing is lost between two totals."""

from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfkit import languages, margins, periods
from perfkit.errors import ParameterError
from perfkit.margins.ledger.causes import CAUSES
from perfkit.results import plain

YEAR, QUARTER = periods.parse("2024"), periods.parse("2024-Q1")


@pytest.fixture(autouse=True)
def _english_again():
    yield
    languages.use("en")


def sold(*lines):
    """Sales lines from (order, day, amount)."""
    frame = pd.DataFrame(lines, columns=["order_id", "date", "net_revenue"])
    return frame.assign(date=pd.to_datetime(frame["date"]))


def entry(number, day, piece, *lines, journal="VE", label="Facture"):
    """One document of the ledger; its lines are (account, credit less debit)."""
    return [
        {
            "journal": journal,
            "entry_id": str(number),
            "date": pd.Timestamp(day),
            "piece": piece,
            "label": label,
            "account": account,
            "debit": Decimal(str(max(-amount, 0))),
            "credit": Decimal(str(max(amount, 0))),
        }
        for account, amount in lines
    ]


def invoice(number, day, piece, net, *, journal="VE", tax="0.2", account="707000"):
    """A sale to a customer: 411, 70 and 4457."""
    vat = (Decimal(str(net)) * Decimal(tax)).quantize(Decimal("0.01"))
    lines = [("411000", -(Decimal(str(net)) + vat)), (account, Decimal(str(net))), ("445710", vat)]
    return entry(number, day, piece, *lines, journal=journal, label=f"Facture {piece}")


def books(*documents):
    return pd.DataFrame([line for document in documents for line in document])


def tied(sales, ledger, period=QUARTER, **options):
    """The tie, once its sums are proven: every month and the whole, to the last digit."""
    result = margins.ledger.tie(sales, ledger, period=period, currency="EUR", **options)
    explained = result.causes.groupby("month")["amount"].sum()
    for row in result.months.to_dict("records"):
        assert row["gap"] == row["books"] - row["sales"]
        assert row["gap"] == explained.get(row["month"], Decimal(0)) + row["residual"]
    assert result.total("gap") == sum(result.totals["amount"], Decimal(0)) + result.total("residual")
    assert set(result.totals["cause"]) == set(result.causes["cause"]) <= set(CAUSES)
    return result


def found(result):
    """Causes by month, "01" to "12": {cause: {month: amount}}; the residual among them where there is any."""
    rows = [(row["cause"], row["month"], row["amount"]) for row in result.causes.to_dict("records")]
    rows += [("residual", row["month"], row["residual"]) for row in result.months.to_dict("records") if row["residual"]]
    causes = {}
    for cause, month, amount in rows:
        causes.setdefault(cause, {})[f"{month:%m}"] = amount
    return causes


def eur(amount):
    return Decimal(str(amount))


# Two documents that tie, so that the others have something to be matched beside.
SALES = [("F1", "2024-01-10", 100), ("F2", "2024-02-10", 200)]
BOOKS = [invoice(1, "2024-01-10", "F1", 100), invoice(2, "2024-02-10", "F2", 200)]


BANK = entry(90, "2024-03-15", "REM1", ("512000", -120), ("411000", 120), journal="BQ", label="Remise")


def with_more(sales=(), ledger=(), **options):
    """The tie with the two documents, a month of the bank, and more."""
    return tied(sold(*SALES, *sales), books(*BOOKS, BANK, *ledger), **options)


# ---- Counted by hand: nothing, and each cause alone


def test_sales_that_equal_the_ledger_leave_no_gap_and_no_cause():
    result = with_more()
    assert found(result) == {} and not any(result.months["gap"])
    assert (result.total("sales"), result.total("books"), result.found) == (300, 300, (2, 2))
    assert result.views()[0].title == "Sales tie to the books to the cent: €300.00"


def test_a_document_sold_in_january_and_booked_in_february_moves_between_them():
    result = with_more([("F3", "2024-01-31", "80.05")], [invoice(3, "2024-02-01", "F3", "80.05")])
    assert found(result) == {"cut_off": {"01": eur("-80.05"), "02": eur("80.05")}}
    assert result.totals.loc[0, ["amount", "documents"]].tolist() == [0, 1]
    row = result.documents.iloc[0]
    assert (row["reference"], row["entry"], f"{row['sold_in']:%m}", f"{row['booked_in']:%m}") == (
        "F3", "VE 3", "01", "02",
    )  # fmt: skip


def test_a_document_booked_before_it_is_sold_moves_too():
    result = with_more([("F3", "2024-03-02", 80)], [invoice(3, "2024-02-28", "F3", 80)])
    assert found(result) == {"cut_off": {"02": 80, "03": -80}}


def test_cut_off_over_the_edge_of_the_period_is_still_cut_off():
    ledger = books(*BOOKS, BANK, invoice(3, "2024-04-02", "F3", 80))
    result = tied(sold(*SALES, ("F3", "2024-03-31", 80)), ledger)
    assert found(result) == {"cut_off": {"03": -80}}


def accrual(number, day, account, net, *, label="FAE", tax="445870", journal="OD"):
    """An accrual of revenue against an account, with its tax, on a piece of its own."""
    net = eur(net)
    vat = (net * eur("0.2")).quantize(eur("0.01")) if tax else eur(0)
    lines = [(account, -(net + vat)), ("707000", net), *([(tax, vat)] if tax else [])]
    return entry(number, day, f"OD{number}", *lines, journal=journal, label=label)


def test_sales_to_be_invoiced_stand_on_418():
    assert found(with_more(ledger=[accrual(3, "2024-03-31", "418100", "55.50")])) == {"to_invoice": {"03": eur("55.5")}}


def test_an_accrual_and_its_reversal_are_two_causes_that_offset_each_other():
    ledger = [accrual(3, "2024-01-31", "418100", 55), accrual(4, "2024-02-01", "418100", -55, label="Extourne FAE")]
    assert found(with_more(ledger=ledger)) == {"to_invoice": {"01": 55}, "reversals": {"02": -55}}


def test_the_reversal_of_last_years_accrual_needs_no_label():
    ledger = [accrual(3, "2024-01-01", "418100", -55, label="FAE Dupont")]
    assert found(with_more(ledger=ledger)) == {"reversals": {"01": -55}}


def test_credit_notes_to_be_issued_stand_on_4198():
    ledger = [accrual(3, "2024-02-29", "419800", -40), accrual(4, "2024-03-01", "419800", 40)]
    assert found(with_more(ledger=ledger)) == {"credits_due": {"02": -40}, "reversals": {"03": 40}}


def test_deferred_income_is_put_off_and_released_month_by_month():
    ledger = [
        accrual(3, "2024-01-31", "487000", -30, label="PCA", tax=None),
        accrual(4, "2024-02-29", "487000", 10, label="Reprise PCA", tax=None),
        accrual(5, "2024-03-31", "487000", 20, label="Reprise PCA", tax=None),
    ]
    assert found(with_more(ledger=ledger)) == {"deferred": {"01": -30, "02": 10, "03": 20}}


def test_deferred_income_taken_back_whole_is_a_reversal():
    ledger = [
        accrual(3, "2024-01-31", "487000", -30, label="PCA", tax=None),
        accrual(4, "2024-02-01", "487000", 30, label="PCA", tax=None),
    ]
    assert found(with_more(ledger=ledger)) == {"deferred": {"01": -30}, "reversals": {"02": 30}}


def test_an_invoice_deferred_in_the_document_itself_is_deferred_income():
    document = entry(3, "2024-03-05", "F3", ("411", -144), ("706", 40), ("487", 80), ("44571", 24))
    assert found(with_more([("F3", "2024-03-05", 120)], [document])) == {"deferred": {"03": -80}}


def test_an_invoice_deferred_whole_is_not_said_to_be_missing():
    document = entry(3, "2024-03-05", "F3", ("411", -144), ("487", 120), ("44571", 24))
    assert found(with_more([("F3", "2024-03-05", 120)], [document])) == {"deferred": {"03": -120}}


def test_an_invoice_booked_against_418_offsets_its_accrual():
    taken = entry(4, "2024-02-05", "F3", ("411", -132), ("445870", -20), ("418100", 120), ("44571", 22), ("707", 10))
    result = with_more([("F3", "2024-02-05", 110)], [accrual(3, "2024-01-31", "418100", 100), taken])
    assert found(result) == {"to_invoice": {"01": 100, "02": -100}}


def test_freight_that_sales_do_not_hold_is_side_income():
    document = entry(3, "2024-03-05", "F3", ("411", -132), ("707", 100), ("708500", 10), ("44571", 22))
    assert found(with_more([("F3", "2024-03-05", 100)], [document])) == {"side_income": {"03": 10}}


def test_freight_that_sales_hold_leaves_no_gap():
    document = entry(3, "2024-03-05", "F3", ("411", -132), ("707", 100), ("708500", 10), ("44571", 22))
    assert found(with_more([("F3", "2024-03-05", 110)], [document])) == {}


def test_side_income_of_its_own_document_is_side_income():
    rent = entry(3, "2024-03-31", "LOC3", ("411", -60), ("708300", 50), ("44571", 10))
    assert found(with_more(ledger=[rent])) == {"side_income": {"03": 50}}


def test_rebates_that_sales_do_not_hold_stand_on_709():
    rebate = entry(3, "2024-03-31", "RFA24", ("411", 36), ("709700", -30), ("44571", -6))
    inside = entry(4, "2024-02-05", "F3", ("411", -108), ("707", 100), ("7097", -10), ("44571", 18))
    result = with_more([("F3", "2024-02-05", 100)], [rebate, inside])
    assert found(result) == {"rebates": {"02": -10, "03": -30}}


def test_sales_net_of_the_rebate_tie_to_70_less_709():
    inside = entry(4, "2024-02-05", "F3", ("411", -108), ("707", 100), ("7097", -10), ("44571", 18))
    assert found(with_more([("F3", "2024-02-05", 90)], [inside])) == {}


@pytest.mark.parametrize("rate", ["0.2", "0.055"])
def test_a_sale_recorded_with_tax_is_tax(rate):
    net = eur("100.00")
    vat = net * eur(rate)
    result = with_more([("F3", "2024-03-05", net + vat)], [invoice(3, "2024-03-05", "F3", net, tax=rate)])
    assert found(result) == {"tax": {"03": -vat}}


def test_revenue_booked_with_tax_is_tax():
    document = entry(3, "2024-03-05", "F3", ("411", -120), ("707", 120))
    assert found(with_more([("F3", "2024-03-05", 100)], [document])) == {"tax": {"03": 20}}


def test_tax_beside_freight_is_told_apart():
    """Sales hold the goods with tax, the books hold goods and freight without."""
    document = entry(3, "2024-03-05", "F3", ("411", -132), ("707", 100), ("7085", 10), ("44571", 22))
    assert found(with_more([("F3", "2024-03-05", 120)], [document])) == {"side_income": {"03": 10}, "tax": {"03": -20}}


def test_a_credit_note_on_one_side_only_is_a_credit():
    result = with_more([("A9", "2024-01-20", -7)], [invoice(3, "2024-03-20", "A1", -15)])
    assert found(result) == {"credits": {"01": 7, "03": -15}}
    assert {row["reference"] for row in result.documents.to_dict("records")} == {"A1", "A9"}


def test_an_entry_labelled_as_a_reversal_is_one_though_no_accrual_stands_against_it():
    back = entry(3, "2024-03-01", "OD3", ("411", 12), ("707", -10), ("44571", -2), journal="OD", label="EXTOURNE F0")
    assert found(with_more(ledger=[back])) == {"reversals": {"03": -10}}


def test_documents_of_one_side_only_are_named():
    result = with_more([("F8", "2024-01-05", 30), ("F9", "2024-01-06", 5)], [invoice(3, "2024-02-05", "F7", 60)])
    assert found(result) == {"not_booked": {"01": -35}, "not_in_sales": {"02": 60}}
    rows = result.documents.set_index("reference")
    assert rows.loc["F8", "amount"] == -30 and rows.loc["F7", "entry"] == "VE 3"
    assert result.found == (2, 4)


def test_amounts_that_differ_stand_in_the_month_of_the_books():
    result = with_more([("F3", "2024-01-31", 100)], [invoice(3, "2024-02-01", "F3", 93)])
    assert found(result) == {"cut_off": {"01": -100, "02": 100}, "different": {"02": -7}}


def test_a_month_that_was_booked_twice_is_matched_and_said_to_be():
    sales = [(f"F{n}", f"2024-03-{n:02}", 10 + n) for n in range(3, 9)]
    ledger = [invoice(n, f"2024-03-{n:02}", f"F{n}", 10 + n) for n in range(3, 9)]
    ledger += [invoice(n + 50, f"2024-03-{n:02}", f"F{n}", 10 + n) for n in range(3, 9)]
    result = tied(sold(*sales), books(*ledger))
    assert (result.reference, result.found) == ("piece", (6, 6))
    assert found(result) == {"twice": {"03": sum(range(13, 19))}}


def test_a_cent_a_line_is_rounding_and_no_more():
    lines = [("F3", "2024-03-05", "33.3333")] * 3
    assert found(with_more(lines, [invoice(3, "2024-03-05", "F3", 100)])) == {"rounding": {"03": eur("0.0001")}}
    result = with_more([("F3", "2024-03-05", "99.98")], [invoice(3, "2024-03-05", "F3", 100)])
    assert found(result) == {"different": {"03": eur("0.02")}}


def test_a_document_of_several_months_and_entries_ties_in_each():
    sales = [("F3", "2024-01-05", 50), ("F3", "2024-02-05", 50)]
    ledger = [invoice(3, "2024-01-05", "F3", 50), invoice(4, "2024-02-05", "F3", 45)]
    assert found(with_more(sales, ledger)) == {"different": {"02": -5}}


def test_an_invoice_booked_undone_and_booked_again_ties():
    ledger = [
        invoice(3, "2024-03-05", "F3", 50),
        invoice(4, "2024-03-06", "F3", -50),
        invoice(5, "2024-03-07", "F3", 50),
    ]
    assert found(with_more([("F3", "2024-03-05", 50)], ledger)) == {}


EVERYTHING_SOLD = [
    ("F3", "2024-01-31", 80), ("F4", "2024-03-05", 120), ("F5", "2024-03-06", 100), ("F6", "2024-02-10", 100),
    ("F8", "2024-01-05", 30), ("A9", "2024-01-20", -7), ("F10", "2024-02-15", 70), ("F11", "2024-03-20", 120),
]  # fmt: skip
EVERYTHING_BOOKED = [
    invoice(3, "2024-02-01", "F3", 80),
    entry(4, "2024-03-05", "F4", ("411", -144), ("706", 40), ("487", 80), ("44571", 24)),
    entry(5, "2024-03-06", "F5", ("411", -132), ("707", 100), ("708500", 10), ("44571", 22)),
    entry(6, "2024-02-10", "F6", ("411", -108), ("707", 100), ("7097", -10), ("44571", 18)),
    invoice(7, "2024-02-05", "F7", 60),
    invoice(8, "2024-03-20", "A1", -15),
    invoice(10, "2024-02-15", "F10", 63),
    invoice(11, "2024-03-20", "F11", 100),
    accrual(20, "2024-01-31", "418100", 55),
    accrual(21, "2024-02-01", "418100", -55),
    accrual(22, "2024-03-31", "419800", -40),
]
EVERYTHING = {
    "cut_off": {"01": -80, "02": 80}, "to_invoice": {"01": 55}, "reversals": {"02": -55}, "credits_due": {"03": -40},
    "deferred": {"03": -80}, "side_income": {"03": 10}, "rebates": {"02": -10}, "tax": {"03": -20},
    "credits": {"01": 7, "03": -15}, "not_booked": {"01": -30}, "not_in_sales": {"02": 60}, "different": {"02": -7},
}  # fmt: skip


def test_all_causes_together_are_told_apart():
    result = with_more(EVERYTHING_SOLD, EVERYTHING_BOOKED)
    assert found(result) == EVERYTHING
    assert result.totals["cause"].tolist() == [cause for cause in CAUSES if cause in EVERYTHING]


# ---- How the ledger is written


def test_accounts_of_any_length_and_with_spaces_are_read():
    document = entry(3, "2024-03-05", "F3", (" 411DUPONT ", -120), (" 70710000", 100), ("44571000 ", 20))
    assert found(with_more([("F3", "2024-03-05", 100)], [document])) == {}


def test_references_are_compared_without_case_and_spaces():
    assert found(with_more([(" f3 ", "2024-03-05", 100)], [invoice(3, "2024-03-05", "F3", 100)])) == {}


def test_a_debit_or_credit_left_empty_is_nothing():
    ledger = books(*BOOKS)
    ledger = ledger.assign(
        debit=ledger["debit"].replace(Decimal(0), None), credit=ledger["credit"].replace(Decimal(0), None)
    )
    assert found(tied(sold(*SALES), ledger)) == {}


def test_entries_that_close_the_year_are_left_out_and_counted():
    closing = entry(9, "2024-12-31", "", ("707000", -300), ("120000", 300), journal="CL", label="Solde des comptes")
    others = [invoice(n, f"2024-{n:02}-10", f"F{n}", 10) for n in range(3, 13)]
    sales = [(f"F{n}", f"2024-{n:02}-10", 10) for n in range(3, 13)]
    result = with_more(sales, [*others, closing], period=YEAR)
    assert found(result) == {} and result.total("books") == 400
    assert (result.checks["closing"], result.checks["closing_revenue"]) == (1, -300)


def test_opening_entries_and_other_accounts_move_nothing_but_are_counted():
    opening = entry(1, "2024-01-01", "AN", ("120000", -50), ("512000", 50), journal="AN", label="A nouveaux")
    purchase = entry(5, "2024-01-15", "ACH", ("607000", -50), ("401000", 60), ("445660", -10), journal="HA")
    result = with_more(ledger=[opening, purchase])
    assert found(result) == {}
    assert (result.checks["lines"], result.checks["revenue_lines"], result.checks["documents"]) == (13, 2, 5)


def test_documents_that_do_not_balance_are_counted_and_named():
    lame = entry(3, "2024-03-05", "F3", ("411", -119), ("707", 100), ("44571", 20))
    result = with_more([("F3", "2024-03-05", 100)], [lame])
    assert (result.checks["unbalanced"], result.checks["balance"]) == (1, 1)
    assert result.unbalanced[["journal", "entry", "balance"]].to_numpy().tolist() == [["VE", "3", Decimal(1)]]
    view = result.views()[-1]
    assert view.title == "1 document of the ledger does not balance" and "VE 3, March 2024" in view.notes[0]


def test_entry_numbers_that_begin_again_are_other_documents():
    ledger = [invoice(1, "2024-03-05", "F3", 100), accrual(1, "2024-03-31", "418100", 55, journal="VE")]
    assert found(with_more([("F3", "2024-03-05", 100)], ledger)) == {"to_invoice": {"03": 55}}


def test_a_batch_of_accruals_in_one_document_is_told_apart_by_its_labels():
    batch = [
        *entry(9, "2024-03-31", "OD", ("418100", -120), ("707", 100), ("445870", 20), journal="OD", label="FAE Dupont"),
        *entry(9, "2024-03-31", "OD", ("419800", 48), ("707", -40), ("445870", -8), journal="OD", label="AAE Durand"),
        *entry(9, "2024-03-31", "OD", ("487000", 30), ("706", -30), journal="OD", label="PCA Martin"),
        *entry(9, "2024-03-31", "OD", ("408100", 12), ("607", -10), ("445860", -2), journal="OD", label="FNP Petit"),
    ]
    result = with_more(ledger=[batch])
    assert found(result) == {"to_invoice": {"03": 100}, "credits_due": {"03": -40}, "deferred": {"03": -30}}


def test_a_batch_that_no_label_tells_apart_is_split_by_what_stands_on_487():
    batch = entry(
        9,
        "2024-03-31",
        "OD",
        ("418100", -100),
        ("707", 100),
        ("487000", 30),
        ("706", -30),
        journal="OD",
        label="Cut-off",
    )
    assert found(with_more(ledger=[batch])) == {"to_invoice": {"03": 100}, "deferred": {"03": -30}}


def test_a_day_of_invoices_in_one_document_is_matched_piece_by_piece():
    """One line of 411 for the day, without a piece; a line of revenue an invoice."""
    day = [
        *entry(9, "2024-03-05", "", ("411", -180), ("44571", 30)),
        *entry(9, "2024-03-05", "F3", ("707", 100)),
        *entry(9, "2024-03-05", "F4", ("707", 50)),
    ]
    result = with_more([("F3", "2024-03-05", 100), ("F4", "2024-03-05", 45)], [day])
    assert found(result) == {"different": {"03": 5}}


# ---- How documents are matched


def test_documents_are_matched_by_entry_number_where_pieces_do_not_meet():
    ledger = books(*(invoice(f"F{n}", f"2024-0{n}-10", f"piece {n}", 10 * n) for n in (1, 2, 3)))
    result = tied(sold(*((f"F{n}", f"2024-0{n}-10", 10 * n) for n in (1, 2, 3))), ledger)
    assert result.reference == "entry" and found(result) == {}


def test_documents_are_matched_by_journal_and_number():
    ledger = books(*(invoice(n, f"2024-0{n}-10", None, 10 * n) for n in (1, 2, 3)))
    result = tied(sold(*((f"VE-{n}", f"2024-0{n}-10", 10 * n) for n in (1, 2, 3))), ledger)
    assert result.reference == "document" and found(result) == {}


def test_numbers_that_meet_by_chance_match_nothing():
    numbers = [str(n) for n in range(1, 31)]
    ledger = books(*(invoice(n, "2024-01-10", f"F{n}", 1000 + int(n)) for n in numbers))
    result = tied(sold(*((n, "2024-01-10", 5) for n in numbers)), ledger, periods.parse("2024-01"))
    assert result.reference is None
    assert found(result) == {"residual": {"01": result.total("gap")}}


def test_a_declared_reference_is_held_to():
    ledger = books(*(invoice(n, "2024-01-10", f"F{n}", 100) for n in (1, 2)))
    result = tied(sold(("1", "2024-01-10", 90), ("2", "2024-01-10", 100)), ledger, reference="entry")
    assert found(result) == {"different": {"01": 10}}


@pytest.mark.parametrize("without", ["order_id", "piece"])
def test_without_references_accounts_and_labels_still_tell_and_the_rest_is_not_explained(without):
    sales, ledger = sold(*SALES, *EVERYTHING_SOLD), books(*BOOKS, *EVERYTHING_BOOKED)
    result = tied(sales.drop(columns=without, errors="ignore"), ledger.drop(columns=without, errors="ignore"))
    causes = found(result)
    assert result.reference is None
    assert set(causes) == {"to_invoice", "credits_due", "reversals", "side_income", "residual"}
    assert causes["to_invoice"] == {"01": 55} and causes["side_income"] == {"03": 10}
    assert any("Ask for the invoice number on each line of sales" in note for note in result.views()[0].notes)


def test_lines_that_name_no_document_are_counted_and_their_money_is_not_explained():
    result = with_more([(None, "2024-01-05", 30), ("", "2024-01-06", 5)], [invoice(3, "2024-01-05", None, 35)])
    assert result.unnamed == (2, 35) and found(result) == {}
    result = with_more([(None, "2024-01-05", 30)])
    assert found(result) == {"residual": {"01": -30}}
    assert "1 line of sales (€30.00) names no document" in result.views()[0].notes[1]


# ---- Numbers that several documents share


def sold_to(*lines):
    """Sales lines from (order, customer, day, amount)."""
    frame = pd.DataFrame(lines, columns=["order_id", "customer_id", "date", "net_revenue"])
    return frame.assign(date=pd.to_datetime(frame["date"]))


def billed(number, day, piece, customer, net):
    """An invoice whose customer's account is named, on its line of 411 alone."""
    return [line | {"auxiliary": customer if line["account"] == "411000" else None}
            for line in invoice(number, day, piece, net)]  # fmt: skip


SHOP_AND_ERP = [("1001", "C1", "2024-01-10", 100), ("1001", "W7", "2024-02-10", 80), ("1002", "C2", "2024-01-12", 50)]


def test_a_number_that_two_customers_share_is_two_documents():
    ledger = books(
        billed(1, "2024-01-10", "1001", "c1 ", 100),
        billed(2, "2024-01-12", "1002", "C2", 50),
        billed(3, "2024-02-28", "X", "C9", 7),
    )
    result = tied(sold_to(*SHOP_AND_ERP), ledger)
    assert found(result) == {"not_booked": {"02": -80}, "not_in_sales": {"02": 7}}
    assert (result.found, result.shared) == ((2, 3), 1)
    assert "1 number names several documents" in " ".join(result.views()[0].notes)


def test_a_line_without_a_customer_is_one_of_its_numbers_document():
    sales = sold_to(("1", "C1", "2024-01-10", 100), ("1", None, "2024-01-10", 8), ("2", "C2", "2024-01-11", 30))
    ledger = books(billed(1, "2024-01-10", "1", "C1", 110), billed(2, "2024-01-11", "2", "C2", 30))
    result = tied(sales, ledger)
    assert found(result) == {"different": {"01": 2}} and (result.found, result.shared) == ((2, 2), 0)


def test_where_the_books_name_no_customer_the_amount_tells_documents_apart():
    ledger = books(invoice(1, "2024-02-10", "1001", 80), invoice(2, "2024-01-12", "1002", 50), BANK)
    result = tied(sold_to(*SHOP_AND_ERP), ledger)
    assert found(result) == {"not_booked": {"01": -100}}


def test_where_amounts_differ_too_the_month_tells_them_apart():
    ledger = books(invoice(1, "2024-02-10", "1001", 75), invoice(2, "2024-01-12", "1002", 50), BANK)
    result = tied(sold_to(*SHOP_AND_ERP), ledger)
    assert found(result) == {"not_booked": {"01": -100}, "different": {"02": -5}}


def test_numbers_that_begin_anew_each_year_are_other_documents():
    sales = sold_to(("1", "C1", "2023-02-10", 60), ("1", "C1", "2024-01-10", 100), ("2", "C1", "2024-01-11", 30))
    ledger = books(billed(1, "2024-01-10", "1", "C1", 90), billed(2, "2024-01-11", "2", "C1", 30))
    assert found(tied(sales, ledger)) == {"different": {"01": -10}}


def test_a_number_of_sales_under_which_the_books_have_another_customer_too_is_booked_and_not_sold():
    sales = sold_to(("1", "C1", "2024-01-10", 100), ("2", "C1", "2024-01-11", 30))
    ledger = books(
        billed(1, "2024-01-10", "1", "C1", 100), billed(7, "2024-01-20", "1", "Z9", 44),
        billed(2, "2024-01-11", "2", "C1", 30),
    )  # fmt: skip
    assert found(tied(sales, ledger)) == {"not_in_sales": {"01": 44}}


def test_what_one_number_comes_to_on_both_sides_is_left_as_it_is():
    """A factor pays for two customers: nothing is missing, so nothing is to be told apart."""
    ledger = books(billed(1, "2024-01-10", "1001", "FACTOR", 100), billed(2, "2024-02-10", "1001", "FACTOR", 80),
                   billed(3, "2024-01-12", "1002", "C2", 50))  # fmt: skip
    result = tied(sold_to(*SHOP_AND_ERP), ledger)
    assert found(result) == {} and result.shared == 0


# ---- Documents in another currency, set aside at load

ABROAD = pd.DataFrame(
    [
        ["F8", "C8", pd.Timestamp("2024-02-05"), "USD", Decimal(120), 2],
        ["F9", "C9", pd.Timestamp("2024-02-06"), "CHF", Decimal("10.5"), 1],
        ["F7", "C8", pd.Timestamp("2024-04-05"), "USD", Decimal(999), 1],
    ],
    columns=["order_id", "customer_id", "date", "currency", "net_revenue", "lines"],
)


def test_documents_in_another_currency_are_told_as_such_and_not_as_absent():
    result = with_more(ledger=[invoice(8, "2024-02-05", "F8", "110.20")], set_aside=ABROAD)
    assert found(result) == {"foreign": {"02": eur("110.20")}}
    assert result.found == (2, 2)
    assert result.abroad.to_numpy().tolist() == [["CHF", 1, 1, eur("10.5")], ["USD", 1, 2, eur(120)]]
    (note,) = [note for note in result.views()[0].notes if "currency" in note]
    assert "CHF10.50" in note.replace("\N{NO-BREAK SPACE}", "") and "$120.00" in note


def test_a_document_of_two_currencies_differs_by_what_was_set_aside():
    sales = [("F8", "2024-02-05", 30)]
    result = with_more(sales, [invoice(8, "2024-02-05", "F8", "110.20")], set_aside=ABROAD)
    assert found(result) == {"foreign": {"02": eur("80.20")}}


# ---- Lines that could not be read, set aside at load


def unread(*lines):
    """Documents as a load sets them aside, from (order, amount or None)."""
    rows = [[order, "C8", pd.NaT, "", None if amount is None else eur(amount), 1, False] for order, amount in lines]
    return pd.DataFrame(rows, columns=[*ABROAD.columns, "abroad"])


def test_a_line_set_aside_is_told_as_such_and_not_as_another_amount():
    sales, ledger = [("F8", "2024-02-05", "100.20")], [invoice(8, "2024-02-05", "F8", "399.06")]
    assert found(with_more(sales, ledger)) == {"different": {"02": eur("298.86")}}
    assert found(with_more(sales, ledger, set_aside=unread(("F8", "298.86")))) == {"set_aside": {"02": eur("298.86")}}
    assert found(with_more(sales, ledger, set_aside=unread(("F8", None)))) == {"set_aside": {"02": eur("298.86")}}


def test_what_the_line_set_aside_does_not_come_to_still_differs():
    sales, ledger = [("F8", "2024-02-05", "100.20")], [invoice(8, "2024-02-05", "F8", "399.06")]
    told = found(with_more(sales, ledger, set_aside=unread(("F8", "290"))))
    assert told == {"set_aside": {"02": eur(290)}, "different": {"02": eur("8.86")}}
    assert found(with_more(sales, ledger, set_aside=unread(("F8", "900")))) == {"different": {"02": eur("298.86")}}


def test_a_line_set_aside_that_comes_to_the_tax_is_no_tax():
    sales, ledger = [("F8", "2024-02-05", 120)], [invoice(8, "2024-02-05", "F8", 144)]
    assert found(with_more(sales, ledger, set_aside=unread(("F8", 24)))) == {"set_aside": {"02": 24}}


def test_a_document_that_was_set_aside_whole_is_not_absent_from_sales():
    ledger = [invoice(8, "2024-02-05", "F8", 60), entry(9, "2024-02-06", "F9", ("411000", 12), ("707000", -12))]
    result = with_more(ledger=ledger, set_aside=unread(("F8", None), ("F9", -12)))
    assert found(result) == {"set_aside": {"02": 48}} and result.found == (2, 2)
    assert result.abroad.empty and "another currency" not in " ".join(result.views()[0].notes)


def test_a_line_set_aside_of_a_document_that_ties_explains_nothing():
    assert found(with_more(set_aside=unread(("F2", 50), (None, 7), ("F77", 3)))) == {}


def test_nothing_set_aside_changes_nothing():
    result = with_more(set_aside=ABROAD.head(0))
    assert found(result) == {} and result.abroad.empty and result.shared == 0


# ---- What the ledger does not hold


def test_months_without_entries_are_not_compared():
    result = tied(sold(*SALES, ("F3", "2024-03-10", 50)), books(*BOOKS))
    assert [f"{month:%m}" for month in result.months["month"]] == ["01", "02"]
    assert [f"{month:%m}" for month in result.missing] == ["03"] and result.total("gap") == 0
    assert (result.figures().query("figure_id == 'ledger:gap:all'")["status"] == "partial").all()
    assert "Not compared: March 2024" in result.views()[0].notes[0]


def test_without_a_ledger_the_reader_is_told_what_to_ask_for():
    result = margins.ledger.tie(sold(*SALES), None, period=QUARTER, currency="EUR")
    assert "Ask for the accounting entries of the period: the FEC" in plain(result.views()[0])
    assert result.figures()[["status", "estimate"]].to_numpy().tolist() == [["not available", None]]
    assert result.ties_to() is None and result.payload()["figures"][0]["reason"]


def test_a_ledger_of_another_year_says_so():
    result = tied(sold(*SALES), books(invoice(1, "2023-01-10", "F1", 100)))
    assert "holds no month of Q1 2024. Ask for the FEC of that fiscal year" in result.reason


def test_an_empty_ledger_says_so():
    result = tied(sold(*SALES), books(*BOOKS).head(0))
    assert result.reason == "The ledger has no entry."


@pytest.mark.parametrize("column", ["debit", "credit"])
def test_a_ledger_without_its_debits_or_credits_ties_nothing_and_says_so(column):
    result = tied(sold(*SALES), books(*BOOKS).drop(columns=column))
    assert result.reason.startswith("The ledger lacks debits or credits") and result.months.empty


# ---- Refusals


def test_a_period_that_is_a_text_and_an_unknown_reference_are_refused():
    with pytest.raises(ParameterError, match="give a Period"):
        tied(sold(*SALES), books(*BOOKS), "2024-Q1")
    with pytest.raises(ParameterError, match="Did you mean 'piece'"):
        tied(sold(*SALES), books(*BOOKS), reference="pieces")


# ---- What is shown and published


def test_the_figures_are_unique_and_add_up():
    result = with_more(EVERYTHING_SOLD, EVERYTHING_BOOKED)
    figures = result.figures()
    assert figures["figure_id"].is_unique
    amounts = dict(zip(figures["figure_id"], figures["estimate"], strict=True))
    causes = sum(amounts[f"ledger:cause:{cause}:all"] for cause in EVERYTHING)
    assert amounts["ledger:gap:all"] == causes + amounts["ledger:residual:all"] == result.total("gap")
    assert result.ties_to()["books_revenue"] - result.ties_to()["net_revenue"] == result.total("gap")
    assert not [value for value in figures["estimate"] if isinstance(value, float)]


def test_it_shows_itself_in_both_languages():
    result = with_more(EVERYTHING_SOLD, EVERYTHING_BOOKED)
    english = result.views()
    assert english[0].title == "The books show €125.00 less than sales, and every cent of it has a cause"
    assert [view.title for view in english[1:]] == [
        "Sales and the books differ in 3 months of 3",
        "Documents to look up",
        "Every document of the ledger balances",
    ]
    assert len(english[1].rows) == len(EVERYTHING) + 3 and len(english[1].fields) == 5  # a label, three months, a total
    assert (
        english[0].rows["level"].tolist()[0] + sum(step for step in english[0].rows["step"] if step is not None)
        == (english[0].rows["level"].tolist()[-1])
    )
    languages.use("fr")
    shown = "\n".join(plain(view) for view in result.views())
    for words in ("Factures à établir", "Avoirs à établir", "Produits constatés d’avance", "Extournes", "Écart"):
        assert words in shown


def test_a_year_stands_with_its_months_below_each_other_and_every_column_adds_up():
    months = [(f"M{n}", f"2024-{n:02}-10", 10) for n in range(1, 13)]
    ledger = [*EVERYTHING_BOOKED, *(invoice(100 + n, day, name, net) for n, (name, day, net) in enumerate(months))]
    whole, first, second = with_more([*EVERYTHING_SOLD, *months], ledger, period=YEAR).views()[1:4]
    assert [field.key for field in whole.fields] == ["label", "sales", "explained", "residual", "books"]
    assert [len(first.fields), len(second.fields)] == [7, 7] and len(whole.rows) == 13
    for view in (whole, first, second):
        for field in view.fields[1:]:
            *each, total = view.rows[field.key]
            assert sum(each) == total


# ---- Invariants


amounts = st.decimals(min_value=-500, max_value=500, places=2)
names = st.sampled_from(["F1", "F2", "F3", "F4", None])
days = st.sampled_from(["2023-12-31", "2024-01-01", "2024-01-31", "2024-02-29", "2024-03-15", "2024-04-01"])
accounts = st.sampled_from(["411", "418", "4198", "487", "707", "7085", "709", "44571", "44587", "512", "120", "607"])
sale_lines = st.lists(st.tuples(names, days, amounts), min_size=1, max_size=8)
entry_lines = st.lists(
    st.tuples(
        st.sampled_from(["VE", "OD", "EXT"]),
        st.sampled_from(["1", "2", "F1"]),
        days,
        names,
        st.sampled_from(["Facture", "Extourne", None]),
        accounts,
        amounts,
    ),
    min_size=1,
    max_size=14,
)


def from_lines(lines):
    columns = ["journal", "entry_id", "date", "piece", "label", "account", "amount"]
    frame = pd.DataFrame(lines, columns=columns)
    return frame.assign(
        date=pd.to_datetime(frame["date"]),
        debit=[max(-amount, Decimal(0)) for amount in frame["amount"]],
        credit=[max(amount, Decimal(0)) for amount in frame["amount"]],
    ).drop(columns="amount")


customers = st.sampled_from(["A", "B", None])


@settings(max_examples=4)
@given(sale_lines, entry_lines, st.data())
def test_every_month_adds_up_where_numbers_name_several_customers(lines, written, data):
    sales, ledger = sold(*lines), from_lines(written)
    sales["customer_id"] = [data.draw(customers) for _ in lines]
    ledger["auxiliary"] = [data.draw(customers) for _ in written]
    once = tied(sales, ledger, reference="piece", set_aside=ABROAD.assign(order_id="F1"))
    again = tied(sales[::-1], ledger[::-1], reference="piece", set_aside=ABROAD.assign(order_id="F1"))
    assert comparable(once) == comparable(again)


def comparable(result):
    return [
        result.months.to_dict("records"),
        result.causes.to_dict("records"),
        result.totals.to_dict("records"),
        result.documents.to_dict("records"),
        result.unbalanced.to_dict("records"),
    ]


@settings(max_examples=4)
@given(sale_lines, entry_lines, st.randoms())
def test_whatever_the_lines_every_month_adds_up_and_their_order_does_not_matter(lines, written, random):
    result = tied(sold(*lines), from_lines(written), reference="piece")
    lines, written = list(lines), list(written)
    random.shuffle(lines)
    random.shuffle(written)
    assert comparable(result) == comparable(tied(sold(*lines), from_lines(written), reference="piece"))


@settings(max_examples=3)
@given(
    st.lists(
        st.tuples(st.sampled_from(["F1", "F2", "F3"]), days.filter(lambda day: day > "2024"), amounts),
        min_size=1,
        max_size=8,
    )
)
def test_books_written_from_the_sales_leave_no_gap_and_no_cause(lines):
    ledger = books(*(invoice(place, day, piece, net) for place, (piece, day, net) in enumerate(lines)))
    result = tied(sold(*lines), ledger, reference="piece")
    assert result.reason or (found(result) == {} and not any(result.months["gap"]))


@settings(max_examples=4)
@given(sale_lines, entry_lines)
def test_all_money_times_three_is_three_times_every_cause(lines, written):
    """Rounding is the exception: it is a cent a line whatever the amounts."""
    once = tied(sold(*lines), from_lines(written), reference="piece")
    lines = [(name, day, 3 * amount) for name, day, amount in lines]
    thrice = tied(sold(*lines), from_lines([(*line[:-1], 3 * line[-1]) for line in written]), reference="piece")
    tripled = {cause: {month: 3 * amount for month, amount in of.items()} for cause, of in found(once).items()}
    assert merged(found(thrice)) == merged(tripled)


def merged(causes):
    """Tax and rounding depend on cents: with the amounts that differ they are what is left of a matched document."""
    left = {}
    for cause in ("twice", "different", "rounding", "tax"):
        for month, amount in causes.get(cause, {}).items():
            left[month] = left.get(month, 0) + amount
    return {cause: of for cause, of in causes.items() if cause not in ("twice", "different", "rounding", "tax")} | {
        "left": left
    }
