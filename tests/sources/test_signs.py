"""Signs: credit notes without a minus are told, in each amount of a line, and so is a rule for them that meets none."""

import pytest

HEAD = "date;doc;net_revenue;cost;quantity\n"
COLUMNS = {"date": "date", "net_revenue": "net_revenue", "cost": "cost", "quantity": "quantity"}
DOCUMENT = {"column": "doc", "values": {"Facture": "invoice", "Avoir": "credit"}}
MINUS = {"column": "doc", "in": ["Avoir"]}


def said(desk, rows, **columns):
    made = desk.load(HEAD + rows, columns=COLUMNS | columns)
    return [each for each in made.report["tables"]["sales"]["notices"] if "below zero" in each or "above zero" in each]


SALES = "2026-01-05;Facture;100;60;2\n2026-01-06;Facture;50;30;1\n"


def test_signs_that_agree_are_not_spoken_of(desk):
    assert said(desk, f"{SALES}2026-01-07;Avoir;-40;-24;-1\n", document=DOCUMENT) == []


def test_a_rebate_on_an_invoice_may_have_a_quantity(desk):
    assert said(desk, f"{SALES}2026-01-07;Facture;-5;0;1\n", document=DOCUMENT) == []


def test_a_cost_above_zero_beside_revenue_below_zero_is_told_with_what_to_type(desk):
    [notice] = said(desk, f"{SALES}2026-01-07;Avoir;-40;24;-1\n")
    assert notice.startswith("Rows of sales with a net_revenue below zero and a cost above zero: 1 (cost 24")
    assert 'Write cost = { column = "...", credits = {' in notice


def test_a_quantity_above_zero_of_a_credit_note_is_told(desk):
    [notice] = said(desk, f"{SALES}2026-01-07;Avoir;-40;-24;1\n", document=DOCUMENT)
    assert "a quantity above zero: 1 (quantity 1" in notice


def test_credit_notes_that_stand_above_zero_are_told(desk):
    [notice] = said(desk, f"{SALES}2026-01-07;Avoir;40;24;1\n", document=DOCUMENT)
    assert notice.startswith("Rows of sales that are credit notes and stand above zero: 1 (net_revenue 40")


@pytest.mark.parametrize("word, count", [("Avoir", 0), ("Avoirs", 1)])
def test_a_word_for_credit_notes_that_no_row_bears_is_told(desk, word, count):
    mapped = {"column": "net_revenue", "credits": MINUS | {"in": [word]}}
    cost = {"column": "cost", "credits": MINUS}
    found = said(desk, f"{SALES}2026-01-07;Avoir;40;24;1\n", net_revenue=mapped, cost=cost)
    assert len([each for each in found if each.startswith("No row of sales is below zero")]) == count
