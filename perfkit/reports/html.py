"""HTML: one self-contained page of a record: no script, no outside request, every text escaped."""

import base64
from functools import cache
from typing import Any

import mistune
from jinja2 import Environment
from markupsafe import Markup
from nbconvert.exporters.templateexporter import TemplateExporter

from perfkit import assets, languages
from perfkit.languages import text
from perfkit.reports.markup import cleaned
from perfkit.reports.record import Item, Picture, Prose, Record, Section, Shown

POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:; base-uri 'none'; form-action 'none'"
)


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
    opening = next((section for section in record.sections if not section.heading), None)
    body, _ = exporter.from_notebook_node(
        node,
        resources={
            "record": record,
            "policy": POLICY,
            "styles": Markup(styles + _margins(record)),  # ours
            "cover": Markup(cleaned(cover.html)) if cover else None,
            "opening": [rendered(item) for item in opening.items if isinstance(item, Prose)] if opening else [],
            "sections": [_shown(section, cover, opening) for section in record.sections],
            "language": languages.current(),
            "text": text,
        },
    )
    return str(body)


def _margins(record: Record) -> str:
    """Return the style of what stands in the margins of each printed page: what it is, and page n of N."""
    head = _css_string(f"{record.run['company']} · {record.title} · {record.run['period_shown']}")
    foot = _css_string(f"{text('snapshot')} {record.run['snapshot'][:12]} · " if record.run["snapshot"] else "")
    run = _css_string(f"{text('run')} {record.run['run_id']}")
    look = "font: 7.5pt 'Segoe UI', Roboto, 'Helvetica Neue', 'Liberation Sans', Arial, sans-serif; color: #5a616b;"
    return (
        f"@page {{ @top-left {{ content: {head}; {look} }} @bottom-left {{ content: {foot} {run}; {look} }}\n"
        f"@bottom-right {{ content: counter(page) ' / ' counter(pages); {look} }} }}\n"
        "@page :first { @top-left { content: none } }\n"
    )


def _css_string(words: str) -> str:
    """Return a CSS string of any text: whatever is no letter, digit or space is written as its number."""
    safe = "".join(each if each.isalnum() or each == " " else f"\\{ord(each):x} " for each in words)
    return f"'{safe}'"


def _shown(section: Section, cover: Shown | None, opening: Section | None) -> dict[str, Any]:
    """Return a section without what stands on the cover already."""
    left = [
        item for item in section.items if item is not cover and not (section is opening and isinstance(item, Prose))
    ]
    said = ["", *(before.alt if isinstance(before, Picture) else "" for before in left)]
    return {"heading": section.heading, "items": [rendered(*pair) for pair in zip(left, said, strict=False)]}


def rendered(item: Item, said: str = "") -> Markup:
    """Return an item of a section as HTML; a table whose chart just said its title does not repeat it."""
    if isinstance(item, Prose):
        return Markup('<div class="prose">{}</div>').format(Markup(cleaned(str(_markdown()(item.markdown)))))
    if isinstance(item, Shown):
        title = _plain_spaces(next((view["title"] for view in item.payload["views"]), ""))
        again = " again" if title and _plain_spaces(said).startswith(title) else ""
        return Markup('<div class="shown{}">{}</div>').format(again, Markup(cleaned(item.html)))
    if isinstance(item, Picture):
        data = base64.b64encode(item.data.encode()).decode() if item.mime == "image/svg+xml" else item.data.strip()
        return Markup('<figure class="chart"><img src="data:{};base64,{}" alt="{}"></figure>').format(
            item.mime, data.replace("\n", ""), item.alt
        )
    return Markup('<pre class="plain">{}</pre>').format(item.words)


def _plain_spaces(words: str) -> str:
    return " ".join(words.split())  # a chart's font may lack the narrow one


@cache
def _markdown() -> mistune.Markdown:
    return mistune.create_markdown(escape=True, plugins=["table", "strikethrough"])
