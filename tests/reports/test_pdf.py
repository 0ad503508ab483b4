"""The PDF: numbered pages, contents that tell the truth, bookmarks, nothing cut, and a run without Pango."""

import builtins
import dataclasses
import io
import re
from decimal import Decimal

import pandas as pd
import pypdf
import pytest

from perfkit import reports
from perfkit.reports import html, pdf, record
from perfkit.results import Field, View
from tests.reports.documents import Breakdown, long_report, notebook, shown


def document(node):
    return pdf.document(html.page(node, record.read(node)))


@pytest.fixture(scope="module")
def content():
    return document(long_report())


@pytest.fixture(scope="module")
def read(content):
    return pypdf.PdfReader(io.BytesIO(content))


@pytest.fixture(scope="module")
def pages(read):
    return [page.extract_text() for page in read.pages]


def test_every_page_bears_its_number_of_all_and_the_run(pages):
    assert len(pages) >= 6
    for number, words in enumerate(pages, start=1):
        assert f"{number} / {len(pages)}" in words
        assert "20261101T080000Z-abcd" in words


def test_every_page_but_the_cover_says_what_it_is_of(pages):
    assert all("Acme · Sales audit" in words and "October 2026" in words for words in pages[1:])
    assert "Acme · Sales audit" not in pages[0]


def test_every_page_is_a4(read):
    assert {(round(page.mediabox.width), round(page.mediabox.height)) for page in read.pages} == {(595, 842)}


def test_the_contents_give_the_page_on_which_each_chapter_stands(read, pages):
    contents = next(words for words in pages if words.startswith("Contents"))
    starts = {item.title: read.get_destination_page_number(item) + 1 for item in flat(read.outline)}
    for heading in ("Evaluate", "Markets", "Few", "Understand", "Definitions", "About this report"):
        assert re.search(rf"{heading}\s*{starts[heading]}\b", contents), heading
        assert heading in pages[starts[heading] - 1]


def flat(outline):
    for item in outline:
        if isinstance(item, list):
            yield from flat(item)
        else:
            yield item


def test_headings_are_bookmarks_in_their_order(read):
    assert [item.title for item in flat(read.outline)] == [
        "Sales audit",
        "Contents",
        "Evaluate",
        "Markets",
        "Few",
        "Understand",
        "Definitions",
        "About this report",
        "Files read",
    ]


def test_no_heading_stands_alone_at_a_pages_foot(read, pages):
    for item in flat(read.outline):
        after = pages[read.get_destination_page_number(item)].partition(item.title)[2]
        assert len(after.strip()) > 80 or item.title == "Files read", item.title


def test_a_long_table_repeats_its_head_and_loses_no_row(pages):
    words = " ".join(pages)
    assert all(f"Market {number} " in words.replace("\n", " ") for number in range(90))
    assert sum("Change, %" in page for page in pages) >= 3


def test_links_lead_to_places_in_the_document_only(read):
    links = [note.get_object() for page in read.pages for note in page.get("/Annots", [])]
    assert links and all(link.get("/A", {}).get("/S") != "/URI" for link in links)


def test_the_document_names_itself_its_language_and_its_day(read):
    assert read.metadata["/Title"] == "Sales audit · Acme · October 2026"
    assert read.metadata["/Author"] == "Acme"
    assert read.metadata["/CreationDate"].startswith("D:20261101080000")
    assert read.trailer["/Root"]["/Lang"] == "en"


def test_the_same_record_gives_the_same_bytes(content):
    assert document(long_report()) == content


@dataclasses.dataclass(frozen=True, eq=False)
class Wide(Breakdown):
    """A table of many columns."""

    columns: int = 0

    def views(self):
        rows = pd.DataFrame({"name": ["Some name of a product"], "revenue": [Decimal("-1234567890")]})
        many = [Field("revenue", f"Month {number}", unit="EUR", signed=True) for number in range(self.columns)]
        return [View("A wide table", "EUR", [Field("name", "Product"), *many], rows)]


@pytest.mark.parametrize("columns", [4, 8, 12, 24])
def test_a_table_of_any_width_stands_within_the_page(columns):
    content = document(notebook("# Audit", "## Wide", shown(Wide((), columns=columns))))
    ends, reader = [], pypdf.PdfReader(io.BytesIO(content))

    def measured(words, cm, tm, _font, size):
        if "1,234" in words:
            scale = abs(tm[0] * cm[0])
            ends.append(tm[4] * cm[0] + cm[4] + 0.5 * size * scale * len(words.strip()))  # digits are no narrower

    for page in reader.pages:
        page.extract_text(visitor_text=measured)
    assert "".join(page.extract_text() for page in reader.pages).count("1,234,567,890") == columns
    assert 300 < max(ends) <= 595 - 17 * 72 / 25.4 + 1


def test_nothing_outside_the_page_is_read(tmp_path, monkeypatch):
    import socket

    secret = tmp_path / "secret.png"
    secret.write_bytes(b"x")
    opened = []
    monkeypatch.setattr(socket, "create_connection", lambda *_, **__: opened.append(1))
    page = f'<link rel=stylesheet href="http://example.org/a.css"><img src="{secret.as_uri()}"><img src="http://example.org/b.png">words'
    found = pypdf.PdfReader(io.BytesIO(pdf.document(page)))
    assert not opened
    assert "words" in found.pages[0].extract_text() and not found.pages[0].images


def test_what_weasyprint_says_of_css_stays_out_of_the_terminal(capfd, caplog):
    pdf.document("<style>a { unknown: property; width: 1xyz }</style><p>words")
    assert capfd.readouterr() == ("", "")
    assert not caplog.records


@pytest.mark.parametrize("error, lacking", [(OSError("no libpango"), "Pango"), (ImportError("no"), "WeasyPrint")])
def test_without_pango_the_run_says_so_and_publishes_the_rest(company, monkeypatch, error, lacking):
    real = builtins.__import__

    def refusing(name, *others, **named):
        if name.partition(".")[0] == "weasyprint":
            print("-----\nWeasyPrint could not import some external libraries.")  # as it does
            raise error
        return real(name, *others, **named)

    monkeypatch.setattr(builtins, "__import__", refusing)
    published = reports.publish("audit", company("## One", "sales({'North': '1'})"), period="2026-10")
    assert published.pdf is None
    assert {path.name for path in published.folder.iterdir()} == {
        "report.html",
        "report.xlsx",
        "figures.parquet",
        "notebook.ipynb",
        "manifest.json",
    }
    assert len(published.notices) == 1
    assert published.notices[0].startswith(f"No PDF: this machine lacks {lacking}. Install it")
    assert published.notices[0] in html_text(published)
    assert ".pdf" not in (published.folder.parents[2] / "index.html").read_text(encoding="utf-8")


def html_text(published):
    import html as entities

    return entities.unescape((published.folder / "report.html").read_text(encoding="utf-8"))


def test_a_page_that_cannot_be_set_is_a_notice_and_not_a_failure(company, monkeypatch):
    def failing(_):
        raise RecursionError("too deep")

    monkeypatch.setattr(pdf, "document", failing)
    published = reports.publish("audit", company("## One", "sales({'North': '1'})"), period="2026-10")
    assert published.notices == ("No PDF: it could not be set (RecursionError: too deep).",)
    assert published.notices[0] in html_text(published)
