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
from perfkit.reports import html, markup, pdf, record
from perfkit.results import Field, View, environment
from tests.reports.documents import PICTURE, Breakdown, chart, kept_together, long_report, notebook, shown


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


def members(count):
    return tuple((f"Row {number:02d} of it", Decimal(number * 1000)) for number in range(count))


def tall(title, height=330):
    """A chart of a third of a page."""
    cell = chart(title, "What it shows")
    cell.outputs[0].data["image/svg+xml"] = PICTURE.format(640).replace("200", str(height))
    return cell


def answer():
    cell = shown(Breakdown((), "It rose.", "Mostly mix."))
    cell.outputs[0].data[record.PAYLOAD]["kind"] = "Answer"
    return cell


def pages_of(*cells):
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(document(notebook("# Audit", *cells)))).pages]


def test_charts_and_their_tables_fill_the_pages_and_no_short_table_is_torn():
    parts = [
        each
        for n in range(5)
        for each in (f"### Part {n}", tall(f"Name {n}", 240), shown(Breakdown(members(6 + n), f"Name {n}")))
    ]
    found = [words for words in pages_of("## Understand", *parts) if "Name" in words or "Row" in words]
    assert len(found) <= 4, "five times a chart of 66 mm, its title and a table of 50 mm on pages of 255"
    assert " ".join(found).count("Row 05 of it") == 5, "no row is lost"
    for words in found:
        assert words.count("Row 00 of it") == words.count("Row 05 of it"), "no table is torn"


def test_a_long_table_begins_below_its_chart_and_goes_on_overleaf_below_its_head():
    found = pages_of("## One", "### Part", tall("The message"), shown(Breakdown(members(60), "The message")))
    begun, *gone_on = [words for words in found if re.search(r"Row \d\d of it", words)]
    assert "The message" in begun and "Row 00 of it" in begun
    assert gone_on and all("Change, %" in words and "October 2026 Part\n" in words for words in gone_on)


def test_a_message_is_said_once_and_what_is_hidden_is_in_no_copied_text():
    found = " ".join(pages_of("## One", tall("The message"), shown(Breakdown(members(3), "The message"))))
    assert found.count("The message") == 1


def test_a_long_table_below_a_chapters_answer_turns_the_page_and_says_again_what_it_shows():
    cells = ("## One", answer(), "### Part", tall("The message"), shown(Breakdown(members(17), "The message")))
    found = [words for words in pages_of(*cells) if "The message" in words]
    assert len(found) == 2
    assert "It rose." in found[0], "the answer stands above the chart"
    assert "Row 00" not in found[0] and "Row 00" in found[1] and "Row 16" in found[1]


def test_a_short_table_below_a_chapters_answer_stands_with_its_chart():
    cells = ("## One", answer(), "### Part", tall("The message"), shown(Breakdown(members(9), "The message")))
    (page,) = [words for words in pages_of(*cells) if "The message" in words]
    assert "It rose." in page and "Row 08" in page


def test_a_short_table_without_a_chart_is_not_torn_from_its_title():
    tables = [shown(Breakdown(members(12), f"Table {n}")) for n in range(8)]
    found = pages_of("## One", *tables)
    for number in range(8):
        (page,) = [words for words in found if f"Table {number}" in words]
        own = page[page.index(f"Table {number}") :]
        assert all(f"Row {row:02d}" in own for row in range(12))


def test_no_finding_is_torn_and_the_total_stands_below_the_last():
    cards = [
        {
            "rank": n,
            "claim": f"Claim {n:02d}, " + "which is long " * (n % 9),
            "number": "",
            "action": "Ask why.",
            "owner": "",
        }
        | {"basis": "A sum", "stake_basis": "", "caveat": f"The end of {n:02d}", "stake": "1 €" if n % 2 else ""}
        for n in range(1, 25)
    ]
    cell = shown(Breakdown(members(1), "Findings"))
    cell.outputs[0].data[record.PAYLOAD]["kind"] = "Findings"
    template = environment().get_template("findings.html.j2")
    cell.outputs[0].data["text/html"] = template.render(findings=cards, total="At stake in all: 12 €")
    found = pages_of("## Improve", answer(), cell, "## Last", "Words.")
    for card in range(1, 25):
        (page,) = [words for words in found if f"Claim {card:02d}" in words]
        assert f"The end of {card:02d}" in page
    assert any("The end of 24" in words and "At stake in all" in words for words in found)


def test_each_page_names_in_its_head_the_chapter_or_the_part_that_it_begins_with(pages):
    heads = [re.search(r"Acme · Sales audit · October 2026 ?(.*)", words)[1] for words in pages[1:]]
    assert heads[:2] == ["Contents", "Evaluate"] and heads[-1] in ("Definitions", "About this report")
    order = ["Contents", "Evaluate", "Markets", "Few", "Understand", "Definitions", "About this report"]
    assert [order.index(head) for head in heads] == sorted(order.index(head) for head in heads)


def test_the_page_of_the_contents_says_how_to_read_the_report(pages):
    (contents,) = [words for words in pages if words.startswith("Contents")]
    assert "How to read this report" in contents and "Not observed yet" in contents


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


@pytest.mark.parametrize("amount", ["+€171,663", "−€122,536", "−£9,500", "+$1,200"])
def test_a_sign_stands_on_the_line_of_its_amount(amount):
    """Between a sign and a currency's a line may break; so wherever the words before it end, it does not."""
    words = "".join(f"<p>{'w' * length} {amount}</p>" for length in range(1, 40))
    styles = kept_together() + ' p { width: 14em; font: 12px "Liberation Sans" }'
    page = f'<html lang="en"><style>{styles}</style><body>{words}'
    texts = [each.extract_text() for each in pypdf.PdfReader(io.BytesIO(pdf.document(markup.joined(page)))).pages]
    lines = [line.strip() for each in texts for line in each.splitlines()]
    assert [line for line in lines if line.endswith(("+", "−"))] == []
