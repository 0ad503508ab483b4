"""Workbooks by hand: zip members written as text, for what no library would write."""

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date
from xml.sax.saxutils import escape, quoteattr

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


def parts(members: Mapping[str, str | bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of these members, always the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0)), content, compress_type=compression)
    return out.getvalue()


class Sheet(str):
    """The XML of a sheet, and the shared texts that it needs."""

    shared: str = ""


def sheet(
    rows: Sequence[Sequence[str]],
    *,
    strings: str = "shared",
    places: bool = True,
    dimension: str = "",
    prefix: str = "",
    iso_days: bool = False,
) -> Sheet:
    """A sheet whose texts that read as numbers are numbers, as days are days."""
    texts: dict[str, int] = {}
    lines = []
    for line, row in enumerate(rows, 1):
        found = "".join(
            _cell(value, f"{chr(65 + at)}{line}" if places else "", strings, texts, prefix, iso_days and line > 1)
            for at, value in enumerate(row)
            if value
        )
        place = f' r="{line}"' if places else ""
        if row:
            lines.append(f"<{prefix}row{place}>{found}</{prefix}row>")
    space = f"xmlns:{prefix[:-1]}" if prefix else "xmlns"
    size = f'<{prefix}dimension ref="{dimension}"/>' if dimension else ""
    made = Sheet(
        f'{XML}<{prefix}worksheet {space}="{MAIN}">{size}<{prefix}sheetData>{"".join(lines)}</{prefix}sheetData>'
        f"</{prefix}worksheet>"
    )
    runs = (
        f'<si><r><t>{escape(each[:1])}</t></r><r><rPr><b/></rPr><t xml:space="preserve">{escape(each[1:])}</t></r></si>'
        if strings == "rich"
        else f'<si><t xml:space="preserve">{escape(each)}</t></si>'
        for each in texts
    )
    made.shared = f'{XML}<sst xmlns="{MAIN}">{"".join(runs)}</sst>'
    return made


def _cell(value: str, place: str, strings: str, texts: dict[str, int], prefix: str, iso_days: bool) -> str:
    r = f' r="{place}"' if place else ""
    p = prefix
    if re.fullmatch(r"-?\d+(\.\d+)?([Ee]-?\d+)?", value):
        return f"<{p}c{r}><{p}v>{value}</{p}v></{p}c>"
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        if iso_days:
            return f'<{p}c{r} s="1" t="d"><{p}v>{value}T00:00:00</{p}v></{p}c>'
        return f'<{p}c{r} s="1"><{p}v>{(date.fromisoformat(value) - date(1899, 12, 30)).days}</{p}v></{p}c>'
    if strings == "inline" or prefix:
        return f'<{p}c{r} t="inlineStr"><{p}is><{p}t xml:space="preserve">{escape(value)}</{p}t></{p}is></{p}c>'
    number = texts.setdefault(value, len(texts))
    return f'<{p}c{r} t="s"><{p}v>{number}</{p}v></{p}c>'


def workbook(
    sheets: Mapping[str, Sheet | str | bytes],
    *,
    absolute: bool = False,
    compression: int = zipfile.ZIP_DEFLATED,
    shared: str | None = None,
    more: Mapping[str, str | bytes] | None = None,
) -> bytes:
    """A workbook of these sheets; one alone where texts are shared."""
    names = list(sheets)
    entries = "".join(f'<sheet name={quoteattr(name)} sheetId="{n}" r:id="rId{n}"/>' for n, name in enumerate(names, 1))
    root = "/xl/" if absolute else ""
    links = "".join(
        f'<Relationship Id="rId{n}" Type="{REL}/worksheet" Target="{root}worksheets/sheet{n}.xml"/>'
        for n in range(1, len(names) + 1)
    )
    links += f'<Relationship Id="rIdS" Type="{REL}/sharedStrings" Target="{root}sharedStrings.xml"/>'
    links += f'<Relationship Id="rIdT" Type="{REL}/styles" Target="{root}styles.xml"/>'
    types = "".join(
        f'<Override PartName="/xl/{name}" '
        f'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.{kind}+xml"/>'
        for name, kind in [
            ("workbook.xml", "sheet.main"),
            ("sharedStrings.xml", "sharedStrings"),
            ("styles.xml", "styles"),
            *((f"worksheets/sheet{n}.xml", "worksheet") for n in range(1, len(names) + 1)),
        ]
    )
    first = next(iter(sheets.values()))
    texts = shared if shared is not None else getattr(first, "shared", f'{XML}<sst xmlns="{MAIN}"/>')
    styles = (
        f'{XML}<styleSheet xmlns="{MAIN}"><fonts count="1"><font/></fonts><fills count="1"><fill/></fills>'
        '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
        '<cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/></cellXfs></styleSheet>'
    )
    members: dict[str, str | bytes] = {
        "[Content_Types].xml": f'{XML}<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" '
        f'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{types}</Types>',
        "_rels/.rels": f'{XML}<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{REL}/officeDocument" Target="{"/" if absolute else ""}xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'{XML}<workbook xmlns="{MAIN}" xmlns:r="{REL}"><sheets>{entries}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'{XML}<Relationships xmlns="{PACKAGE}/relationships">{links}</Relationships>',
        "xl/sharedStrings.xml": texts,
        "xl/styles.xml": styles,
        **{f"xl/worksheets/sheet{n}.xml": content for n, content in enumerate(sheets.values(), 1)},
        **(more or {}),
    }
    return parts(members, compression)
