"""The workbook: figures are numbers with their unit beside them, every sheet is found and prints well."""

import dataclasses
import io
from decimal import Decimal

import openpyxl
import pandas as pd
import pytest

from perfkit import languages
from perfkit.reports import record, worksheets, xlsx
from perfkit.results import Field, View
from tests.reports.documents import Breakdown, long_report, notebook, shown


class Scorecard(Breakdown):
    def views(self):
        rows = pd.DataFrame(
            {
                "name": [name for name, _ in self.members],
                "actual": [amount for _, amount in self.members],
                "unit": ["EUR", "share"][: len(self.members)],
            }
        )
        return [
            View("How it stands", "October", [Field("name", "Figure"), Field("actual", "Oct", unit_from="unit")], rows)
        ]


class Summary(Breakdown):
    def views(self):
        rows = pd.DataFrame({"name": [name for name, _ in self.members], "value": ["10 €", "50%"][: len(self.members)]})
        return [View("Revenue rose.", "Three figures", [Field("name", "Figure"), Field("value", "Oct")], rows)]


class Findings(Breakdown):
    def figures(self):
        rows = super().figures()
        rows["kpi"] = "finding"
        rows["dimensions"] = [{"finding": name} for name, _ in self.members]
        stake = rows.iloc[[0]].assign(kpi="stake", figure_id="s", estimate=[Decimal("5662.10")])
        return pd.concat([rows, stake])

    def views(self):
        rows = pd.DataFrame(
            [(str(n), name, "10 €", "5,662 €") for n, (name, _) in enumerate(self.members, 1)],
            columns=["rank", "claim", "number", "stake"],
        )
        fields = [
            Field("rank", "Rank"),
            Field("claim", "Finding"),
            Field("number", "Figure"),
            Field("stake", "At stake"),
        ]
        return [View("2 findings", "October", fields, rows)]


MEMBERS = (("Revenue", Decimal("10.5")), ("Margin", 0.5))


def book(*cells, node=None):
    node = node or notebook("# Audit", *cells)
    return openpyxl.load_workbook(io.BytesIO(xlsx.workbook(record.read(node))))


def test_findings_are_numbers_with_their_unit_in_a_column():
    sheet = book("## Improve: what is worth doing here?", shown(Findings(MEMBERS)))["Findings"]
    rows = list(sheet.iter_rows(min_row=4, max_row=6, values_only=True))
    assert rows == [
        ("Rank", "Finding", "Figure", "Unit", "At stake"),
        (1, "Revenue", 10.5, "EUR", 5662.1),
        (2, "Margin", 0.5, "EUR", ""),
    ]
    assert sheet["E5"].number_format == '"€"#,##0;-"€"#,##0'


def test_the_first_sheet_holds_the_headline_figures_as_numbers_of_the_scorecard():
    sheet = book(shown(Summary(MEMBERS[:1])), "## Evaluate", shown(Scorecard(MEMBERS))).worksheets[0]
    assert [cell.value for cell in sheet["A"][:6]] == [
        "Audit",
        "Acme, October 2026",
        None,
        "Revenue rose.",
        "Figure",
        "Revenue",
    ]
    assert (sheet["B6"].value, sheet["C6"].value, sheet["C6"].number_format) == ("EUR", 10.5, '"€"#,##0;-"€"#,##0')


def test_without_a_scorecard_the_headline_figures_are_those_of_the_cover():
    found = worksheets.headlines(record.read(notebook(shown(Summary(MEMBERS)))))
    assert [row["value"] for row in found["rows"]] == ["10.5", 0.5]


def test_the_first_sheet_leads_to_every_other():
    made = book(node=long_report())
    links = [cell.hyperlink.location for row in made.worksheets[0] for cell in row if cell.hyperlink]
    assert links == [f"'{sheet.title}'!A1" for sheet in made.worksheets[1:]]


def test_a_sheet_is_called_by_the_first_words_of_a_long_heading():
    cells = (
        "## Improve : what is worth doing here and now?",
        shown(Breakdown(MEMBERS)),
        "## What was read, and what was left out",
        shown(Breakdown(MEMBERS, "B")),
    )
    assert book(*cells).sheetnames == ["Contents", "Improve", "What was read", "Figures"]


@dataclasses.dataclass(frozen=True, eq=False)
class LedgerTie(Breakdown):
    """A result of two tables, told apart by a column."""

    def views(self):
        (view,) = super().views()
        fields = [
            dataclasses.replace(field, key="level" if field.key == "revenue" else field.key) for field in view.fields
        ]
        first = dataclasses.replace(view, fields=fields, rows=view.rows.rename(columns={"revenue": "level"}))
        return [first, dataclasses.replace(view, title="Another")]


@pytest.mark.parametrize(
    "language, named",
    [
        ("en", ["Contents", "Sales and books", "Do the sales of the whole year", "Figures"]),
        ("fr", ["Sommaire", "Ventes et comptabilité", "Do the sales of the whole year", "Chiffres"]),
    ],
)
def test_a_table_that_readers_know_has_a_short_name_in_their_language(language, named):
    languages.use(language)
    try:
        made = book("## Do the sales of the whole year tie to the books?", shown(LedgerTie(MEMBERS)))
    finally:
        languages.use("en")
    assert made.sheetnames == named


def test_no_name_that_is_given_to_a_sheet_is_longer_than_excel_takes():
    for language in languages.LANGUAGES:
        languages.use(language)
        names = [languages.text(name) for _, _, name in worksheets._CALLED]
        languages.use("en")
        assert max(map(len, names)) <= 31 and len(set(names)) == len(names)


def test_the_last_sheet_lists_every_figure_in_words_of_the_readers_language():
    languages.use("fr")
    try:
        sheet = book("## Marchés", shown(Breakdown(MEMBERS))).worksheets[-1]
    finally:
        languages.use("en")
    head, first, *_ = sheet.iter_rows(values_only=True)
    assert head[:4] == ("Indicateur", "Objet", "Période", "Valeur")
    assert first[:4] == ("Chiffre d’affaires net HT", "Revenue", "2026-10", 10.5)
    assert first[8:] == ("EUR", "observé", "", "sum", "Revenue by market:Revenue")
    assert sheet["D2"].number_format == '#,##0.00"\xa0€";-#,##0.00"\xa0€"'


def test_an_answer_is_no_table():
    cell = shown(Breakdown((), "Revenue fell.", "Mostly mix."))
    cell.outputs[0].data[record.PAYLOAD]["kind"] = "Answer"
    assert "Revenue fell. — Mostly mix." not in [each.value for each in book("## One", cell).worksheets[0]["B"]]


def test_every_sheet_prints_across_on_a4_as_wide_as_a_page_with_its_head_on_each():
    for sheet in book(node=long_report()).worksheets:
        assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
        assert sheet.sheet_properties.pageSetUpPr.fitToPage and sheet.page_setup.fitToHeight == 0
        assert sheet.print_title_rows
        assert "&P / &N" in sheet.oddFooter.right.text or "&P" in str(sheet.oddFooter.right.text)


def test_a_table_keeps_its_head_and_first_column_in_sight():
    assert {sheet.freeze_panes for sheet in book(node=long_report()).worksheets[1:-1]} == {"B5"}


def test_a_table_that_the_data_lack_is_listed_without_a_sheet():
    made = book("## Channels", shown(Breakdown((), "Channel: not available", "Ask for it.")))
    assert made.sheetnames == ["Contents", "Figures"]
    assert "Channel: not available — Ask for it." in [cell.value for cell in made.worksheets[0]["B"]]
