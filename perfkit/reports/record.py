"""Record: what an executed notebook says, read from its file alone; every rendering is made from this.

What carries perfkit's own MIME payload is a result; a picture with an alternative text is a chart. All
else that a cell displays reaches a report as plain text, with a notice: HTML, Markdown and scripts that
a notebook displays are never taken over.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from perfkit.errors import DataError
from perfkit.languages import text

PAYLOAD = "application/vnd.perfkit.v1+json"
CHART = "application/vnd.perfkit.chart.v1+json"
COVER = "Summary"
_LONGEST_TEXT = 20_000
_HEADING = re.compile(r"(#{1,2})\s+(.*)")


@dataclass(frozen=True)
class Prose:
    """A text cell's Markdown."""

    markdown: str


@dataclass(frozen=True)
class Shown:
    """A displayed result: its payload (figures and tables) and the HTML that came with it, not yet trusted."""

    payload: Mapping[str, Any]
    html: str

    @property
    def kind(self) -> str:
        """Name of the result's class."""
        return str(self.payload["kind"])


@dataclass(frozen=True)
class Picture:
    """A displayed chart.

    Attributes
    ----------
    mime, data : str
        "image/svg+xml" and SVG text, or "image/png" and base64.
    alt : str
        Its alternative text.
    title, subtitle : str
        What stands above it as text: the message, and what is shown. "" for a picture that has them drawn in.
    narrow : str
        The same as SVG text for a phone; "" where there is none.
    empty : str
        Why there is nothing to draw; "" where there is something.
    """

    mime: str
    data: str
    alt: str
    title: str = ""
    subtitle: str = ""
    narrow: str = ""
    empty: str = ""


@dataclass(frozen=True)
class Plain:
    """Anything else that a cell displayed, as text."""

    words: str


Item = Prose | Shown | Picture | Plain


@dataclass(frozen=True)
class Section:
    """What stands under one heading of the second level; the first section has none."""

    heading: str
    items: list[Item] = field(default_factory=list)


@dataclass(frozen=True)
class Record:
    """An executed notebook, read.

    Attributes
    ----------
    title : str
        Heading of the first level.
    run : mapping
        What the runner noted: report, company, period, language, snapshot, run_id, parameters, inputs ...
    sections : list of Section
    notices : list of str
        What a reader must know of how the report was made, in its language.
    """

    title: str
    run: Mapping[str, Any]
    sections: list[Section]
    notices: list[str]

    @property
    def shown(self) -> list[tuple[str, Shown]]:
        """Every result with the nearest heading above it, in the order of the report."""
        found = []
        for section in self.sections:
            heading = section.heading
            for item in section.items:
                if isinstance(item, Prose):
                    deeper = [line[4:].strip() for line in item.markdown.splitlines() if line.startswith("### ")]
                    heading = deeper[-1] if deeper else heading
                elif isinstance(item, Shown):
                    found.append((heading, item))
        return found

    @property
    def cover(self) -> Shown | None:
        """The result that stands on the cover, not where the notebook computed it; None where there is none."""
        return next((shown for _, shown in self.shown if shown.kind == COVER), None)

    @property
    def headlines(self) -> list[Mapping[str, Any]]:
        """The figures of the cover, else of the first result."""
        first = self.cover or next((shown for _, shown in self.shown), None)
        return list(first.payload["figures"]) if first else []

    @property
    def figures(self) -> list[Mapping[str, Any]]:
        """Every figure once: a result that is displayed twice gives its figures once.

        Raises
        ------
        DataError
            If two figures of one id differ: a report would then say two things.
        """
        found: dict[str, Mapping[str, Any]] = {}
        for heading, shown in self.shown:
            for figure in shown.payload["figures"]:
                known = found.setdefault(figure["figure_id"], figure)
                if any(known[name] != figure[name] for name in ("estimate", "low", "high", "unit", "status")):
                    raise DataError(
                        f"In section {heading!r}: figure {figure['figure_id']!r} has two values in one report, "
                        f"{known['estimate']} and {figure['estimate']}. Nothing new was published."
                    )
        return list(found.values())


def read(node: Mapping[str, Any]) -> Record:
    """Read an executed notebook."""
    title, sections, notices = "", [Section("")], list[str]()
    for cell in node["cells"]:
        if cell["cell_type"] == "markdown":
            for level, words in _headed(_joined(cell["source"])):
                if level == 1 and not title:
                    title = words
                elif level == 2:
                    sections.append(Section(words))
                elif words:
                    sections[-1].items.append(Prose(words))
        elif cell["cell_type"] == "code":
            for output in cell["outputs"]:
                item = _item(output, sections[-1].heading or title, notices)
                if item is not None:
                    sections[-1].items.append(item)
    run = node["metadata"]["perfkit"]["run"]
    kept = [section for section in sections if section.heading or section.items]
    return Record(title or str(run["report"]), run, kept, list(dict.fromkeys(notices)))


def _headed(markdown: str) -> Iterator[tuple[int, str]]:
    """Split Markdown at its headings of the first two levels: (level, words), and (0, text) between them."""
    held: list[str] = []
    fenced = False
    for line in markdown.splitlines():
        fenced ^= line.lstrip().startswith(("```", "~~~"))
        heading = None if fenced else _HEADING.match(line)
        if heading:
            yield 0, "\n".join(held).strip()
            yield len(heading[1]), heading[2].strip()
            held = []
        else:
            held.append(line)
    yield 0, "\n".join(held).strip()


def _item(output: Mapping[str, Any], heading: str, notices: list[str]) -> Item | None:
    if output["output_type"] == "stream":
        if output["name"] == "stderr":
            first = next(_lines(output["text"]), "")
            notices.append(
                text("Section {section}: a message while computing: {message}", section=heading, message=first)
            )
            return None
        notices.append(text("Section {section}: printed text stands as it was printed.", section=heading))
        return Plain(output["text"][:_LONGEST_TEXT])
    data, metadata = output.get("data", {}), output.get("metadata", {})
    if isinstance(data.get(PAYLOAD), Mapping):
        return Shown(data[PAYLOAD], _joined(data.get("text/html", "")))
    for mime in ("image/svg+xml", "image/png"):
        alt = metadata.get(mime, {}).get("alt") if mime in data else None
        if alt:
            said = data.get(CHART) if isinstance(data.get(CHART), Mapping) else {}
            told = (str(said.get(name) or "") for name in ("title", "subtitle", "narrow", "empty"))
            return Picture(mime, _joined(data[mime]), str(alt), *told)
    kinds = ", ".join(sorted(set(data) - {"text/plain"})) or "text/plain"
    notices.append(text("Section {section}: an output ({kinds}) is shown as text only.", section=heading, kinds=kinds))
    words = _joined(data.get("text/plain") or data.get("text/html") or "")
    return Plain(words[:_LONGEST_TEXT]) if words else None


def _joined(words: str | list[str]) -> str:
    return words if isinstance(words, str) else "".join(words)


def _lines(words: str | list[str]) -> Iterator[str]:
    return (line.strip() for line in _joined(words).splitlines() if line.strip())
