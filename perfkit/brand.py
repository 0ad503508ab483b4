"""Brand: a company's logo and its two colours, checked before they reach a page.

The colours dress the cover, rules and links. They never carry meaning and never reach a chart, so they
must be readable on white (WCAG 2.2, success criterion 1.4.3) and unlike the green of good and the red of bad.
"""

import base64
import io
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.parsers import expat

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from perfkit.errors import ParameterError, unknown

CONTRAST = 4.5  # to 1 on white: WCAG's level AA for text
HUE, LIGHTNESS, CHROMA = 20.0, 12.0, 25.0  # in CIELAB: a colour of this hue and about as light means good or bad
MEANINGS = {"good": "#0b7a5c", "bad": "#c2372e"}  # as in charts and tables
BYTES = 512 * 1024
PIXELS = 4_000_000
DRAWN = 1_000  # elements of an SVG, those that its references draw again counted each time
DEEP = 100  # elements of an SVG within each other, references followed
_WHITE = (255, 255, 255)
_KINDS = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".svg": "image/svg+xml"}
_SVG = "http://www.w3.org/2000/svg"
_DRAWN = frozenset(
    {"svg", "g", "defs", "symbol", "use", "title", "desc", "metadata", "style", "text", "tspan"}
    | {"path", "rect", "circle", "ellipse", "line", "polyline", "polygon"}
    | {"linearGradient", "radialGradient", "stop", "clipPath", "mask", "pattern"}
)

RGB = tuple[int, int, int]


class Brand(BaseModel):
    """What `[brand]` of company.toml says.

    Attributes
    ----------
    logo : str
        File in the company's folder, PNG, JPEG or SVG; "" for none. It is read by `dress`.
    primary, accent : str
        Colours as #rrggbb; "" for the house's own.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    logo: str = ""
    primary: str = ""
    accent: str = ""

    @field_validator("logo")
    @classmethod
    def _an_image_of_the_folder(cls, name: str) -> str:
        if not name:
            return name
        if Path(name).suffix.lower() not in _KINDS:
            raise ValueError(f"{name!r} is no image that a page takes: save the logo as PNG, JPEG or SVG")
        if Path(name).is_absolute() or ".." in Path(name).parts or ":" in name:
            raise ValueError(f"{name!r} leads out of the company's folder: copy the logo into it, and write its name")
        return name

    @field_validator("primary", "accent")
    @classmethod
    def _a_readable_colour(cls, colour: str) -> str:
        if colour:
            refuse_unreadable(colour)
        return colour.lower()


def of(settings: Mapping[str, Any], folder: Path) -> dict[str, str]:
    """Return the brand of a company as a report wears it, {} where company.toml names none.

    Parameters
    ----------
    settings : mapping
        company.toml, read.
    folder : Path
        The company's folder, where the logo lies.

    Raises
    ------
    ParameterError
        If a key, a colour or the logo cannot be used; it says why and what to write.
    """
    if "brand" not in settings:
        return {}
    if not isinstance(settings["brand"], Mapping):
        raise ParameterError(
            "company.toml: brand is a block. Write [brand], and below it logo, primary or accent. Nothing new was "
            "published."
        )
    try:
        declared = Brand.model_validate(settings["brand"])
    except ValidationError as error:
        raise ParameterError(_in_words(error)) from None
    return dress(declared, folder)


def dress(brand: Brand, folder: Path) -> dict[str, str]:
    """Return a brand as texts: its colours, and its logo as a data: address, so that the page needs no file.

    Raises
    ------
    ParameterError
        If the logo is absent, too large, no image, or an SVG that runs or fetches something.
    """
    worn = {"primary": brand.primary, "accent": brand.accent, "logo": _logo(folder, brand.logo) if brand.logo else ""}
    return {name: value for name, value in worn.items() if value}


def contrast(colour: str, other: str = "#ffffff") -> float:
    """Return the contrast ratio of two colours, 1 to 21, as WCAG 2.2 defines it."""
    high, low = sorted((_luminance(_rgb(colour)), _luminance(_rgb(other))), reverse=True)
    return (high + 0.05) / (low + 0.05)


def look_alike(colour: str, other: str) -> bool:
    """Say whether a reader may take one colour for the other: the same hue, about as light, and no grey."""
    (light, a, b), (light_, a_, b_) = _lab(_rgb(colour)), _lab(_rgb(other))
    apart = abs((math.degrees(math.atan2(b, a) - math.atan2(b_, a_)) + 180) % 360 - 180)
    return math.hypot(a, b) > CHROMA and apart < HUE and abs(light - light_) < LIGHTNESS


def refuse_unreadable(colour: str) -> None:
    """Refuse a colour that cannot be read on white, or looks like good or bad.

    Raises
    ------
    ValueError
        With the ratio, and the nearest darker shade that passes.
    """
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", colour):
        raise ValueError(f"{colour!r} is no colour: write # and six hexadecimal digits, such as #1f3a5f")
    ratio = contrast(colour)
    alike = _alike(colour)
    if ratio >= CONTRAST and not alike:
        return
    reason = (
        f"{colour} has a contrast of {ratio:.1f} to 1 on white, and text needs {CONTRAST}"
        if ratio < CONTRAST
        else f"{colour} looks like the colour that means {alike} in every chart and table ({MEANINGS[alike]}), "
        f"though its contrast of {ratio:.1f} to 1 on white would do"
    )
    raise ValueError(f"{reason}. The nearest darker shade that passes: {_darker(colour)}")


def _alike(colour: str) -> str:
    return next((name for name, meant in MEANINGS.items() if look_alike(colour, meant)), "")


def _darker(colour: str) -> str:
    """Return the first shade towards black that passes; black itself does."""
    for left in range(99, -1, -1):
        shade = "#" + "".join(f"{round(each * left / 100):02x}" for each in _rgb(colour))
        if contrast(shade) >= CONTRAST and not _alike(shade):
            return shade
    return "#000000"


def _rgb(colour: str) -> RGB:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _linear(rgb: RGB) -> list[float]:
    shares = [each / 255 for each in rgb]
    return [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]


def _luminance(rgb: RGB) -> float:
    red, green, blue = _linear(rgb)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _lab(rgb: RGB) -> tuple[float, float, float]:
    """Return CIELAB coordinates of an sRGB colour, white point D65."""
    red, green, blue = _linear(rgb)
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089
    fx, fy, fz = (each ** (1 / 3) if each > 216 / 24389 else (24389 / 27 * each + 16) / 116 for each in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def _in_words(error: ValidationError) -> str:
    first = error.errors()[0]
    name = str(first["loc"][0]) if first["loc"] else ""
    if first["type"] == "extra_forbidden":
        return f"company.toml, [brand]: {unknown('key', name, Brand.model_fields)}"
    reason = first["msg"].removeprefix("Value error, ")
    return f"company.toml, [brand]{' ' + name if name else ''}: {reason}. Nothing new was published."


def _logo(folder: Path, name: str) -> str:
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise _refused(name, "it is a link that leads out of the company's folder. Copy the file itself into it")
    try:
        size = path.stat().st_size
        content = path.read_bytes() if size <= BYTES else b""
    except OSError as error:
        raise _refused(
            name, f"it cannot be read ({error.strerror}). Put it into {folder}, or take the line out"
        ) from None
    if size > BYTES:
        raise _refused(
            name, f"it has {size / 1024:,.0f} kB, and every report carries it: save it with at most {BYTES // 1024} kB"
        )
    kind = _KINDS[path.suffix.lower()]
    _refuse_active(name, content) if kind == "image/svg+xml" else _refuse_no_image(name, content, kind)
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _refuse_no_image(name: str, content: bytes, kind: str) -> None:
    from PIL import Image, UnidentifiedImageError

    wanted = kind.removeprefix("image/").upper()
    try:
        with Image.open(io.BytesIO(content), formats=[wanted]) as image:
            if image.width * image.height > PIXELS:
                raise _refused(
                    name, f"it has {image.width} × {image.height} pixels: {PIXELS // 10**6} million are enough"
                )
            image.load()
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        if isinstance(error, ParameterError):
            raise
        raise _refused(name, f"its content is no {wanted} image. Export the logo again") from None


@dataclass
class _Element:
    """One element of an SVG: where it stands, and which others it has drawn again.

    `again` are drawn once more in its place; `paints` once more for each element within it, which inherits them.
    """

    kind: str
    above: int | None
    names: frozenset[str]
    again: list[str] = field(default_factory=list)
    paints: list[str] = field(default_factory=list)
    within: list[int] = field(default_factory=list)


def _refuse_active(name: str, content: bytes) -> None:
    """Refuse an SVG that is more than a drawing: one that runs, fetches, declares entities, or draws without end."""
    parser = expat.ParserCreate(namespace_separator=" ")
    found: list[_Element] = []
    ids: dict[str, list[int]] = {}
    opened: list[int] = []
    sheets: list[str] = []

    def element(tag: str, attributes: dict[str, str]) -> None:
        space, _, local = tag.rpartition(" ")
        if not found and tag != f"{_SVG} svg":
            raise _refused(name, "its content is no SVG drawing. Export the logo again")
        if space == _SVG and local not in _DRAWN:
            raise _refused(name, f"it holds <{local}>, and a logo is a drawing. Export it as a plain SVG, or as PNG")
        if space == "http://www.w3.org/1999/xhtml":
            raise _refused(name, f"it holds HTML (<{local}>). Export it as a plain SVG, or as PNG")
        classes = {f".{each}" for each in attributes.get("class", "").split()}
        one = _Element(
            local if space == _SVG else "", opened[-1] if opened else None,
            frozenset({local, f"#{attributes.get('id', '')}", *classes}),
        )  # fmt: skip
        if opened:
            found[opened[-1]].within.append(len(found))
        opened.append(len(found))
        found.append(one)
        if len(opened) > DEEP:
            raise _too_much(name, f"its elements stand in each other more than {DEEP} deep")
        for key, value in attributes.items():
            own = key.rpartition(" ")[2].lower()
            if own == "id":
                ids.setdefault(value, []).append(opened[-1])
            if own.startswith("on"):
                raise _refused(name, f"it holds a script ({own}). Export it as a plain SVG, or as PNG")
            if own in ("href", "src") and not value.strip().startswith("#"):
                raise _refused(
                    name, f"it refers to something outside itself ({value[:60]}). Export it as a plain SVG, or as PNG"
                )
            if own in ("href", "src"):
                one.again.append(unquote(value.strip()[1:]))
            if local != "style" or space != _SVG:
                fetched(value)
                _refer(one, value if own == "style" else f"{own}:{value}")

    def fetched(words: str) -> None:
        if "\\" in words:
            raise _refused(
                name,
                f"it holds a backslash ({words.strip()[:60]}), which can hide what it refers to. "
                "Export it as a plain SVG, or as PNG",
            )
        plain = re.sub(r"/\*.*?\*/", "", words, flags=re.DOTALL).lower()
        outside = r"url\(\s*['\"]?\s*(?!#)[^\s'\")]|image-set\(|@import|javascript:"
        if re.search(outside, plain):
            raise _refused(
                name, f"it refers to something outside itself ({words.strip()[:60]}). Export it as a plain SVG"
            )
        if "var(" in plain:
            raise _refused(name, f"its styles are computed ({words.strip()[:60]}). Export it as a plain SVG, or as PNG")

    def closed(_: str) -> None:
        opened.pop()

    def written(words: str) -> None:
        if opened and found[opened[-1]].kind == "style":
            sheets.append(words)

    def declared(*_: object) -> None:
        raise _refused(name, "it declares entities (<!ENTITY>). Export it as a plain SVG, or as PNG")

    def told(target: str, _: str) -> None:
        raise _refused(name, f"it calls for a style sheet (<?{target}>). Export it as a plain SVG, or as PNG")

    parser.StartElementHandler = element
    parser.EndElementHandler = closed
    parser.CharacterDataHandler = written
    parser.EntityDeclHandler = declared
    parser.ProcessingInstructionHandler = told
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise _refused(name, f"its content is no SVG drawing ({error}). Export the logo again") from None
    sheet = "".join(sheets)
    fetched(sheet)
    _style(name, found, sheet)
    _refuse_endless(name, found, ids)


def _refer(one: _Element, declarations: str) -> None:
    """Add to an element what its attribute, or a rule that is meant for it, refers to."""
    for declaration in re.sub(r"/\*.*?\*/", "", declarations, flags=re.DOTALL).split(";"):
        key, _, value = declaration.partition(":")
        to = one.again if key.strip().lower() in ("mask", "clip-path") else one.paints
        to += [unquote(each) for each in _INSIDE.findall(value)]


_INSIDE = re.compile(r"url\(\s*['\"]?\s*#([^'\")]*?)\s*['\"]?\s*\)", re.I)
_RULE = re.compile(r"([^{};]*)\{([^{}]*)\}")


def _style(name: str, found: list[_Element], sheet: str) -> None:
    """Give each element what the rules of a style sheet may refer to for it; rather one element too many."""
    plain = re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL)
    rules = [(selector, said) for selector, said in _RULE.findall(plain) if "url(" in said.lower()]
    if sum(said.lower().count("url(") for _, said in rules) != plain.lower().count("url("):
        raise _too_much(name, "its style sheet holds rules within rules")
    for selector, said in rules:
        for each in selector.split(","):
            last = re.split(r"[\s>+~]+", each.strip())[-1]
            meant = set(re.findall(r"[.#]?[\w-]+", last))
            everyone = not re.fullmatch(r"(?:[.#]?[\w-]+)+", last)  # *, a pseudo-class, an attribute: not looked into
            for one in found:
                if everyone or meant <= one.names:
                    _refer(one, said)


def _refuse_endless(name: str, found: list[_Element], ids: dict[str, list[int]]) -> None:
    """Count what is drawn once every reference is followed; a renderer may follow each anew, and never end."""
    counted: dict[int, int] = {}
    under_way: set[int] = set()

    def count(place: int, depth: int) -> int:
        if place in counted:
            return counted[place]
        if place in under_way:
            raise _too_much(name, "an element of it refers to itself")
        if depth > DEEP:
            raise _too_much(name, f"its references lead to each other more than {DEEP} deep")
        under_way.add(place)
        one = found[place]
        total = 0 if one.kind in _UNDRAWN else 1
        total += sum(count(each, depth + 1) for each in one.within)
        total += sum(target(to, depth) for to in one.again)
        total *= painted(one, depth)
        under_way.remove(place)
        if total > DRAWN:
            raise _too_much(name, f"it draws more than {DRAWN:,} elements, its references followed")
        counted[place] = total
        return total

    def painted(one: _Element, depth: int) -> int:
        return 1 + sum(target(to, depth) for to in one.paints)

    def target(to: str, depth: int) -> int:
        total = 0
        for place in ids.get(to, ()):
            size, above = count(place, depth + 1), found[place].above
            while size and above is not None:  # what the elements around a pattern are painted with, it inherits
                size, above = size * painted(found[above], depth + 1), found[above].above
            total += size
        return total

    count(0, 0)


_UNDRAWN = ("", "title", "desc", "metadata", "style", "stop", "linearGradient", "radialGradient")


def _too_much(name: str, reason: str) -> ParameterError:
    return _refused(name, f"{reason}, and drawing it might never end. Export it as a plain SVG, or as PNG")


def _refused(name: str, reason: str) -> ParameterError:
    return ParameterError(f"company.toml, [brand] logo {name!r}: {reason}. Nothing new was published.")
