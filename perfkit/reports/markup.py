"""Markup: HTML that came out of a notebook, reduced to what a table or a paragraph needs.

The templates of results escape every text already; this is the second line of defence. Only known tags
and attributes pass; anything else becomes visible text. What is opened is closed.
"""

import re
from html import escape
from html.parser import HTMLParser

_TAGS = frozenset(
    "section article aside header footer div span p h2 h3 h4 h5 h6 hr br wbr table caption colgroup col thead tbody "  # noqa: SIM905  # a list of these would fill the page
    "tfoot tr th td figure figcaption ul ol li dl dt dd strong em b i small blockquote code pre abbr sup sub".split()
)
_VOID = frozenset({"br", "hr", "col", "wbr"})
_ATTRIBUTES = frozenset({"class", "scope", "colspan", "rowspan", "span", "role", "start", "tabindex", "title"})
_LENGTH = re.compile(
    r"\s*(--[a-z-]+|width|left|right|margin-left|inline-size|inset-inline-start)\s*:\s*-?[0-9.]+(%|em|rem|px)?\s*"
)


_WORDS = re.compile(r">[^<]+")
_SIGNED = re.compile(r"[+\N{MINUS SIGN}][€£$][\d.,\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}]*")


def joined(html: str) -> str:
    """Return a page in which no line ends between a sign and the currency of its amount: page.css keeps both together.

    The words stay what they are, so that they are found and copied as they are read.
    """
    head, body, rest = html.partition("<body")
    return head + body + _WORDS.sub(lambda words: _SIGNED.sub(r'<span class="amount">\g<0></span>', words[0]), rest)


def cleaned(html: str) -> str:
    """Return the HTML with known tags and attributes only."""
    parser = _Cleaner()
    parser.feed(html)
    parser.close()
    return "".join([*parser.kept, *(f"</{tag}>" for tag in reversed(parser.opened))])


class _Cleaner(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.kept: list[str] = []
        self.opened: list[str] = []
        self._styling = False  # a result brings its own style for JupyterLab; the page has it already

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "style":
            self._styling = True
            return
        if tag not in _TAGS:
            self.kept.append(escape(self.get_starttag_text() or f"<{tag}>"))
            return
        passed = "".join(f' {name}="{escape(value or "")}"' for name, value in attrs if _passes(name, value or ""))
        self.kept.append(f"<{tag}{passed}>")
        if tag not in _VOID:
            self.opened.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag in _TAGS - _VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag == "style":
            self._styling = False
        if tag in _VOID or tag == "style":
            return
        if tag not in self.opened:
            self.kept.append(escape(f"</{tag}>"))
            return
        while self.opened:
            last = self.opened.pop()
            self.kept.append(f"</{last}>")
            if last == tag:
                break

    def handle_data(self, data: str) -> None:
        if not self._styling:
            self.kept.append(escape(data))

    def handle_comment(self, data: str) -> None:
        self.kept.append(escape(f"<!--{data}-->"))

    def handle_decl(self, decl: str) -> None:
        self.kept.append(escape(f"<!{decl}>"))

    def handle_pi(self, data: str) -> None:
        self.kept.append(escape(f"<?{data}>"))

    def unknown_decl(self, data: str) -> None:
        self.kept.append(escape(f"<![{data}]>"))


def _passes(name: str, value: str) -> bool:
    if name == "style":
        return all(_LENGTH.fullmatch(part) for part in value.split(";") if part.strip())
    return name in _ATTRIBUTES or name.startswith("aria-")
