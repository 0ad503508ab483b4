"""From a notebook to a published folder: what stands there, and that all of it says the same."""

import hashlib
import io
import json
import os
import sys
import tempfile
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import openpyxl
import pyarrow.parquet as pq
import pytest

from perfkit import languages, periods, reports
from perfkit.errors import DataError, EngineError, ParameterError
from perfkit.reports import figures, record, run, xlsx

FILES = {"report.html", "report.pdf", "report.xlsx", "figures.parquet", "notebook.ipynb", "manifest.json"}


class Text(HTMLParser):
    """What a reader sees of a page."""

    def __init__(self, html):
        super().__init__()
        self.words, self.tags, self.hidden = [], [], False
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.hidden = tag == "style"

    def handle_endtag(self, tag):
        self.hidden = False

    def handle_data(self, data):
        if not self.hidden:
            self.words.append(data)

    def __str__(self):
        return " ".join(" ".join(self.words).split())


def manifest(published):
    return json.loads((published.folder / "manifest.json").read_text(encoding="utf-8"))


def page(published):
    return Text((published.folder / "report.html").read_text(encoding="utf-8"))


def read(published):
    return record.read(nbformat.read(published.folder / "notebook.ipynb", as_version=4))


def test_a_run_publishes_six_files_and_the_current_link_leads_to_them(published):
    place = published.folder.parent
    assert {path.name for path in published.folder.iterdir()} == FILES
    assert os.readlink(place / "current") == published.folder.name
    assert published.html.read_bytes() == (published.folder / "report.html").read_bytes()
    assert published.pdf is not None and published.pdf.read_bytes().startswith(b"%PDF-")
    assert place.parts[-3:] == ("reports", "2026-10", "audit.en")


def test_only_the_owner_can_read_a_report(published):
    assert {path.stat().st_mode & 0o777 for path in published.folder.iterdir()} == {0o600}
    assert published.folder.stat().st_mode & 0o777 == 0o700


def test_nothing_of_the_work_is_left(published):
    assert {path.name for path in published.folder.parent.iterdir()} == {published.folder.name, "current", ".lock"}
    assert not list(Path(tempfile.gettempdir()).glob(f"perfkit-{published.folder.name}"))


def test_the_manifest_says_what_was_made_from_what(published):
    said = manifest(published)
    assert said["company"] == "Acme & Söhne"
    assert (said["report"], said["period"], said["language"]) == ("audit", "2026-10", "en")
    assert said["parameters"] == {"top": 5, "segment": ""}
    assert said["notebook"]["adopted"] == "own"
    assert said["run_id"] == published.folder.name
    assert set(said["files"]) == FILES - {"manifest.json"}
    for name, file in said["files"].items():
        assert file["sha256"] == hashlib.sha256((published.folder / name).read_bytes()).hexdigest()


def test_html_workbook_parquet_and_manifest_show_the_same_headline_numbers(published):
    headlines = {each["figure_id"]: each["estimate"] for each in manifest(published)["headlines"]}
    assert headlines == {
        "revenue:North": "1234567.8901",
        "revenue:South": "-20.10",
        "revenue:East": "0.2099",
        "revenue:Total": "1234548.0000",
    }
    shown = str(page(published))
    book = openpyxl.load_workbook(published.folder / "report.xlsx")
    sheet = {row[0]: row[1] for row in book["Markets"].iter_rows(min_row=5, values_only=True)}
    listed = {row[-1]: row[3] for row in book["Figures"].iter_rows(min_row=2, values_only=True)}
    parquet = {row["figure_id"]: row for row in pq.read_table(published.folder / "figures.parquet").to_pylist()}
    for figure_id, exact in headlines.items():
        member = figure_id.removeprefix("revenue:")
        assert f"{member} {languages.money(float(exact), 'GBP')}" in shown
        assert sheet[member] == listed[figure_id] == parquet[figure_id]["estimate"] == float(exact)
        assert parquet[figure_id]["exact"] == exact


def test_a_total_says_that_it_ties(published):
    notes = [row[0].value for row in openpyxl.load_workbook(published.folder / "report.xlsx")["Markets"].iter_rows()]
    assert "Check: the rows add up to the total exactly in Revenue." in notes


def test_numbers_of_a_workbook_are_shown_in_their_unit(published):
    sheet = openpyxl.load_workbook(published.folder / "report.xlsx")["Markets"]
    assert [cell.number_format for cell in sheet[5]][1:] == [
        '"£"#,##0;-"£"#,##0',
        "0.0%;-0.0%",
        '+#,##0.0"\u00a0pt";-#,##0.0"\u00a0pt";#,##0.0"\u00a0pt"',
    ]
    assert sheet["D5"].value == 1.25  # percentage points


def test_every_figure_has_an_alternative_text_that_is_escaped(published):
    pictures = [attrs for tag, attrs in page(published).tags if tag == "img"]
    assert [each["alt"] for each in pictures] == ['Revenue doubled from £1 to £2 <&">']
    assert pictures[0]["src"].startswith("data:image/svg+xml;base64,")


def test_outputs_that_are_no_results_are_text_with_a_notice(published):
    shown = page(published)
    assert "printed <b>words</b>" in str(shown)
    assert "<IPython.core.display.HTML object>" in str(shown)
    assert not any(tag == "script" for tag, _ in shown.tags)
    assert published.notices == (
        "Section Other outputs: printed text stands as it was printed.",
        "Section Other outputs: an output (text/html) is shown as text only.",
        "Section Other outputs: an output (text/markdown) is shown as text only.",
        "Section Other outputs: a message while computing: a warning",
    )
    assert all(notice in str(shown) for notice in published.notices)
    assert list(published.notices) == manifest(published)["notices"]


def test_the_page_names_its_language_and_begins_with_its_policy(published):
    (html, attrs), (head, _), (meta, policy) = [each for each in page(published).tags if each[0] != "!doctype"][:3]
    assert (html, attrs, head, meta) == ("html", {"lang": "en"}, "head", "meta")
    assert policy["content"].startswith("default-src 'none'; img-src data:;")


def test_the_page_hides_code_and_lists_its_parameters(published):
    shown = str(page(published))
    assert "import pandas" not in shown
    assert "top 5" in shown


def test_the_same_record_gives_the_same_bytes(published):
    again = read(published)
    assert xlsx.workbook(again) == (published.folder / "report.xlsx").read_bytes()
    assert figures.parquet(again) == (published.folder / "figures.parquet").read_bytes()


def test_the_index_links_to_the_current_reports(company):
    acme = company("## One", "print(1)", setup="", name="Acme <b>")
    for period in ("2026-09", "2026-10", "2026-10"):
        reports.publish("audit", acme, period=period, language="fr" if period == "2026-09" else "en")
    index = Text((acme / "reports" / "index.html").read_text(encoding="utf-8"))
    links = [attrs["href"] for tag, attrs in index.tags if tag == "a" and attrs["href"].endswith(("html", "pdf"))]
    assert links == [
        f"{folder}/current/report.{kind}"
        for folder in ("2026-10/audit.en", "2026-09/audit.fr")
        for kind in ("html", "pdf")
    ]
    assert all((acme / "reports" / link).is_file() for link in links)
    assert "Acme <b>" in str(index)
    assert "1 earlier run" in str(index)


def test_a_report_of_a_segment_never_becomes_the_whole_company_s(company):
    acme = company("## One", "print(1)", setup="")
    whole = reports.publish("audit", acme, period="2026-10")
    part = reports.publish("audit", acme, period="2026-10", parameters={"segment": "key_accounts"})
    assert (whole.html.parents[1].name, part.html.parents[1].name) == ("audit.en", "audit.en.key_accounts")
    assert whole.html.parent.resolve() == whole.folder.resolve()
    index = (acme / "reports" / "index.html").read_text(encoding="utf-8")
    assert "Sales audit · key_accounts" in index
    with pytest.raises(ParameterError, match=r"segment '\.\./x': a segment's name is lower-case letters"):
        reports.publish("audit", acme, period="2026-10", parameters={"segment": "../x"})


def test_a_word_that_is_no_segment_s_name_is_refused_with_the_lines_that_declare_one(company):
    acme = company("## One", "print(1)", setup="")
    with pytest.raises(ParameterError) as refused:
        reports.publish("audit", acme, period="2026-10", parameters={"segment": "Hôtels & Bars"})
    typed = '[segments.hotels_bars]\nwhere = [{ column = "segment", equals = "Hôtels & Bars" }]'
    assert f"write there:\n{typed}\nThen write -p segment=hotels_bars." in str(refused.value)
    settings = acme / "company.toml"
    settings.write_text(f"{settings.read_text(encoding='utf-8')}\n{typed}\n", encoding="utf-8")
    with pytest.raises(ParameterError, match=r"declares \[segments.hotels_bars\]: write -p segment=hotels_bars"):
        reports.publish("audit", acme, period="2026-10", parameters={"segment": "Hôtels & Bars"})


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"report": "adit"}, "no report 'adit'. Did you mean 'audit'"),
        ({"period": "2026-13"}, "there is no month 13"),
        ({"period": "../../x"}, "is not a period"),
        ({"language": "de"}, "no language 'de'"),
        ({"parameters": {"tpo": 1}}, "no parameter 'tpo'. Did you mean 'top'"),
        ({"parameters": {"top": "many"}}, "parameter top takes a whole number, not 'many'"),
        ({"parameters": {"language": "fr"}}, "is set by the run itself"),
    ],
    ids=lambda value: str(next(iter(value.items()))) if isinstance(value, dict) else "",
)
def test_what_cannot_be_meant_is_refused_before_anything_is_written(company, asked, sentence):
    acme = company()
    with pytest.raises(ParameterError) as refusal:
        reports.publish(**{"report": "audit", "company": acme, "period": "2026-10"} | asked)
    assert sentence in str(refusal.value)
    assert not (acme / "reports").exists()


def test_a_link_that_leads_out_of_the_company_is_refused(company, tmp_path):
    acme = company()
    (tmp_path / "elsewhere").mkdir()
    (acme / "reports").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(EngineError, match="leads outside the company's folder"):
        reports.publish("audit", acme, period="2026-10")
    assert not list((tmp_path / "elsewhere").iterdir())


def test_one_figure_cannot_have_two_values_in_one_report(company):
    acme = company("## Twice", 'sales({"North": "1"})', 'sales({"North": "2"})')
    with pytest.raises(DataError, match="In section 'Twice': figure 'revenue:North' has two values"):
        reports.publish("audit", acme, period="2026-10")


def test_a_payload_that_breaks_the_schema_is_refused(company):
    acme = company("## Odd", 'odd = sales({"North": "1"}, kpi="")', "odd")
    with pytest.raises(
        DataError, match="In section 'Odd': the result 'SalesBy' breaks perfkit.figures/1 at figures/0/kpi"
    ):
        reports.publish("audit", acme, period="2026-10")


def test_a_result_that_cannot_display_itself_is_a_refusal_and_not_a_repr(company):
    acme = company("## Broken", "SalesBy(None)")
    with pytest.raises(EngineError, match="In section 'Broken': "):
        reports.publish("audit", acme, period="2026-10")
    assert not list((acme / "reports").glob("*/*/current"))


def test_a_kernel_is_this_python_with_nothing_of_the_user_in_it(company, monkeypatch, tmp_path):
    (tmp_path / "home" / ".ipython" / "profile_default" / "startup").mkdir(parents=True)
    (tmp_path / "home" / ".ipython" / "profile_default" / "startup" / "x.py").write_text("raise SystemExit")
    spec = tmp_path / "home" / ".local" / "share" / "jupyter" / "kernels" / "python3"
    spec.mkdir(parents=True)
    (spec / "kernel.json").write_text('{"argv": ["/bin/false"], "display_name": "x", "language": "python"}')
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MPLBACKEND", "Agg")
    acme = company(
        "import os, sys, tempfile",
        f"assert sys.executable == {sys.executable!r}",
        "places = [os.environ[name] for name in ('IPYTHONDIR', 'MPLCONFIGDIR', 'JUPYTER_RUNTIME_DIR', 'TMPDIR')]",
        "assert all('perfkit-' in place for place in [*places, os.getcwd(), tempfile.gettempdir()])",
        "assert os.environ['MPLBACKEND'] == 'module://matplotlib_inline.backend_inline'",
        setup="",
    )
    reports.publish("audit", acme, period="2026-10")


def test_hostile_parameters_arrive_as_they_were_written(company):
    hostile = '"""\'; import os; os._exit(1) #\\\n{company} $(id)'
    acme = company(f"assert label == {hostile!r}", setup="")
    notebook = acme / "notebooks" / "audit.ipynb"
    node = nbformat.read(notebook, as_version=4)
    node.cells[1].source += '\nlabel: str = ""'
    nbformat.write(node, notebook)
    published = reports.publish("audit", acme, period="2026-10", parameters={"label": hostile})
    assert manifest(published)["parameters"]["label"] == hostile


def test_sheet_names_are_safe_and_unique():
    import xlsxwriter

    book = xlsxwriter.Workbook(io.BytesIO())
    sheets = xlsx._Sheets(book)
    asked = [
        "A/B: [x]*?",
        "A B x",
        "figures",
        "History",
        "'",
        "x" * 40,
        "X" * 40,
        "é" * 31 + "a",
        "é" * 31 + "b",
        "\x00",
    ]
    named = [sheets.name(each) for each in asked]
    for name in named:
        book.add_worksheet(name)
    book.close()
    assert len({name.casefold() for name in named}) == len(asked)
    assert named[0] == "A B x"


@pytest.mark.parametrize(
    ("language", "unit", "signed", "pattern"),
    [
        ("en", "GBP", False, '"£"#,##0;-"£"#,##0'),
        ("fr", "EUR", False, '#,##0"\u00a0€";-#,##0"\u00a0€"'),
        ("en", "count", True, "+#,##0;-#,##0;#,##0"),
        ("fr", "share", False, '0.0"\u00a0"%;-0.0"\u00a0"%'),
    ],
)
def test_number_formats_follow_unit_and_language(language, unit, signed, pattern):
    languages.use(language)
    try:
        assert xlsx.number_format(unit, signed=signed) == pattern
    finally:
        languages.use("en")


def test_a_text_that_is_too_long_for_a_cell_is_cut_with_a_mark():
    assert len(xlsx._cell("x" * 40_000)) == 32_767
    assert xlsx._cell("x" * 40_000).endswith("…")
    assert xlsx._cell("a\x00b\ud800") == "a\ufffdb\ufffd"


@pytest.mark.parametrize(
    "first, shown",
    [("2026-03-01", "March 2026"), ("2026-03-09", "March 2026 from 9 March 2026"), ("2025-01-01", "March 2026")],
)
def test_a_report_of_a_month_that_the_data_start_in_says_from_which_day(tmp_path, first, shown):
    kept = tmp_path / "snapshots" / "abc"
    kept.mkdir(parents=True)
    (kept / "load.json").write_text(json.dumps({"tables": {"sales": {"observed": {"first": first}}}}))
    assert run.shown(periods.parse("2026-03"), tmp_path, "abc", "01-01") == shown


def test_a_report_that_reads_no_sales_bears_the_name_of_its_period(tmp_path):
    assert run.shown(periods.parse("2026-03"), tmp_path, "", "01-01") == "March 2026"
