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
_COVER = "Summary"  # the result that stands on the cover rather than where the notebook computed it


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
    cover = next((shown for _, shown in record.shown if shown.kind == _COVER), None)
    body, _ = exporter.from_notebook_node(
        node,
        resources={
            "record": record,
            "policy": POLICY,
            "styles": Markup(styles),  # ours
            "cover": Markup(cleaned(cover.html)) if cover else None,
            "sections": [_shown(section, cover) for section in record.sections],
            "language": languages.current(),
            "text": text,
        },
    )
    return str(body)


def _shown(section: Section, cover: Shown | None) -> dict[str, Any]:
    return {"heading": section.heading, "items": [rendered(item) for item in section.items if item is not cover]}


def rendered(item: Item) -> Markup:
    """Return an item of a section as HTML."""
    if isinstance(item, Prose):
        return Markup('<div class="prose">{}</div>').format(Markup(cleaned(str(_markdown()(item.markdown)))))
    if isinstance(item, Shown):
        return Markup('<div class="shown">{}</div>').format(Markup(cleaned(item.html)))
    if isinstance(item, Picture):
        data = base64.b64encode(item.data.encode()).decode() if item.mime == "image/svg+xml" else item.data.strip()
        return Markup('<figure class="chart"><img src="data:{};base64,{}" alt="{}"></figure>').format(
            item.mime, data.replace("\n", ""), item.alt
        )
    return Markup('<pre class="plain">{}</pre>').format(item.words)


@cache
def _markdown() -> mistune.Markdown:
    return mistune.create_markdown(escape=True, plugins=["table", "strikethrough"])
