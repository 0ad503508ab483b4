"""PDF: the page of a record on A4: the very same HTML, set by WeasyPrint, with what it shows in print only.

WeasyPrint needs Pango, a library of the machine. Where it is absent a report is published without its
PDF, and says so. Nothing outside the page is read: a picture in it is a data: address.
"""

import base64
import contextlib
import io
import logging
import re
from collections.abc import Iterator
from typing import Any

from perfkit.languages import text
from perfkit.reports.outlines import as_letters

_NARROW = re.compile(r'<source media="[^"]*" srcset="[^"]*">')  # for phones alone
_PICTURE = re.compile(r'(<img src="data:image/svg\+xml;base64,)([A-Za-z0-9+/=]+)')
_LOGS = ("weasyprint", "weasyprint.progress", "fontTools")


def absent() -> str:
    """Return why no PDF can be made here, as a notice that says what to install; "" where one can."""
    try:
        _weasyprint()
    except (ImportError, OSError) as error:  # OSError: the Python package is there, Pango is not
        lacking = "WeasyPrint" if isinstance(error, ImportError) else "Pango"
        return text(
            "No PDF: this machine lacks {lacking}. Install it, then run the report again: "
            "apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 (Debian, Ubuntu), "
            "brew install pango (macOS), pip install weasyprint where Python lacks it.",
            lacking=lacking,
        )
    return ""


def document(html: str) -> bytes:
    """Return a page as a PDF: the same bytes for the same page."""
    weasyprint = _weasyprint()
    with _quiet():
        fetcher = weasyprint.urls.URLFetcher(allowed_protocols=("data",), allow_redirects=False)
        paper = _PICTURE.sub(_relettered, _NARROW.sub("", html))
        source = weasyprint.HTML(string=paper, base_url=None, url_fetcher=fetcher)
        return bytes(source.write_pdf(pdf_tags=True))


def _relettered(picture: re.Match[str]) -> str:
    """Return a picture's address with the words of the picture as text."""
    address, encoded = picture.groups()
    try:
        svg = base64.b64decode(encoded).decode()
    except UnicodeDecodeError:  # a logo in another encoding, which it declares; charts are UTF-8
        return picture[0]
    return address + base64.b64encode(as_letters(svg).encode()).decode()


def _weasyprint() -> Any:
    """Import WeasyPrint only where a PDF is made: it takes half a second, and prints a page where Pango is absent."""
    with contextlib.redirect_stdout(io.StringIO()), _quiet():
        import weasyprint  # type: ignore[import-untyped]  # it ships no types

        return weasyprint


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep out of the terminal what WeasyPrint says of CSS that is for browsers only."""
    loggers = [logging.getLogger(name) for name in _LOGS]
    before = [(logger.level, logger.propagate) for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
        logger.propagate = False
    try:
        yield
    finally:
        for logger, (level, propagate) in zip(loggers, before, strict=True):
            logger.setLevel(level)
            logger.propagate = propagate
