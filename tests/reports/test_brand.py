"""The brand: two readable colours that mean nothing, and a logo that is an image and no more."""

import base64
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pydantic import ValidationError

from perfkit import brand, reports
from perfkit.brand import Brand
from perfkit.errors import ParameterError

PLAIN = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path fill="url(#g)" d="M0 0h9v9z"/></svg>'
colours = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


def picture(kind="PNG", size=(4, 3)):
    content = io.BytesIO()
    Image.new("RGB", size, "#123456").save(content, kind)
    return content.getvalue()


def refusal(folder, **declared):
    with pytest.raises(ParameterError) as refused:
        brand.of({"brand": declared}, folder)
    return str(refused.value)


def test_contrast_is_what_wcag_says():
    assert brand.contrast("#000000") == pytest.approx(21)
    assert brand.contrast("#ffffff") == 1
    assert brand.contrast("#767676") == pytest.approx(4.54, abs=0.005)  # the lightest grey that passes
    assert brand.contrast("#777777") == pytest.approx(4.48, abs=0.005)


def test_a_colour_that_cannot_be_read_is_refused_with_its_ratio_and_the_shade_that_passes(tmp_path):
    told = refusal(tmp_path, primary="#ffcc00")
    assert told.startswith(
        "company.toml, [brand] primary: #ffcc00 has a contrast of 1.5 to 1 on white, and text needs 4.5"
    )
    shade = told.partition("passes: ")[2][:7]
    assert brand.contrast(shade) >= 4.5
    assert brand.of({"brand": {"primary": shade}}, tmp_path) == {"primary": shade}


@pytest.mark.parametrize("colour, meaning", [("#c2372e", "bad"), ("#0b7a5c", "good"), ("#d0342c", "bad")])
def test_a_colour_that_looks_like_good_or_bad_is_refused(tmp_path, colour, meaning):
    assert f"looks like the colour that means {meaning}" in refusal(tmp_path, accent=colour)


@pytest.mark.parametrize("colour", ["#1f3a5f", "#000000", "#7a1f5f", "#00539B", "#5a616b"])
def test_a_readable_colour_passes(colour):
    assert Brand(primary=colour).primary == colour.lower()


@given(colours)
def test_the_shade_that_a_refusal_names_always_passes(colour):
    try:
        Brand(accent=colour)
    except ValidationError as error:
        shade = error.errors()[0]["msg"].partition("passes: ")[2][:7]
        assert Brand(accent=shade).accent == shade
        assert brand.contrast(shade) >= brand.contrast(colour)


@pytest.mark.parametrize("colour", ["red", "#fff", "#12345g", "rgb(0,0,0)", "#1f3a5f;}", "#1f3a5f\n"])
def test_what_is_no_colour_is_told_how_to_write_one(tmp_path, colour):
    assert "is no colour: write # and six hexadecimal digits, such as #1f3a5f" in refusal(tmp_path, primary=colour)


def test_an_unknown_key_is_told_the_nearest(tmp_path):
    assert "Did you mean 'primary'" in refusal(tmp_path, primry="#1f3a5f")


def test_no_brand_is_no_brand(tmp_path):
    assert brand.of({}, tmp_path) == {}


@pytest.mark.parametrize("name, kind", [("logo.png", "PNG"), ("logo.jpg", "JPEG")])
def test_a_logo_is_carried_as_it_is(tmp_path, name, kind):
    (tmp_path / name).write_bytes(picture(kind))
    worn = brand.of({"brand": {"logo": name}}, tmp_path)["logo"]
    assert worn.startswith(f"data:image/{kind.lower()};base64,")
    assert base64.b64decode(worn.partition(",")[2]) == picture(kind)


def test_a_drawing_is_a_logo(tmp_path):
    (tmp_path / "logo.svg").write_text(PLAIN)
    assert brand.of({"brand": {"logo": "logo.svg"}}, tmp_path)["logo"].startswith("data:image/svg+xml;base64,")


@pytest.mark.parametrize(
    "name, content, sentence",
    [
        ("logo.gif", b"GIF89a", "save the logo as PNG, JPEG or SVG"),
        ("../logo.png", picture(), "leads out of the company's folder"),
        ("/etc/logo.png", None, "leads out of the company's folder"),
        ("absent.png", None, "cannot be read"),
        ("logo.png", b"<svg/>", "its content is no PNG image"),
        ("logo.png", picture("JPEG"), "its content is no PNG image"),
        ("logo.png", picture()[:40], "its content is no PNG image"),
        ("logo.png", b"x" * (512 * 1024 + 1), "save it with at most 512 kB"),
        ("logo.png", picture(size=(2001, 2000)), "2001 × 2000 pixels"),
        ("logo.svg", b"\x89PNG", "its content is no SVG drawing"),
        ("logo.svg", b"<html/>", "its content is no SVG drawing"),
    ],
    ids=lambda value: None if isinstance(value, bytes) else value,
)
def test_what_is_no_logo_is_refused(tmp_path, name, content, sentence):
    company = tmp_path / "acme"
    company.mkdir()
    if content is not None:
        (company / name).write_bytes(content)
    told = refusal(company, logo=name)
    assert sentence in told and told.startswith("company.toml, [brand] logo")


def inside(words, before=""):
    return f'{before}<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">{words}</svg>'


@pytest.mark.parametrize(
    "drawing",
    [
        inside("<script>alert(1)</script>"),
        inside('<path onload="alert(1)"/>'),
        inside('<image href="https://example.org/x.png"/>'),
        inside('<use xlink:href="https://example.org/x.svg#a"/>'),
        inside('<a href="javascript:alert(1)"><path/></a>'),
        inside('<foreignObject><p xmlns="http://www.w3.org/1999/xhtml">x</p></foreignObject>'),
        inside('<g><p xmlns="http://www.w3.org/1999/xhtml">x</p></g>'),
        inside("<style>@import 'https://example.org/x.css';</style>"),
        inside("<style>path { fill: url(https://example.org/x) }</style>"),
        inside(r"<style>path { fill: u\rl(//x) }</style>"),
        inside("<path style=\"fill:url( '//x' )\"/>"),
        inside("<animate attributeName='href' to='javascript:x'/>"),
        inside("&x;", '<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>'),
        inside("&a;", '<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa">]>'),
        inside("", '<?xml-stylesheet href="https://example.org/x.css"?>'),
    ],
)
def test_a_drawing_that_runs_or_fetches_is_refused(tmp_path, drawing):
    (tmp_path / "logo.svg").write_text(drawing)
    assert "Export it as a plain SVG" in refusal(tmp_path, logo="logo.svg")


def tenfold(levels, one='<rect width="1" height="1"/>', again='<use href="#a{}"/>', box="g"):
    drawn = f'<{box} id="a0">{one}</{box}>'
    for level in range(1, levels + 1):
        drawn += f'<{box} id="a{level}">{again.format(level - 1) * 10}</{box}>'
    return inside(f"<defs>{drawn}</defs>{again.format(levels)}")


def rules_of(levels):
    """Patterns within patterns, each named by a rule of the style sheet alone."""
    drawn = '<pattern id="a0"><rect/></pattern>'
    for level in range(1, levels + 1):
        boxes = f'<rect class="c{level}"/>' * 10
        drawn += f'<style>.c{level} {{ fill: url(#a{level - 1}) }}</style><pattern id="a{level}">{boxes}</pattern>'
    return inside(f"<defs>{drawn}</defs><rect style='fill:url(#a{levels})'/>")


INHERITED = "".join(
    f'<g fill="url(#p{level - 1})"><pattern id="p{level}">{"<rect/>" * 10}</pattern></g>' for level in range(1, 6)
)


@pytest.mark.parametrize(
    "drawing, sentence",
    [
        (tenfold(7), "draws more than 1,000 elements"),
        (tenfold(7, again='<use xlink:href=" #%61{}"/>'), "draws more than 1,000 elements"),
        (tenfold(7, again='<rect fill="url(#a{})"/>', box="pattern"), "draws more than 1,000 elements"),
        (tenfold(7, again="<rect style=\"mask : url('#a{}')\"/>", box="mask"), "draws more than 1,000 elements"),
        (tenfold(7, again='<rect clip-path="url(#a{})"/>', box="clipPath"), "draws more than 1,000 elements"),
        (rules_of(5), "draws more than 1,000 elements"),
        (inside(f'<pattern id="p0"><rect/></pattern>{INHERITED}<rect fill="url(#p5)"/>'), "more than 1,000 elements"),
        (inside("<path/>" * 1_001), "draws more than 1,000 elements"),
        (inside('<g id="a"><use href="#a"/></g>'), "refers to itself"),
        (inside('<pattern id="a"><rect fill="url(#b)"/></pattern><mask id="b" fill="url(#a)"/>'), "refers to itself"),
        (inside('<linearGradient id="a" href="#b"/><linearGradient id="b" href="#a"/>'), "refers to itself"),
        (inside("<style>.a { .b { fill: red } fill: url(#p) }</style>"), "rules within rules"),
        (inside("<g>" * 200 + "</g>" * 200), "more than 100 deep"),
        (inside("".join(f'<use id="u{n}" href="#u{n + 1}"/>' for n in range(300))), "more than 100 deep"),
    ],
    ids=["use", "escaped", "pattern", "mask", "clip", "sheet", "inherited", "many", "itself", "ring", "gradients",
         "nested rules", "deep", "chain"],
)  # fmt: skip
def test_a_drawing_that_might_never_end_is_refused(tmp_path, drawing, sentence):
    (tmp_path / "logo.svg").write_text(drawing)
    told = refusal(tmp_path, logo="logo.svg")
    assert sentence in told and "drawing it might never end. Export it as a plain SVG, or as PNG" in told


def test_a_logo_may_draw_some_of_itself_again(tmp_path):
    shades = '<linearGradient id="g"><stop/><stop/></linearGradient><clipPath id="c"><rect/></clipPath>'
    drawing = inside(
        f"<style>/* url(x) */ .a, g > .b {{ fill: url(#g); clip-path: url(#c) }}</style><defs>{shades}</defs>"
        + '<g class="a">' + '<path class="b" fill="url(#g)"/>' * 300 + '</g><use href="#nowhere"/><use href="#g"/>'
    )  # fmt: skip
    for each in (drawing, tenfold(2)):
        (tmp_path / "logo.svg").write_text(each)
        assert brand.of({"brand": {"logo": "logo.svg"}}, tmp_path)


@pytest.mark.parametrize(
    "drawing",
    [
        inside(r"<style>@\69mport 'https://example.org/x.css';</style>"),
        inside(r"<style>path { fill: \75rl(https://example.org/x) }</style>"),
        inside(r'<path style="fill:\75rl(https://example.org/x)"/>'),
        inside(r'<path fill="\000075rl(https://example.org/x)"/>'),
    ],
)
def test_a_backslash_can_hide_what_a_drawing_refers_to(tmp_path, drawing):
    (tmp_path / "logo.svg").write_text(drawing)
    assert "it holds a backslash" in refusal(tmp_path, logo="logo.svg")


def test_a_style_in_pieces_is_read_as_one(tmp_path):
    (tmp_path / "logo.svg").write_text(inside("<style>@im<!-- -->po<![CDATA[rt]]> 'https://example.org/x';</style>"))
    assert "refers to something outside itself" in refusal(tmp_path, logo="logo.svg")


def test_a_link_out_of_the_folder_is_no_logo(tmp_path):
    (tmp_path / "logo.png").write_bytes(picture())
    company = tmp_path / "acme"
    company.mkdir()
    (company / "logo.png").symlink_to(tmp_path / "logo.png")
    assert "a link that leads out of the company's folder" in refusal(company, logo="logo.png")


def test_a_report_wears_its_companys_brand_and_the_notebook_keeps_it(company):
    acme = company("## One", "sales({'North': '1'})")
    (acme / "logo.png").write_bytes(picture())
    with (acme / "company.toml").open("a") as settings:
        settings.write('[brand]\nlogo = "logo.png"\nprimary = "#1f3a5f"\n')
    published = reports.publish("audit", acme, period="2026-10")
    kept = json.loads((published.folder / "notebook.ipynb").read_text(encoding="utf-8"))["metadata"]["perfkit"]["run"]
    assert kept["brand"]["primary"] == "#1f3a5f"
    page = (published.folder / "report.html").read_text(encoding="utf-8")
    assert "--primary: #1f3a5f" in page and kept["brand"]["logo"] in page
    said = json.loads((published.folder / "manifest.json").read_text(encoding="utf-8"))
    assert said["brand"]["primary"] == "#1f3a5f" and len(said["brand"]["logo"]) == 64


def test_a_brand_that_cannot_be_worn_stops_the_run_before_anything_is_written(company):
    acme = company("## One", "sales({'North': '1'})")
    with (acme / "company.toml").open("a") as settings:
        settings.write('[brand]\nprimary = "#ffcc00"\n')
    with pytest.raises(ParameterError, match="contrast of 1.5 to 1"):
        reports.publish("audit", acme, period="2026-10")
    assert not (acme / "reports").exists()
