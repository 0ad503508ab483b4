"""HTML: one self-contained page of a record: no script, no outside request, every text escaped.

The PDF is set from the very same page, so what only one of the two needs (the cover's figures on paper,
the definitions that open on screen) stands in it and is shown or hidden by its style.
"""

import base64
import re
from functools import cache
from typing import Any

import mistune
from jinja2 import Environment
from markupsafe import Markup
from nbconvert.exporters.templateexporter import TemplateExporter

from perfkit import assets, languages
from perfkit.languages import text
from perfkit.reports import chapters, paper
from perfkit.reports.chapters import Chapter, Part
from perfkit.reports.markup import cleaned, joined
from perfkit.reports.record import Item, Picture, Prose, Record, Shown

POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:; base-uri 'none'; form-action 'none'"
)
_COLOUR = re.compile(r"#[0-9a-f]{6}")
_LOGO = re.compile(r"data:image/(png|jpeg|svg\+xml);base64,[A-Za-z0-9+/]+=*")


class Page(TemplateExporter):
    """nbconvert's exporter with our template, and with what nbconvert's own ones lack: escaping by default."""

    def _file_extension_default(self) -> str:
        return ".html"

    def _create_environment(self) -> Environment:
        environment = super()._create_environment()
        environment.autoescape = True
        return environment


def page(node: Any, record: Record) -> str:
    """Return the report of an executed notebook and its record."""
    exporter = Page(extra_template_basedirs=[str(assets.path("templates"))], template_name="report")
    folder = assets.path("templates/report")
    styles = "\n".join((folder / name).read_text(encoding="utf-8") for name in ("page.css", "display.css"))
    cover = record.cover
    defined = _Definitions(record)
    opening, found = chapters.of(record)
    logo = str((record.run.get("brand") or {}).get("logo", ""))
    body, _ = exporter.from_notebook_node(
        node,
        resources={
            "record": record,
            "policy": POLICY,
            "styles": Markup(styles + _colours(record) + _margins(record)),  # ours
            "logo": logo if _LOGO.fullmatch(logo) else "",
            "headlines": _headlines(cover),
            "conclusion": cover.payload["views"][0]["title"] if cover else "",
            "executive": Markup(defined.linked(cleaned(cover.html))) if cover else None,
            "opening": [rendered(item) for item in opening],
            "chapters": [_laid_out(chapter, defined) for chapter in found],
            "parameters": _parameters(record),
            "created": _moment(str(record.run["run_id"])),
            "language": languages.current(),
            "text": text,
        },
    )
    return joined(str(body))


def _moment(run_id: str) -> str:
    """Return when a run began, as its id says, for the metadata of the PDF; "" where it does not."""
    found = re.fullmatch(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-.*", run_id)
    return "{}-{}-{}T{}:{}:{}Z".format(*found.groups()) if found else ""


def _parameters(record: Record) -> list[tuple[str, str]]:
    """Return the parameters that were given a value, by what a reader calls them."""
    called = {"months": text("Months shown"), "segment": text("Segment")}
    given = {name: value for name, value in record.run["parameters"].items() if value != ""}
    return [(called.get(name, name), _said(value)) for name, value in given.items()]


def _said(value: Any) -> str:
    return languages.number(value) if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _headlines(cover: Shown | None) -> list[tuple[str, str]]:
    """Return name and value of the cover's figures, as text."""
    if cover is None:
        return []
    view = cover.payload["views"][0]
    name, value = view["fields"][:2]
    shown = []
    for row in view["rows"]:
        unit = row[value["unit_from"]] if value.get("unit_from") else value["unit"]
        own = row.get(value.get("decimals_from"))
        exact = row[value["key"]]
        decimals = value.get("decimals") if own is None else int(own)
        shown.append((str(row[name["key"]]), languages.show(exact, unit, decimals=decimals)))
    return shown


def _colours(record: Record) -> str:
    """Return the style that dresses the page in the company's colours, checked again: a notebook is a file."""
    worn = record.run.get("brand") or {}
    safe = {name: worn[name] for name in ("primary", "accent") if _COLOUR.fullmatch(str(worn.get(name, "")))}
    if "primary" in safe:
        safe.setdefault("accent", safe["primary"])
    return "".join(f":root {{ --{name}: {colour}; }}\n" for name, colour in safe.items())


def _margins(record: Record) -> str:
    """Return the style of what stands in the margins of each printed page: what it is, and page n of N."""
    head = _css_string(f"{record.run['company']} · {record.title}")
    period = _css_string(str(record.run["period_shown"]).partition(", ")[0])  # its months stand on the cover
    foot = _css_string(f"{text('snapshot')} {record.run['snapshot'][:12]} · " if record.run["snapshot"] else "")
    run = _css_string(f"{text('run')} {record.run['run_id']}")
    look = "font: 7.5pt 'Segoe UI', Roboto, 'Helvetica Neue', 'Liberation Sans', Arial, sans-serif; color: #5a616b;"
    return (
        f"@page {{ @top-left {{ content: {head} ' · ' {period}; {look} }}\n"
        f"@top-right {{ content: string(place, start); {look} }}\n"
        f"@bottom-left {{ content: {foot} {run}; {look} }}\n"
        f"@bottom-right {{ content: counter(page) ' / ' counter(pages); {look} }} }}\n"
        "@page :first { @top-left { content: none } @top-right { content: none }\n"
        "@bottom-left { padding-left: 17mm } @bottom-right { padding-right: 17mm } }\n"
    )


def _css_string(words: str) -> str:
    """Return a CSS string of any text: whatever is no letter, digit or space is written as its number."""
    safe = "".join(each if each.isalnum() or each == " " else f"\\{ord(each):x} " for each in words)
    return f"'{safe}'"


def _laid_out(chapter: Chapter, defined: "_Definitions") -> dict[str, Any]:
    answered = [part for part in chapter.parts if not part.heading and all(_is_answer(item) for item in part.items)]
    lead = next((part for part in chapter.parts if part not in answered), None)
    above = [item for part in answered for item in part.items]
    return {
        "heading": chapter.heading,
        "parts": [
            {
                "heading": part.heading,
                "turns": part is lead and paper.turns(above, part.items),
                "items": [defined.marked(*each) for each in _told(part)],
            }
            for part in chapter.parts
        ],
        "absent": chapter.absent,
    }


def _is_answer(item: Item) -> bool:
    return isinstance(item, Shown) and item.kind == "Answer"


def _told(part: Part) -> list[tuple[Item, str]]:
    """Return each item with what the picture before it said."""
    said = ["", *(before.title or before.alt if isinstance(before, Picture) else "" for before in part.items)]
    return list(zip(part.items, said, strict=False))


def rendered(item: Item, said: str = "") -> Markup:
    """Return an item of a section as HTML; a table whose chart just said its title does not repeat it."""
    if isinstance(item, Prose):
        return Markup('<div class="prose">{}</div>').format(Markup(cleaned(str(_markdown()(item.markdown)))))
    reason = chapters.reason(item)
    if reason:
        return Markup('<p class="absent"><b>{}</b> {}</p>').format(*reason)
    if isinstance(item, Shown):
        title = _plain_spaces(next((view["title"] for view in item.payload["views"]), ""))
        again = " again" if title and _plain_spaces(said).startswith(title) else ""
        return Markup('<div class="shown{}">{}</div>').format(again, Markup(cleaned(item.html)))
    if isinstance(item, Picture):
        return _figure(item)
    return Markup('<pre class="plain">{}</pre>').format(item.words)


def _figure(picture: Picture) -> Markup:
    title = Markup('<p class="pk-title">{}</p>').format(picture.title) if picture.title else ""
    subtitle = Markup('<p class="pk-subtitle">{}</p>').format(picture.subtitle) if picture.subtitle else ""
    caption = Markup("<figcaption>{}{}</figcaption>").format(title, subtitle) if title or subtitle else ""
    narrow = (
        Markup('<source media="(max-width: 40rem)" srcset="{}">').format(_address("image/svg+xml", picture.narrow))
        if picture.narrow
        else ""
    )
    image = Markup('<img src="{}" alt="{}">').format(_address(picture.mime, picture.data), picture.alt)
    own = "" if picture.narrow else " drawn-in"  # a picture that is as wide on a phone scrolls there
    return Markup('<figure class="pk chart{}">{}<picture>{}{}</picture></figure>').format(own, caption, narrow, image)


def _address(mime: str, data: str) -> str:
    coded = base64.b64encode(data.encode()).decode() if mime == "image/svg+xml" else data.strip()
    return f"data:{mime};base64,{''.join(coded.split())}"


def _plain_spaces(words: str) -> str:
    return " ".join(words.split())  # a chart's font may lack the narrow one


class _Definitions:
    """What the figures mean: where a table names one, its definition opens; where they are listed, each has a place."""

    _LISTED = re.compile(r'<th scope="row" class="pk-text">([^<]+)</th>')
    _HEADLINE = re.compile(r'<p class="pk-name">([^<]+)</p>')

    def __init__(self, record: Record) -> None:
        self._of: dict[str, str] = {}  # by the escaped name, as it stands in the markup
        for _, shown in record.shown:
            if shown.kind == "Definitions":
                for view in shown.payload["views"]:
                    name, words = (field["key"] for field in view["fields"][:2])
                    self._of |= {str(Markup.escape(row[name])): str(row[words]) for row in view["rows"]}
        self._place = {name: f"def-{number}" for number, name in enumerate(self._of, start=1)}
        self._listed = False

    def marked(self, item: Item, said: str) -> Markup:
        """Return an item as HTML, with its names of figures leading to their definitions."""
        html = rendered(item, said)
        if not isinstance(item, Shown):
            return html
        if item.kind == "Definitions" and not self._listed:
            self._listed = True
            return Markup(self._LISTED.sub(lambda found: self._anchored(found[0], found[1]), html))
        return Markup(self.linked(html))

    def linked(self, html: str) -> str:
        """Return cleaned HTML whose names of figures open or lead to their definition."""
        if not self._of:
            return html
        html = self._LISTED.sub(lambda found: self._opening(found[0], found[1]), html)
        return self._HEADLINE.sub(lambda found: self._leading(found[0], found[1]), html)

    def _anchored(self, whole: str, name: str) -> str:
        place = self._place.get(name)
        return f'<th scope="row" class="pk-text" id="{place}">{name}</th>' if place else whole

    def _opening(self, whole: str, name: str) -> str:
        if name not in self._of:
            return whole
        opened = Markup("<details><summary>{}</summary><p>{}</p></details>").format(Markup(name), self._of[name])
        return f'<th scope="row" class="pk-text">{opened}</th>'

    def _leading(self, whole: str, name: str) -> str:
        return f'<p class="pk-name"><a href="#{self._place[name]}">{name}</a></p>' if name in self._of else whole


@cache
def _markdown() -> mistune.Markdown:
    return mistune.create_markdown(escape=True, plugins=["table", "strikethrough"])
