"""Settings: what company.toml says about a table: its files, their format, which column is which, what to leave out."""

import codecs
import re
from collections.abc import Sequence
from decimal import Decimal
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationError,
    field_validator,
    model_validator,
)

from perfkit import languages
from perfkit.errors import ParameterError, nearest, unknown

SHOWN = 20
"""Mistakes of a settings file that are told: who has mended so many loads again anyhow."""

Scalar = str | int | float | bool


class _Strict(BaseModel):
    """A block of settings: an unknown key is an error, and nothing is changed once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, str_strip_whitespace=False)


class Format(_Strict):
    """How text stands in a file. What is declared is held strictly; what is not is proven from the data, or asked.

    Attributes
    ----------
    delimiter, quote : str, one character
        `quote = ""` where quotes are plain text.
    encoding : str
        Any text encoding that Python knows: utf-8, cp1252, utf-16 ...
    decimal, thousands : str
        One character each; `thousands = " "` stands for every kind of space, `thousands = ""` for none.
    date, timestamp : str
        strptime formats, or "excel" and "excel-1904" for serial day numbers; `timestamp`, for columns that keep the
        time, is `date` where it is not given.
    null : list of str
        Texts that stand for a missing value.
    header : bool
        Without one, source columns are named "1", "2", ...
    skip : int
        Physical lines above the header.
    """

    delimiter: str | None = None
    encoding: str | None = None
    decimal: str | None = None
    thousands: str | None = None
    date: str | None = None
    timestamp: str | None = None
    quote: str = '"'
    null: tuple[str, ...] = ("",)
    header: bool = True
    skip: int | None = Field(default=None, ge=0)

    @field_validator("delimiter")
    @classmethod
    def _one_plain_character(cls, value: str | None) -> str | None:
        if value is None:
            return None
        if len(value) != 1 or not value.isascii() or value in "\r\n\0":
            raise ValueError('the delimiter is one character, such as "," or ";" or "\\t"')
        return value

    @field_validator("quote")
    @classmethod
    def _quote_or_none(cls, value: str) -> str:
        if len(value) > 1 or not value.isascii() or value in ("\r", "\n", "\0"):
            raise ValueError("the quote is one character, or empty where quotes are plain text")
        return value

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            found = codecs.lookup(value)
            "".encode(found.name)  # raises for codecs that are not text, such as base64
            if found.name in ("punycode", "idna", "unicode-escape", "raw-unicode-escape", "utf-7"):
                raise LookupError(value)  # ways to write text in ASCII, not encodings of an export
        except LookupError:
            known = ("utf-8", "cp1252", "latin-1", "iso-8859-15", "utf-16", "utf-16-le", "utf-16-be", "cp850")
            guess = nearest(value, known)
            raise ValueError(f"no encoding {value!r}" + (f"; did you mean {guess!r}?" if guess else "")) from None
        return found.name

    @field_validator("decimal")
    @classmethod
    def _point_or_comma(cls, value: str | None) -> str | None:
        if value not in (None, ".", ","):
            raise ValueError('the decimal sign is "." or ","')
        return value

    @field_validator("thousands")
    @classmethod
    def _one_separator(cls, value: str | None) -> str | None:
        if value and (len(value) != 1 or value.isalnum() or value in "+-"):
            raise ValueError('the thousands sign is one character that is not a digit, such as " " or ","')
        return value

    @field_validator("date", "timestamp")
    @classmethod
    def _has_a_year_and_a_month(cls, value: str | None) -> str | None:
        if value is None or value in ("excel", "excel-1904"):
            return value
        codes = set(re.findall(r"%-?([A-Za-z])", value))
        if "Z" in codes or ("z" in codes and not value.endswith("%z")):
            raise ValueError(f"{value!r}: a time's offset stands behind it as %z; names of time zones are not read")
        if not codes & {"Y", "y"} or not codes & {"m", "b", "B", "j"}:
            raise ValueError(f'{value!r} is not a date format: write one such as "%d/%m/%Y"')
        return value

    @model_validator(mode="after")
    def _all_different(self) -> "Format":
        if self.thousands and self.thousands == self.decimal:
            raise ValueError(f"thousands and decimal cannot both be {self.decimal!r}")
        if self.quote and self.quote in (self.delimiter or ",;\t|"):
            raise ValueError(f"quote and delimiter cannot both be {self.quote!r}")
        return self


WAYS = ("column", "any_of", "multiply", "add", "subtract", "join", "value")


class Credits(_Strict):
    """Rows that take off what others bring, though they are written without a minus: those of credit notes.

    Attributes
    ----------
    column : str
        Source column that tells them.
    among : tuple of str
        Its words for them, whatever their case; `in` in company.toml.
    """

    column: str
    among: tuple[str, ...] = Field(alias="in", min_length=1)


class Mapping(_Strict):
    """Where a canonical column comes from: exactly one way, and what is done to it.

    Attributes
    ----------
    column : str
        One source column.
    any_of : tuple of str
        The first of these that a file has: exports of several years may name it differently.
    multiply, add, subtract, join : tuple of str
        Several source columns made one.
    value : str, number or bool
        A constant.
    optional : bool
        Whether a file may lack the column; its rows then have no value.
    times : Decimal
        Factor of an amount, such as 1000 for a column in thousands; 1 says that a doubtful heading counts as it stands.
    less : tuple of str
        Amounts taken off the result; a missing one is zero.
    digits : int
        Digits of an id or code that lost its leading zeros to a spreadsheet: 5 makes 00123 of 123.
    case : str
        "upper" or "lower": in which an id or a word counts, without spaces around it, where exports write it now so
        and now so.
    values : dict
        Canonical value by source text; other texts are taken as they stand.
    credits : Credits
        Rows whose amount counts below zero, with or without a minus.
    """

    column: str | None = None
    any_of: tuple[str, ...] | None = Field(default=None, min_length=1)
    multiply: tuple[str, str] | None = None
    add: tuple[str, ...] | None = Field(default=None, min_length=2)
    subtract: tuple[str, ...] | None = Field(default=None, min_length=2)
    join: tuple[str, ...] | None = Field(default=None, min_length=2)
    value: Scalar | None = None
    optional: bool = False
    times: Decimal | None = None
    less: tuple[str, ...] = ()
    values: dict[str, str] = {}
    credits: Credits | None = None
    digits: int | None = Field(default=None, ge=1, le=38)
    case: Literal["upper", "lower"] | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> "Mapping":
        if len(self.model_fields_set & set(WAYS)) != 1:
            raise ValueError(f"write exactly one of {', '.join(WAYS)}")
        return self

    @field_validator("times", mode="before")
    @classmethod
    def _exact_factor(cls, value: Any) -> Any:
        if isinstance(value, bool):
            raise ValueError("times is a number, such as 1000")
        return str(value) if isinstance(value, float) else value

    @field_validator("times")
    @classmethod
    def _no_zero(cls, value: Decimal | None) -> Decimal | None:
        if value is not None and not value:
            raise ValueError(f"times = {value} would make every amount zero; write a number such as 1000")
        return value

    @property
    def how(self) -> str:
        """Which of the ways it is."""
        return next(way for way in WAYS if way in self.model_fields_set)

    def on(self, *names: str) -> "Mapping":
        """Return the same with the headings of one file; the first of several that there is becomes the column."""
        how = "column" if self.how == "any_of" else self.how
        said: Any = names[0] if how == "column" else names
        kept = {key: getattr(self, key) for key in ("optional", "times", "less", "values", "credits", "digits", "case")}
        return Mapping(**{how: said}, **kept)

    @property
    def sources(self) -> tuple[str, ...]:
        """The source columns that it names, those taken off apart; none for a constant."""
        said = getattr(self, self.how)
        if self.how == "value":
            return ()
        return (said,) if isinstance(said, str) else tuple(said)


class FillDown(_Strict):
    """Source columns that stand on the first line of a document only: the lines below take them over.

    Attributes
    ----------
    columns : tuple of str
    within : str
        Source column whose value marks one document; a value is never carried into another.
    """

    columns: tuple[str, ...] = Field(min_length=1)
    within: str | None = None


class Exclusion(_Strict):
    """A declared rule that leaves rows out: one test on one column, and the reason, which every report shows.

    The reason is one text, or one a language: `because = { en = "postage", fr = "frais de port" }`. A file may lack the
    column of a rule that is `optional`; none of its rows is then left out by it.
    """

    column: str
    because: str | dict[str, str]
    optional: bool = False
    among: tuple[Scalar, ...] | None = Field(default=None, alias="in", min_length=1)
    equals: Scalar | None = None
    starts_with: str | None = Field(default=None, min_length=1)
    matches: str | None = None
    missing: Literal[True] | None = None

    @field_validator("because", mode="before")
    @classmethod
    def _a_reason(cls, value: Any) -> Any:
        said = value.values() if isinstance(value, dict) else (value,)
        if not said or not all(isinstance(each, str) and each for each in said):
            raise ValueError('because is a text, such as "postage", or one a language: { en = "...", fr = "..." }')
        for code in value if isinstance(value, dict) else ():
            if code not in languages.LANGUAGES:
                raise ValueError(unknown("language", str(code), languages.LANGUAGES))
        return value

    @model_validator(mode="after")
    def _exactly_one(self) -> "Exclusion":
        if len(self.model_fields_set - {"column", "because", "optional"}) != 1:
            raise ValueError("write exactly one of in, equals, starts_with, matches, missing")
        return self

    @property
    def test(self) -> str:
        """Which test it is, by the name of its field."""
        return next(iter(self.model_fields_set - {"column", "because", "optional"}))


def reason(because: str | dict[str, str], language: str) -> str:
    """Return the reason of a rule in a language; in the first that it is given in, where it lacks that one."""
    if isinstance(because, str):
        return because
    return because.get(language) or next(iter(because.values()))


class TableSettings(_Strict):
    """One [tables.X] block.

    Attributes
    ----------
    sheet : str or tuple of str
        Which sheet of a workbook, where several hold a table; "*" for all of them.
    preset : str
        The tool that wrote the export: it says what its columns are; what the block itself says wins.
    fill_down : FillDown
        Source columns that stand on the first line of a document only.
    overlap : bool
        Whether lines that stand identically in two files are meant.
    repeated : "once" or "once, single lines too"
        Leaves out what repeats a document whose every line stands several times in one file, alike in all columns:
        of documents of several lines, or of those of a single line too.
    confirmed : bool
        False in a block that `perfkit map` proposed, until a person has checked it.
    totals : "keep"
        Says that rows that look like totals are sales.
    statuses : "keep"
        Says that rows whose status says cancelled, refunded or draft are sales.
    max_quarantined : float, default 0.1
        Share of the rows (0 to 1) that may be unreadable; a load with more, and a hundred at least, is refused, and one
        with ten at least that are more than 40 %: so many are a format that was declared wrongly.
    """

    files: tuple[str, ...]
    sheet: str | tuple[str, ...] | None = None
    preset: str | None = None
    format: Format = Format()
    fill_down: FillDown | None = None
    columns: dict[str, Mapping] = {}
    exclude: tuple[Exclusion, ...] = ()
    keep: Literal["first", "last"] | None = None
    overlap: bool = False
    repeated: Literal["once", "once, single lines too"] | None = None
    totals: Literal["keep"] | None = None
    statuses: Literal["keep"] | None = None
    confirmed: bool = True
    max_quarantined: float = Field(default=0.1, ge=0, le=1)

    @field_validator("files", mode="before")
    @classmethod
    def _one_or_several(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @field_validator("files")
    @classmethod
    def _inside_the_exports(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value or not all(value):
            raise ValueError('name at least one file, such as "*.csv"')
        for pattern in value:
            if pattern.startswith(("/", "~", "\\")) or ".." in re.split(r"[/\\]", pattern) or "\0" in pattern:
                raise ValueError(f"{pattern!r} leaves the exports folder; point exports, or --exports, at the folder")
        return value

    @field_validator("columns", mode="before")
    @classmethod
    def _a_name_is_a_mapping(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {name: _mapping(said) for name, said in value.items()}

    @field_validator("fill_down", mode="before")
    @classmethod
    def _columns_alone(cls, value: Any) -> Any:
        return {"columns": value} if isinstance(value, (list, tuple)) else value

    @field_validator("columns")
    @classmethod
    def _names_are_plain(cls, value: dict[str, Any]) -> dict[str, Any]:
        folded: dict[str, str] = {}
        for name in value:
            if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
                raise ValueError(f"{name!r}: a column's name is letters, digits and _, such as sales_region")
            if name.casefold() in folded:
                raise ValueError(f"{name!r} and {folded[name.casefold()]!r} differ only by case; rename one")
            folded[name.casefold()] = name
        return value


Blocks = TableSettings | Sequence[TableSettings]
"""What is said of a table: one [tables.X] block, or several [[tables.X]] where its files have several shapes."""

_ONE, _SEVERAL = "one block", "several blocks"

BlocksOfToml = Annotated[
    Annotated[TableSettings, Tag(_ONE)] | Annotated[tuple[TableSettings, ...], Field(min_length=1), Tag(_SEVERAL)],
    Discriminator(lambda said: _SEVERAL if isinstance(said, (list, tuple)) else _ONE),
]
"""The same as company.toml is checked, so that a message names the block that is wrong."""


def blocks(said: Blocks) -> tuple[TableSettings, ...]:
    """Return the blocks of a table, in the order in which their files count."""
    return (said,) if isinstance(said, TableSettings) else tuple(said)


def _mapping(said: Any) -> Any:
    """A name is a column, a list of names the first of them that there is."""
    if isinstance(said, str):
        return {"column": said}
    return {"any_of": said} if isinstance(said, (list, tuple)) else said


class Control(BaseModel):
    """Totals over all rows read that must be hit: rows, and sums of money or quantity columns by name."""

    model_config = ConfigDict(extra="allow", frozen=True)

    rows: int | None = Field(default=None, ge=0)

    @model_validator(mode="before")
    @classmethod
    def _exact_totals(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        return {key: value if key == "rows" else _total(key, value) for key, value in data.items()}

    @property
    def sums(self) -> dict[str, Decimal]:
        """Expected sum by column."""
        return dict(self.model_extra or {})


def _total(column: str, value: Any) -> Decimal:
    try:
        total = Decimal(str(value))
    except ArithmeticError:
        total = Decimal("nan")
    if isinstance(value, bool) or not total.is_finite() or not -20 <= total.adjusted() <= 20:
        raise ValueError(f'{column} = {value!r} is not a total; write it as text, such as "9747747.934"')
    return total


def in_words(error: ValidationError, model: type[BaseModel], *, file: str = "company.toml") -> str:
    """Say what a settings file got wrong, a sentence a line: where it stands, and the nearest name.

    Parameters
    ----------
    error : ValidationError
        What pydantic raised.
    model : type
        The model that was validated; its fields are the names one could have meant.
    file : str
        The file's name, as the reader knows it.
    """
    every = sorted(error.errors(), key=lambda each: each["type"] != "extra_forbidden")
    misspelt = {each["loc"][:-1] for each in every if each["type"] == "extra_forbidden"}
    first: dict[tuple[Any, ...], Any] = {}
    for each in every:
        if each["type"] == "missing" and each["loc"][:-1] in misspelt:
            continue  # what is missing there is what was misspelt
        place = tuple(part for part in each["loc"] if part not in ("str", "int", "float", "bool"))
        first.setdefault(place, each)  # a union is wrong once a branch
    said = list(dict.fromkeys(_in_words(each, model, file) for each in first.values()))
    if len(said) == 1:
        return said[0]
    told = "\n".join(f"{nth}. {each}" for nth, each in enumerate(said[:SHOWN], 1))
    more = f"\n... and {len(said) - SHOWN:,} more." if len(said) > SHOWN else ""
    return f"{len(said):,} things are to be mended in {file}.\n{told}{more}"


def _in_words(first: Any, model: type[BaseModel], file: str) -> str:
    *above, last = [str(part) for part in first["loc"]] or [""]
    if first["type"] == "extra_forbidden":
        known = _keys(_model_at(model, first["loc"][:-1]))
        guess = nearest(last, known)
        meant = f" Did you mean {guess!r}?" if guess else ""
        return f"{_place(file, above)}: no setting {last!r}.{meant} It takes: {', '.join(known)}."
    if first["type"] == "missing":
        return f"{_place(file, above)}: {last} is missing."
    said = first["msg"].removeprefix("Value error, ")
    if first["type"] == "value_error":
        end = "" if said.endswith(("?", ".")) else "."
        return f"{_place(file, [*above, last] if last else above)}: {said}{end}"
    return f"{_place(file, above)}: {last} = {first['input']!r} is not understood: {said[:1].lower() + said[1:]}."


def checked(model: type[BaseModel], data: Any, *, where: str = "company.toml") -> Any:
    """Validate settings, or refuse them in words.

    Raises
    ------
    ParameterError
        If a key or a value is not understood.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise ParameterError(in_words(error, model, file=where)) from None


def _place(file: str, above: list[str]) -> str:
    """company.toml, [tables.sales] format: the block in brackets, then the keys below it."""
    names = [part for part in above if part not in ("str", "int", "float", "bool", _ONE)]  # branches of a union
    if len(names) < 2:  # a setting at the top, or the top itself
        return ", ".join([file, *names])
    if names[2:3] == [_SEVERAL]:
        del names[2]
        heading, depth = f"[[{'.'.join(names[:2])}]]", 2
    else:
        depth = 3 if names[:1] == ["tables"] and names[2:3] == ["columns"] else 2
        heading = f"[{'.'.join(names[:depth])}]"
    below = " ".join(f"number {int(part) + 1}" if part.isdigit() else part for part in names[depth:])
    return f"{file}, {heading}" + (f" {below}" if below else "")


def _keys(model: type[BaseModel] | None) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()] if model else []


def _model_at(model: type[BaseModel] | None, path: tuple[int | str, ...]) -> type[BaseModel] | None:
    """Follow a path of keys through nested models, to the one that refused a key."""
    for part in path:
        fields = model.model_fields.items() if model else ()
        field = next((field for name, field in fields if part in (name, field.alias)), None)
        if field is not None:
            model = _model_in(field.annotation)
    return model


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (Annotated, Union, UnionType, dict, list, tuple):
        return next((found for each in get_args(annotation) if (found := _model_in(each))), None)
    return None
