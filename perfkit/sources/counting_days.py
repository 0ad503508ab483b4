"""Counting days: is the date of sales the day on which the company says that revenue counts?"""

import json

from perfkit.sources.names import tokens

WORDS = {
    "invoice date": "facture factures facturation invoice invoices invoiced billing",
    "order date": "commande commandes order orders ordered",
    "delivery date": "livraison livre delivery delivered shipment ship shipped expedition bl",
    "purchase date": "achat purchase purchased",
}
"""Words of headings and of `revenue_date` by the day that they name, as reports know it."""


def kind(text: str) -> str:
    """Return which day a heading, or a company's words, name; empty where they name none, or several."""
    named = [day for day, words in WORDS.items() if set(words.split()) & set(tokens(text))]
    return named[0] if len(named) == 1 else ""


def told(made_from: str, revenue_date: str) -> str:
    """Return what to say where sales are dated by another day than `revenue_date`; empty where they are not.

    Parameters
    ----------
    made_from : str
        The heading of the date, or those of files that differ, as load.json says it: with " / " between.
    revenue_date : str
        As company.toml says it.
    """
    days = {kind(heading) for heading in made_from.split(" / ")}
    said = kind(revenue_date)
    if len(days) != 1 or not said or not (day := days.pop()) or day == said:
        return ""
    return (
        f"company.toml says revenue_date = {revenue_date!r}, which every report prints, and sales are dated by "
        f"{made_from!r}. If that is the day on which revenue counts, write at the top of company.toml: revenue_date = "
        f"{json.dumps(day)}; else map the column of the other day as date."
    )
