"""Days: the shapes in which days, months and times stand in text, and the SQL that reads them.

A shape is named by its strptime format, as company.toml takes it. Years of two digits count as POSIX has it: 00 to 68
are of this century, 69 to 99 of the last.
"""

import re
import unicodedata
from datetime import date

from perfkit.sources.files import quoted
from perfkit.sources.values.writings import SPACES

EPOCHS = {"excel": "1899-12-30", "excel-1904": "1904-01-01"}
"""Day 0 of serial numbers, as Excel for Windows and for old Macs count."""

EARLIEST, LATEST = date(1900, 1, 1), date(2199, 12, 31)

_WORDS = (
    "janvier janv jan january", "fevrier fevr fev february feb", "mars march mar", "avril avr april apr", "mai may",
    "juin june jun", "juillet juil july jul", "aout aou august aug", "septembre september sept sep",
    "octobre october oct", "novembre november nov", "decembre december dec",
)  # fmt: skip
MONTHS = {word: month for month, words in enumerate(_WORDS, 1) for word in words.split()}
"""French and English months, without accents."""

_BETWEEN = rf"[{SPACES},./-]+"
_DAY, _MONTH = r"(?P<d>[0-9]{1,2})(?:er|st|nd|rd|th)?", r"(?P<b>[a-z]+)"
_LONG, _SHORT = r"(?P<y>[0-9]{4})", r"(?P<y>[0-9]{2})"

WORDED = {
    "%d %b %Y": _BETWEEN.join((_DAY, _MONTH, _LONG)),
    "%d %b %y": _BETWEEN.join((_DAY, _MONTH, _SHORT)),
    "%b %d, %Y": _BETWEEN.join((_MONTH, _DAY, _LONG)),
    "%Y %b %d": _BETWEEN.join((_LONG, _MONTH, _DAY)),
    "%b %Y": _BETWEEN.join((_MONTH, _LONG)),
    "%b %y": _BETWEEN.join((_MONTH, _SHORT)),
}
"""Regular expressions of the shapes with a month's name, for texts in lower case without accents."""

_APART = r"(?P<s>[-/.])"
NUMBERED = {
    "%Y{s}%m{s}%d": rf"(?P<y>[0-9]{{4}}){_APART}(?P<m>[0-9]{{1,2}})(?P=s)(?P<d>[0-9]{{1,2}})",
    "%d{s}%m{s}%Y": rf"(?P<d>[0-9]{{1,2}}){_APART}(?P<m>[0-9]{{1,2}})(?P=s)(?P<y>[0-9]{{4}})",
    "%m{s}%d{s}%Y": rf"(?P<m>[0-9]{{1,2}}){_APART}(?P<d>[0-9]{{1,2}})(?P=s)(?P<y>[0-9]{{4}})",
    "%d{s}%m{s}%y": rf"(?P<d>[0-9]{{1,2}}){_APART}(?P<m>[0-9]{{1,2}})(?P=s)(?P<y>[0-9]{{2}})",
    "%m{s}%d{s}%y": rf"(?P<m>[0-9]{{1,2}}){_APART}(?P<d>[0-9]{{1,2}})(?P=s)(?P<y>[0-9]{{2}})",
    "%y{s}%m{s}%d": rf"(?P<y>[0-9]{{2}}){_APART}(?P<m>[0-9]{{1,2}})(?P=s)(?P<d>[0-9]{{1,2}})",
    "%Y%m%d": r"(?P<y>[0-9]{4})(?P<m>[0-9]{2})(?P<d>[0-9]{2})",
    "%d%m%Y": r"(?P<d>[0-9]{2})(?P<m>[0-9]{2})(?P<y>[0-9]{4})",
    "%m%d%Y": r"(?P<m>[0-9]{2})(?P<d>[0-9]{2})(?P<y>[0-9]{4})",
    "%Y{s}%m": rf"(?P<y>[0-9]{{4}}){_APART}(?P<m>[0-9]{{2}})",
    "%m{s}%Y": rf"(?P<m>[0-9]{{1,2}}){_APART}(?P<y>[0-9]{{4}})",
}
"""Regular expressions of the shapes in digits."""

_NUMBERED = {name: re.compile(pattern) for name, pattern in NUMBERED.items()}
_WORDED = {name: re.compile(pattern) for name, pattern in WORDED.items()}
_TIME = re.compile(
    r"(?P<gap>T|[ ]+)[0-9]{1,2}:[0-9]{2}(?P<seconds>:[0-9]{2})?(?:(?P<point>[.,])(?P<part>[0-9]{1,9}))?"
    r"(?P<half>[ ]?[AaPp][Mm])?(?P<zone>[ ]?(?:Z|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?))?$"
)


def readings(text: str) -> dict[str, date]:
    """Return by shape the day that a text says, a month's first for a month; only plausible days that there were."""
    if any(sign.isalpha() for sign in text):
        folded, shapes = plain(text), _WORDED
    else:
        folded, shapes = text, _NUMBERED
    found = {}
    for name, pattern in shapes.items():
        match = pattern.fullmatch(folded)
        if match and (day := _day(match.groupdict())):
            found[name.replace("{s}", match.groupdict().get("s") or "")] = day
    return found


def plain(text: str) -> str:
    """Return a text in lower case without accents, however they are encoded."""
    apart = unicodedata.normalize("NFD", text.lower())
    return "".join(sign for sign in apart if not unicodedata.combining(sign))


def _day(said: dict[str, str | None]) -> date | None:
    year = int(said["y"] or 0)
    if len(said["y"] or "") == 2:
        year += 2000 if year < 69 else 1900
    month = MONTHS.get(said.get("b") or "") or int(said.get("m") or 0)
    try:
        day = date(year, month, int(said.get("d") or 1))
    except ValueError:
        return None
    return day if EARLIEST <= day <= LATEST else None


def is_month(name: str) -> bool:
    """Whether a shape says a month and no day."""
    return "%d" not in name


def split(text: str) -> tuple[str, str]:
    """Return the day's part of a text, and the strptime format of the time of day behind it, empty if there is none."""
    match = _TIME.search(text)
    if not match:
        return text, ""
    gap, half, zone = match["gap"][0], match["half"] or "", match["zone"] or ""
    hour = "%I" if half else "%H"
    seconds = ":%S" if match["seconds"] else ""
    part = f"{match['point']}{'%f' if len(match['part']) <= 6 else '%n'}" if match["part"] else ""
    half = half[:-2] + "%p" if half else ""
    zone = re.sub(r"[+-].*", "%z", zone)
    return text[: match.start()], f"{gap}{hour}:%M{seconds}{part}{half}{zone}"


def shape(name: str) -> str:
    """Return a format without its time of day."""
    return re.split(r"[T ]%[HI]", name)[0]


def moment(raw: str, names: tuple[str, ...], *, timezone: str, padded: bool = False) -> str:
    """SQL of the time that a text says, as a TIMESTAMP on the company's clock; NULL where it has no such format."""
    if names[0] in EPOCHS:
        return _serial(raw, names[0])
    text = f"translate({raw}, {quoted(SPACES)}, {quoted(' ' * len(SPACES))})" if padded else raw
    worded = _order(names[0])
    if worded:
        text = _numbered(text, worded)
        names = tuple(_marked(name, worded) for name in names)
    local = [name for name in names if not re.search(r"%z$|(Z|UTC|GMT)$", name, re.IGNORECASE)]
    offset = [name for name in names if name.endswith("%z")]
    universal = [name for name in names if name not in (*local, *offset)]
    clock = quoted(timezone)
    found = []
    if local:
        found.append(_parsed(text, local))
    if offset:
        found.append(f"timezone({clock}, {_parsed(text, offset)})")
    if universal:
        found.append(f"timezone({clock}, timezone('UTC', {_parsed(text, universal)}))")
    value = found[0] if len(found) == 1 else f"coalesce({', '.join(found)})"
    guard = _guard(text, names)
    return f"CASE WHEN {guard} THEN {value} END" if guard else value


def _parsed(text: str, names: list[str]) -> str:
    said = quoted(names[0]) if len(names) == 1 else f"[{', '.join(map(quoted, names))}]"
    return f"try_strptime({text}, {said})"


def _guard(text: str, names: tuple[str, ...]) -> str:
    """SQL that holds where no digit is lacking: strptime would read fewer where parts touch, and years of one digit."""
    width = _fixed_width(names[0])
    if width and len(names) == 1:
        return f"length(trim({text})) = {width}"
    if re.match(r"%[Ymd]%[md]%[Ymd]", names[0]):
        return f"regexp_matches({text}, '^ *[0-9]{{8}}([^0-9]|$)')"
    if re.match(r"%[dm][-/.]%[dm][-/.]%y", names[0]):
        return f"regexp_matches({text}, '^ *[0-9]+[-/.][0-9]+[-/.][0-9]{{2}}([^0-9]|$)')"
    if re.match(r"%y[-/.]", names[0]):
        return f"regexp_matches({text}, '^ *[0-9]{{2}}[-/.]')"
    return ""


def _fixed_width(name: str) -> int:
    """Characters of a date whose parts touch, such as %Y%m%d; 0 where parts are apart or may be longer or shorter."""
    if not re.search(r"%[YymdHMS]%[YymdHMS]", name) or re.search(r"%[^YymdHMS]", name):
        return 0
    return len(re.sub(r"%[ymdHMS]", "00", name.replace("%Y", "0000")))


def _serial(raw: str, name: str) -> str:
    """SQL of a serial day number, whole or with the part of a day; Excel's 29 February 1900 never was."""
    plain = f"replace(trim({raw}), ',', '.')"
    number = f"CASE WHEN regexp_full_match({plain}, '[0-9]{{1,6}}([.][0-9]*)?') THEN try_cast({plain} AS DOUBLE) END"
    days = f"trunc({number})"
    rest = f"round(({number} - {days}) * 86400)"
    moment = f"TIMESTAMP '{EPOCHS[name]}' + to_days(CAST({days} AS INTEGER)) + to_seconds({rest})"
    if name == "excel":
        moment += f" + to_days(CASE WHEN {days} < 60 THEN 1 ELSE 0 END)"
        moment = f"CASE WHEN {days} <> 60 THEN {moment} END"
    return moment


def _order(name: str) -> str:
    """The shape with a month's name that a format is, its signs between the parts apart; empty if it is none."""
    codes = re.findall(r"%[A-Za-z]", shape(name).replace("%B", "%b"))
    return next((each for each in WORDED if re.findall(r"%[A-Za-z]", each) == codes), "")


def _numbered(raw: str, worded: str) -> str:
    """SQL of a text of a shape with a month's name as day|month|year and what stands behind; NULL if it is none."""
    text = f"lower(strip_accents(trim({raw}, {quoted(SPACES)})))"
    order = re.findall(r"\(\?P<(.)>", WORDED[worded])
    pattern = re.sub(r"\?P<.>", "", WORDED[worded])
    groups = ", ".join(quoted(part) for part in [*order, "r"])
    parts = f"regexp_extract({text}, {quoted(f'^{pattern}( .*)?$')}, [{groups}])"
    months = ", ".join(f"'{word}': '{month}'" for word, month in MONTHS.items())
    day = "p.d" if "d" in order else "'1'"
    joined = f"{day} || '|' || MAP {{{months}}}[p.b] || '|' || p.y || p.r"
    return f"list_transform([{parts}], lambda p: {joined})[1]"


def _marked(name: str, worded: str) -> str:
    """The format of what `_numbered` makes."""
    time = name[len(shape(name)) :]
    return f"%d|%m|{'%y' if '%y' in worded else '%Y'}{re.sub(r'(UTC|GMT|Z)$', lambda zone: zone[0].lower(), time)}"
