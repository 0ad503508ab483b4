"""In a real browser: axe-core finds nothing serious, and the keyboard reaches everything."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from perfkit import assets, languages
from perfkit.reports import html, index, record
from tests.reports.documents import long_report

pytestmark = pytest.mark.browser


def opened(chromium, tmp_path, source, width=1280):
    path = tmp_path / "page.html"
    path.write_text(source, encoding="utf-8")
    page = chromium.new_context(viewport={"width": width, "height": 900}).new_page()
    page.goto(path.as_uri())
    return page


def serious(page):
    found = Axe().run(page).response["violations"]
    return [(each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in ("serious", "critical")]


def rendered(language):
    languages.use(language)
    try:
        node = long_report(language, brand={"primary": "#1f3a5f", "accent": "#7a1f5f"})
        return html.page(node, record.read(node))
    finally:
        languages.use("en")


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("language", ["en", "fr"])
def test_axe_finds_nothing_serious_in_a_report(chromium, tmp_path, language, width):
    page = opened(chromium, tmp_path, rendered(language), width)
    for each in page.locator("details").all():
        each.locator("summary").click()
    assert serious(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_axe_finds_nothing_serious_in_the_published_report_and_the_index(published, chromium, tmp_path):
    assert serious(opened(chromium, tmp_path, published.html.read_text(encoding="utf-8"))) == []
    overview = published.folder.parents[2] / "index.html"
    assert serious(opened(chromium, tmp_path, overview.read_text(encoding="utf-8"))) == []
    assert index


def test_the_first_key_skips_to_the_content(chromium, tmp_path):
    page = opened(chromium, tmp_path, rendered("en"))
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.locator(".skip").bounding_box()["y"] >= 0
    page.keyboard.press("Enter")
    assert page.url.endswith("#content")


def test_a_phone_shows_the_narrow_picture_and_keeps_a_tables_first_column_in_sight(chromium, tmp_path):
    page = opened(chromium, tmp_path, rendered("en"), 390)
    image = page.locator("figure img").first
    image.scroll_into_view_if_needed()
    assert image.evaluate("each => each.naturalWidth") == 360
    assert page.locator("tbody th").first.evaluate("each => getComputedStyle(each).position") == "sticky"
    table = page.locator(".pk-scroll").first  # where it is wider than the screen a shade says so, and keys move it
    assert "scroll" in table.evaluate("each => getComputedStyle(each).backgroundAttachment")
    assert (table.get_attribute("role"), table.get_attribute("tabindex")) == ("region", "0")
    assert table.get_attribute("aria-label")
    links = page.locator(".contents a")
    assert min(links.nth(number).bounding_box()["height"] for number in range(links.count())) >= 24


def test_a_screen_shows_the_wide_picture_as_wide_as_the_text(chromium, tmp_path):
    page = opened(chromium, tmp_path, rendered("en"))
    assert page.locator("figure img").first.evaluate("each => [each.naturalWidth, each.clientWidth]") == [864, 864]


def test_a_long_owner_and_date_wrap_on_a_phone(chromium, tmp_path):
    css = assets.path("templates/report/display.css").read_text(encoding="utf-8")
    owner = "Responsable : Sonia Kermarrec, pour le 30 novembre 2026."
    source = (
        f'<div class="pk pk-summary" style="width: 358px"><style>{css}</style><ol class="pk-findings">'
        f'<li class="pk-finding"><p class="pk-rank">1</p><div class="pk-claim"><p class="pk-why">Revoir. <span '
        f'class="pk-owner">{owner}</span></p></div></li></ol></div>'
    )
    page = opened(chromium, tmp_path, source, 390)
    edge = page.locator(".pk-finding").bounding_box()
    box = page.locator(".pk-owner").bounding_box()
    assert box["x"] + box["width"] <= edge["x"] + edge["width"]
