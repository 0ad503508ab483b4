"""What the number formats of a workbook say of its amounts: a currency that is not the company's, or thousands."""

import re
from collections.abc import Mapping as Dictionary

from perfkit.errors import DataError
from perfkit.schema import Table
from perfkit.sources.settings import Mapping
from perfkit.sources.values.writings import SIGNS, own_signs
from perfkit.sources.xlsx.read_xlsx import XlsxExport
from perfkit.sources.xlsx.workbooks import CURRENCIES


def refuse_doubtful_formats(
    declared: Table, mapped: Dictionary[str, Mapping | None], export: XlsxExport, *, currency: str
) -> None:
    """Ask where number formats show that amounts are others than they are taken for.

    Parameters
    ----------
    mapped : mapping
        What each canonical column is made of, see `columns.resolved`. A column that says `times` is confirmed; where
        the table maps `currency`, rows of another one are set aside by it.
    currency : str
        The company's.

    Raises
    ------
    DataError
        Names file, sheet and column, and what to write.
    """
    types = {column.name: column.type for column in declared.columns}
    for name, mapping in mapped.items():
        if mapping is None or mapping.times is not None or types.get(name) not in ("money", "quantity"):
            continue
        where = f"[tables.{declared.name}.columns] {name}"
        for heading in (*mapping.sources, *mapping.less):
            for sheet, currencies, scales in export.formats:
                about = f"{sheet}: the amounts of {heading!r} are shown in"
                odd = sorted(each for each in currencies.get(heading, ()) if _is_other(each, currency))
                if odd and mapped.get("currency") is None:
                    raise DataError(
                        f"{about} {' and in '.join(odd)}, and the company's currency is {currency}; amounts of two are "
                        f"never added. Name a column in {currency}, or convert it: {where} = "
                        f'{{ column = "{heading}", times = "0.92" }}, your rate (1 where only its format is wrong). '
                        f"Or map the column that says each row's currency, and the others are set aside: "
                        f'[tables.{declared.name}.columns] currency = "..."'
                    )
                _refuse_scaled(about, f'{where} = {{ column = "{heading}", times', scales.get(heading, set()))


def _refuse_scaled(about: str, write: str, scales: set[int]) -> None:
    """Ask where a unit stands beside the amounts: what is stored is that much smaller."""
    if max(scales, default=1) == 1:
        return
    said = " and in ".join(f"{each:,}s" if each > 1 else "units" for each in sorted(scales, reverse=True))
    if len(scales) > 1:
        raise DataError(
            f"{about} {said}, by their number formats; added up they would be of neither. Give all cells of the column "
            f"the same unit; or, if they are whole amounts after all: {write} = 1 }}"
        )
    raise DataError(
        f"{about} {said}, by their number format; taken as they stand, they would be that much too small. Write: "
        f"{write} = {max(scales)} }}, or times = 1 if they are whole amounts after all."
    )


def _is_other(shown: str, currency: str) -> bool:
    """Whether what a format shows is a currency, and another one than the company's."""
    signs = {sign for sign, code in CURRENCIES.items() if code == shown and len(sign) == 1} | {shown}
    if signs & set(own_signs(currency)) or shown.upper() in map(str.upper, own_signs(currency)):
        return False
    known = {sign.upper() for code, some in SIGNS.items() for sign in (code, *some)}
    return shown.upper() in known or re.fullmatch("[A-Z]{3}", shown) is not None
