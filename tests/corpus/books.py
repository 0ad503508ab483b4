"""Workbooks of sales, by the libraries that most tools use."""

import io
from collections.abc import Iterable, Sequence
from typing import Any

import openpyxl
import xlsxwriter

from tests.corpus.cases import HEAD, Place, Sale

FILE = "ventes.xlsx"
SHEET = "Ventes"


def rows_of(sales: Iterable[Sale]) -> list[list[Any]]:
    """Typed cells, in the order of HEAD."""
    return [[s.order, s.day, s.customer, s.product, s.quantity, float(s.amount)] for s in sales]


def book(sheets: dict[str, Sequence[Sequence[Any]]], change: Any = None) -> bytes:
    """A workbook by openpyxl; `change` may alter it before it is saved."""
    made = openpyxl.Workbook()
    made.remove(made.active)
    for title, rows in sheets.items():
        page = made.create_sheet(title)
        for row in rows:
            page.append(list(row))
    if change:
        change(made)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def ventes(sales: Iterable[Sale], change: Any = None, *, head: Sequence[Any] = HEAD) -> bytes:
    return book({SHEET: [head, *rows_of(sales)]}, change)


def by_xlsxwriter(rows: Sequence[Sequence[Any]], **options: Any) -> bytes:
    out = io.BytesIO()
    made = xlsxwriter.Workbook(out, {"in_memory": True, "default_date_format": "dd/mm/yyyy", **options})
    page = made.add_worksheet(SHEET)
    for at, row in enumerate(rows):
        for column, cell in enumerate(row):
            page.write(at, column, cell)
    made.close()
    return out.getvalue()


def at(line: int, column: str | None, name: str = SHEET, file: str = FILE) -> Place:
    return Place(file, line, column, name)


def ventes_rows(rows: Sequence[Sequence[Any]], change: Any = None) -> bytes:
    return book({SHEET: [HEAD, *rows]}, change)
