"""Budgets: a sheet with a column a month is written out as the lines of [targets] that it comes to."""

import tomllib

import openpyxl
import pytest

from perfkit.sources import budgets, files, proposing

FISCAL = ["avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc.", "janv.", "févr.", "mars"]


def sheet(names, *rows):
    """Headings, and the cells of each column."""
    return tuple(names), {name: [row[n] for row in rows] for n, name in enumerate(names)}


def targets(found):
    return tomllib.loads("\n".join(found.lines))


def test_a_fiscal_year_across_counted_by_hand():
    names, rows = sheet(["Exercice", *FISCAL], ["2024/2025", *map(str, range(1, 13))], ["2025/26", *["10,5"] * 12])
    found = targets(budgets.across(names, rows))["revenue"]
    assert (found["2024-04"], found["2024-12"], found["2025-01"], found["2025-03"]) == (1, 9, 10, 12)
    assert (len(found), found["2025-04"], found["2026-03"]) == (24, 10.5, 10.5)


@pytest.mark.parametrize(
    "headings",
    [
        [f"2026-{month:02}" for month in range(1, 13)],
        [f"{month:02}/2026" for month in range(1, 13)],
        [f"\x01d2026-{month:02}-01 00:00:00" for month in range(1, 13)],
        ["Jan 26", "Feb 26", "Mar 26", "Apr 26", "May 26", "Jun 26", "Jul 26", "Aug-26", "Sep-26", "Oct-26", "Nov 2026",
         "Décembre 2026"],
    ],
    ids=["ISO", "French", "days of a workbook", "words"],
)  # fmt: skip
def test_months_that_say_their_year_and_rows_that_say_their_kpi(headings):
    names, rows = sheet(
        ["KPI", *headings], ["CA HT", *["1 200"] * 12], ["Commandes", *["3"] * 12], ["Divers", *["9"] * 12]
    )
    found = targets(budgets.across(names, rows))
    assert set(found) == {"revenue", "orders"} and set(found["revenue"].values()) == {1200}
    assert found["orders"] == {f"2026-{month:02}": 3 for month in range(1, 13)}


def test_what_the_title_says_of_thousands_is_written_out_whole():
    names, rows = sheet(["Exercice", *FISCAL], ["2024/2025", *["1,5"] * 12])
    found = budgets.across(names, rows, ["OBJECTIFS COMMERCIAUX (k€ HT)"])
    assert set(targets(found)["revenue"].values()) == {1500}
    assert "in 1,000s: they are written out whole" in str(found)


def test_the_thousands_of_a_title_are_those_of_amounts_alone():
    names, rows = sheet(
        ["KPI", *(f"2026-{month:02}" for month in range(1, 7))], ["CA", *"123456"], ["Commandes", *"123456"]
    )
    found = targets(budgets.across(names, rows, ["Budget 2026 (k€)"]))
    assert (found["revenue"]["2026-02"], found["orders"]["2026-02"]) == (2000, 2)


def test_months_whose_year_nothing_says_are_asked_for():
    names, rows = sheet(["Mois", *FISCAL], ["Budget", *["1"] * 12])
    found = budgets.across(names, rows)
    assert found.lines == () and 'revenue = { "2026-10" = 120000' in str(found)


def test_a_table_of_other_things_is_no_budget():
    names, rows = sheet(["Date", "Mars", "Client", "Montant HT"], ["2024-01-01", "1", "C", "2"])
    assert budgets.across(names, rows) is None


def test_map_of_a_workbook_with_months_across_says_what_to_copy(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["OBJECTIFS (k€ HT)"])
    book.active.append(["Exercice", *FISCAL])
    book.active.append(["2024/2025", *range(1000, 1012)])
    book.active.append(["2025/2026", *range(2000, 2012)])
    book.save(tmp_path / "o.xlsx")
    found = proposing.propose([files.examine(tmp_path / "o.xlsx", tmp_path)], exports=tmp_path, currency="EUR")
    assert found.table == "" and not found.loads
    assert '[targets]\nrevenue = { "2024-04" = 1000000, "2024-05" = 1001000' in found.trial
