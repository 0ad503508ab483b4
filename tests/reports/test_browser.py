"""In a real browser: a report asks for nothing, runs nothing, fits a phone, and shows hostile words as words."""

import json
import re

import nbformat
import openpyxl
import pytest

from perfkit import reports
from perfkit.reports import html, markup, record
from tests.reports.documents import kept_together

pytestmark = pytest.mark.browser

FIRED = "window.__xss=(window.__xss||0)+1"
PAYLOADS = [
    f"<script>{FIRED}</script>",
    f"</style><script>{FIRED}</script>",
    f"</title></head><script>{FIRED}</script>",
    f"<img src=x onerror={FIRED}>",
    f'"><img src=x onerror="{FIRED}">',
    f"'><svg onload='{FIRED}'>",
    f"<svg><script>{FIRED}</script></svg>",
    f"<body onload={FIRED}>",
    f"<details open ontoggle={FIRED}>",
    f"<input autofocus onfocus={FIRED}>",
    f"<video><source onerror={FIRED}></video>",
    f"<iframe srcdoc='<script>parent.{FIRED}</script>'></iframe>",
    "<iframe src=https://example.org/a></iframe>",
    "<link rel=stylesheet href=https://example.org/b.css>",
    "<style>@import 'https://example.org/c.css';</style>",
    "<meta http-equiv=refresh content='0;url=https://example.org/d'>",
    "<base href=https://example.org/>",
    "<object data=https://example.org/e></object>",
    f"<a href=javascript:{FIRED}>press</a>",
    f"<math><mtext><table><mglyph><style><img src=x onerror={FIRED}>",
    f"<!--><img src=x onerror={FIRED}>-->",
    f"{{{{ 7*7 }}}}{{% for x in y %}}<script>{FIRED}</script>",
    f"![x](https://example.org/f.png)[y](javascript:{FIRED})<script>{FIRED}</script>",
    f'\u202e\u2028\\" onmouseover={FIRED} x="',
]
FORMULAS = [
    "=1+1",
    "=cmd|'/c calc'!A0",
    "+1+1",
    "-1+1",
    "@SUM(1)",
    "\t=1",
    "http://example.org/x",
    "mailto:a@b",
    "#REF!",
]

HOSTILE = f"""
payloads = {PAYLOADS!r}
formulas = {FORMULAS!r}
for number, payload in enumerate(payloads):
    display(sales({{payload: "1", formulas[number % len(formulas)]: "2"}}, heading=payload, title=payload, kpi=payload))
"""
DRAWN = """
from matplotlib import pyplot as plt

from perfkit.charts import show_chart

for payload in payloads:
    figure, axes = plt.subplots(figsize=(2, 1))
    axes.set_title(payload.replace("$", ""), loc="left", fontsize=4)
    figure.set_label(payload)
    show_chart(axes)
"""


def one_line(words):
    return " ".join(words.split())


@pytest.fixture(scope="module")
def hostile(tmp_path_factory, make_company):
    """A report whose every place holds hostile words: company, parameter, prose, tables, charts, raw outputs."""
    acme = make_company(
        tmp_path_factory.mktemp("hostile") / "acme",
        "## Section " + PAYLOADS[0],
        "\n\n".join(["# Prose", *PAYLOADS]),
        HOSTILE,
        DRAWN,
        "from IPython.display import HTML, Javascript, Markdown, SVG",
        "for payload in payloads: display(HTML(payload), Markdown(payload), Javascript('window.__xss=1'))",
        "print(*payloads, sep='\\n')",
        "pd.DataFrame({payload: [payload] for payload in payloads}).style.set_caption(payloads[0])",
        "import sys; print(payloads[3], file=sys.stderr)",
        name=PAYLOADS[1],
    )
    notebook = acme / "notebooks" / "audit.ipynb"
    node = nbformat.read(notebook, as_version=4)
    node.cells[1].source += '\nlabel: str = ""'
    nbformat.write(node, notebook)
    load = acme / "snapshots" / "f00d" / "load.json"
    load.parent.mkdir(parents=True)
    load.write_text(
        json.dumps({"schema_version": 1, "tables": {"sales": {"files": [{"name": PAYLOADS[4], "sha256": "0" * 64}]}}}),
        encoding="utf-8",
    )
    return reports.publish("audit", acme, period="2026-10", snapshot="f00d", parameters={"label": PAYLOADS[5]})


def opened(chromium, path, **context):
    """A page of a file, with everything that it asked for and said."""
    page = chromium.new_context(**context).new_page()
    page.heard = []
    page.on("request", lambda request: page.heard.append(request.url))
    page.on("dialog", lambda dialog: (page.heard.append("dialog"), dialog.dismiss()))
    page.on("websocket", lambda socket: page.heard.append(socket.url))
    page.on("popup", lambda popup: page.heard.append("popup"))
    page.goto(path.as_uri())
    page.wait_for_timeout(300)
    page.mouse.move(200, 200)
    page.heard = [url for url in page.heard if not url.startswith("data:")]
    return page


@pytest.mark.parametrize("policy", [True, False], ids=["with the policy", "with the policy stripped"])
def test_no_script_runs_and_nothing_is_asked_for(hostile, chromium, tmp_path, policy):
    source = (hostile.folder / "report.html").read_text(encoding="utf-8")
    if not policy:
        source, stripped = re.subn(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", source)
        assert stripped == 1
    path = tmp_path / "report.html"
    path.write_text(source, encoding="utf-8")
    page = opened(chromium, path)
    assert page.heard == [path.as_uri()]
    assert page.evaluate("window.__xss") is None
    assert page.url == path.as_uri()
    assert page.locator("script, iframe, object, embed, base, link, form, input, video").count() == 0
    assert page.locator("style").count() == 1
    assert page.locator("meta[http-equiv]").count() == int(policy)
    every = "[...document.querySelectorAll('*')].flatMap(e => [...e.attributes]).map(a => a.name)"
    assert not [name for name in page.evaluate(every) if name.lower().startswith("on")]
    assert page.evaluate("[...document.querySelectorAll('[href]')].every(e => e.getAttribute('href').startsWith('#'))")
    assert page.evaluate(
        "[...document.querySelectorAll('[src]')].every(e => e.getAttribute('src').startsWith('data:image/'))"
    )


def test_hostile_words_are_visible_as_words(hostile, chromium):
    page = opened(chromium, hostile.folder / "report.html")
    seen = one_line(page.locator("body").inner_text())
    cells = {one_line(each) for each in page.locator("td, tbody th").all_inner_texts()}
    alts = {one_line(each.get_attribute("alt")) for each in page.locator("img").all()}
    for payload in PAYLOADS:
        assert one_line(payload) in cells
        assert one_line(payload) in alts
        assert one_line(payload) in seen
    assert one_line(page.locator(".company").inner_text()) == one_line(PAYLOADS[1])
    named = page.locator(".facts dd, .inputs li > span").all_inner_texts()
    assert {PAYLOADS[4], PAYLOADS[5]} <= {one_line(each) for each in named}


def test_the_index_runs_and_asks_for_nothing_either(hostile, chromium):
    path = hostile.folder.parents[2] / "index.html"
    page = opened(chromium, path)
    assert page.heard == [path.as_uri()]
    assert page.evaluate("window.__xss") is None
    assert PAYLOADS[1] in page.locator("body").inner_text()


def test_hostile_words_are_neither_formulas_nor_links_in_the_workbook(hostile):
    book = openpyxl.load_workbook(hostile.folder / "report.xlsx")
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert not [cell.value for cell in cells if cell.data_type == "f"]
    links = [cell.hyperlink for cell in cells if cell.hyperlink]
    assert links and not [link for link in links if link.target or not link.location]  # to its own sheets only
    words = {cell.value for cell in cells}
    assert {words_ for words_ in FORMULAS if words_ not in words} == set()
    assert {payload for payload in PAYLOADS if payload not in words} == set()
    assert not list(book.defined_names)


@pytest.mark.parametrize("width", [390, 1280])
def test_a_page_never_scrolls_sideways(published, hostile, chromium, width):
    for report in (published, hostile):
        page = opened(chromium, report.folder / "report.html", viewport={"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") == width


def test_a_sign_stands_on_the_line_of_its_amount(chromium):
    words = "".join(f"<p>{'w' * length} −€71,039 and +$1,200</p>" for length in range(1, 60))
    page = chromium.new_page()
    page.set_content(
        markup.joined(f'<html lang="en"><style>{kept_together()} p {{ width: 14em }}</style><body>{words}')
    )
    parted = page.evaluate(
        """() => [...document.querySelectorAll("p")].filter(p => [...p.children].some(
            amount => amount.getClientRects().length > 1) || p.children.length < 2).length"""
    )
    page.close()
    assert parted == 0


def test_a_report_prints_on_a4_with_page_numbers_and_nothing_cut(published, chromium):
    import io

    import pypdf

    page = opened(chromium, published.folder / "report.html")
    pdf = pypdf.PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True)))
    pages = [each.extract_text() for each in pdf.pages]
    assert {(round(float(each.mediabox.width)), round(float(each.mediabox.height))) for each in pdf.pages} <= {
        (595, 842),
        (596, 842),
    }
    assert all(f"{number} / {len(pages)}" in words for number, words in enumerate(pages, start=1))
    assert all(published.folder.name in words for words in pages)
    assert "Revenue by market" in "".join(pages)


def test_a_result_that_carries_hostile_html_of_its_own_is_cleaned(published, chromium, tmp_path):
    node = nbformat.read(published.folder / "notebook.ipynb", as_version=4)
    for cell in node.cells:
        for output in cell.get("outputs", []):
            if record.PAYLOAD in output.get("data", {}):
                output["data"]["text/html"] = f"<p onclick={FIRED}>still here</p>" + "".join(PAYLOADS)
    path = tmp_path / "report.html"
    path.write_text(re.sub("<meta http-equiv[^>]*>", "", html.page(node, record.read(node))), encoding="utf-8")
    page = opened(chromium, path)
    page.get_by_text("still here").click()
    assert page.heard == [path.as_uri()]
    assert page.evaluate("window.__xss") is None
