"""Dimensions: what can revenue be split by, what is a member called, and what to ask for where a column is absent?"""

import ibis
import pandas as pd

from perfkit.errors import ParameterError, unknown
from perfkit.languages import in_sentence, mark, text
from perfkit.lines import checked

_DIMENSIONS = {
    "country": mark("Country"),
    "channel": mark("Channel"),
    "category": mark("Category"),
    "segment": mark("Segment"),
    "product_id": mark("Product"),
    "product_name": mark("Product"),
    "customer_id": mark("Customer"),
    "customer_name": mark("Customer"),
    "customer_segment": mark("Customer segment"),
    "customer_country": mark("Customer country"),
    "acquisition_channel": mark("Acquisition channel"),
    "rep_id": mark("Sales representative"),
    "store_id": mark("Store"),
    "tier": mark("Tier"),
    "unit": mark("Unit of measure"),
    "document": mark("Document"),
    "currency": mark("Currency"),
}

_ASK = {
    "country": mark("the country of each customer or line"),
    "category": mark("the product list with each product's family"),
    "segment": mark("the customer list with each customer's segment"),
    "channel": mark("the sales channel of each line"),
    "order_id": mark("the order or invoice number of each line"),
    "customer_id": mark("the customer number of each line"),
    "product_id": mark("the product number of each line"),
    "list_revenue": mark("the amount of each line at list price, before discounts"),
    "cost": mark("the cost of goods of each line, or the unit cost of each product"),
}


def dimension_name(by: str) -> str:
    """Return what a reader calls a dimension's column; a company's own columns keep their name."""
    return text(_DIMENSIONS[by]) if by in _DIMENSIONS else by.replace("_", " ")


def is_known_dimension(by: str) -> bool:
    """Say whether a dimension is one that companies usually have."""
    return by in _DIMENSIONS


def in_words(column: str) -> str:
    """Return what a reader calls a column: the order or invoice number of each line."""
    return text(_ASK[column]) if column in _ASK else in_sentence(dimension_name(column))


def ask_for(column: str) -> str:
    """Return the reason for which a figure is not available, naming what to ask the client for."""
    return text("Not in the data. Ask for {what} ({column}).", column=column, what=in_words(column))


def lacks(lines: ibis.Table | pd.DataFrame, by: str) -> bool:
    """Say whether a dimension that perfkit knows is not in the data: a reason to ask for it, not an error."""
    return by not in lines.columns and is_known_dimension(by)


def dimensioned(lines: ibis.Table | pd.DataFrame, by: str) -> ibis.Table:
    """Return checked lines whose dimension is text.

    Raises
    ------
    ParameterError
        If there is no such column, or it holds amounts or days, which have no members.
    """
    table = checked(lines)
    dimensions = [name for name, of_type in table.schema().items() if of_type.is_string()]
    if by not in table.columns:
        raise ParameterError(f"sales: {unknown('dimension', by, dimensions)}")
    if by in ("date", "net_revenue") or not (table[by].type().is_string() or table[by].type().is_integer()):
        raise ParameterError(
            f"sales: {by!r} holds {table[by].type()}, and a breakdown needs members. "
            f"Take one of: {', '.join(dimensions)}."
        )
    return table.mutate(table[by].cast("string").name(by))


def distinct_names(members: pd.Series, names: pd.Series) -> pd.Series:
    """Return what each member is called: by its id where it has no name, by both where others share its name."""
    named = names.where(names.notna(), members)
    shared = named.notna() & named.duplicated(keep=False)
    both = [f"{name} ({member})" for name, member in zip(named, members, strict=True)]
    return named.where(~shared, pd.Series(both, index=named.index, dtype="object"))


def name_column(lines: ibis.Table, by: str) -> str | None:
    """The column that names a key: product_id is named by product_name, where the data have it."""
    name = by.removesuffix("_id") + "_name"
    return name if by.endswith("_id") and name in lines.columns else None
