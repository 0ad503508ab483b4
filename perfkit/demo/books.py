"""Books: the accounting entries (FEC) of 2025 and 2026.

Each document of sales is one entry: the customer's account against revenue, VAT and freight; beside them stand
the entries of `planted`, the goods of `stock` and the charges of each month. They tie to sales and to what the company
costs but for the causes planted. Neither the balance that a year opens with nor payments are among them.
"""

import numpy as np
import pandas as pd

from perfkit.demo.assortment import Assortment
from perfkit.demo.calendar import END, MONTHS
from perfkit.demo.charges import charges
from perfkit.demo.draws import Days, Ints, each_of, kept, numbered
from perfkit.demo.frames import frame
from perfkit.demo.lines import Lines
from perfkit.demo.planted import FIRST, Causes, Documents, Entry, documents, plant
from perfkit.demo.stock import goods_entries

_REVENUE = ("707100", "707200", "707300")
_CUSTOMERS, _TAX, _FREIGHT = "411000", "445710", "708500"
_NAMES = {
    _CUSTOMERS: "Clients",
    "707100": "Ventes boutique en ligne",
    "707200": "Ventes revendeurs",
    "707300": "Ventes grande distribution",
    _TAX: "TVA collectée",
    _FREIGHT: "Ports et frais facturés",
    "709700": "Rabais, remises et ristournes accordés",
    "418100": "Clients, factures à établir",
    "419800": "Clients, avoirs à établir",
    "487000": "Produits constatés d'avance",
    "445870": "TVA sur factures à établir",
    "370000": "Stocks de marchandises",
    "401000": "Fournisseurs",
    "421000": "Personnel, rémunérations dues",
    "431000": "Sécurité sociale",
    "445660": "TVA déductible sur autres biens et services",
    "281000": "Amortissements des immobilisations",
    "602600": "Emballages",
    "603700": "Variation des stocks de marchandises",
    "607000": "Achats de marchandises",
    "608000": "Frais accessoires d'achat",
    "611000": "Sous-traitance générale",
    "613000": "Locations et charges externes",
    "622200": "Commissions et courtages sur ventes",
    "622600": "Honoraires",
    "623000": "Publicité et coopération commerciale",
    "623100": "Annonces et insertions",
    "623400": "Cadeaux à la clientèle",
    "624200": "Transports sur ventes",
    "627000": "Services bancaires",
    "641000": "Rémunérations du personnel",
    "645000": "Charges de sécurité sociale et de prévoyance",
    "651100": "Redevances pour logiciels",
    "681000": "Dotations aux amortissements",
}


def ledger(
    seed: int, lines: Lines, goods: Assortment, abroad: set[str], costs: pd.DataFrame, spend: pd.DataFrame
) -> tuple[pd.DataFrame, Causes, Causes]:
    """Return the canonical ledger, and the causes planted in its revenue and in its costs.

    Parameters
    ----------
    seed : int
    lines : Lines
        All sales of the story.
    goods : Assortment
    abroad : set of customer ids
        Billed without VAT.
    costs, spend : DataFrame
        The canonical tables: what they hold of a month is booked on its last day.
    """
    booked = documents(lines, abroad)
    alone, causes = plant(seed, booked)
    bought, of_costs = goods_entries(lines, goods)
    return _table(booked, [*alone, *bought, *charges(costs, spend)]), causes, of_costs


def months() -> list[str]:
    """Return the months that the books hold."""
    return [str(month) for month in MONTHS if month >= FIRST.astype("datetime64[M]")]


def _table(of: Documents, alone: list[Entry]) -> pd.DataFrame:
    """Put all entries into canonical lines, numbered by journal and year in the order of their days."""
    at = np.nonzero(of.there)[0]
    taxed, carried = at[of.tax[at] != 0], at[of.freight[at] != 0]
    document = np.concatenate([at, at, taxed, carried])
    lines = sum(len(entry.sides) for entry in alone)
    entry = np.concatenate(
        [document, np.repeat(of.net.size + np.arange(len(alone)), [len(each.sides) for each in alone])]
    )
    account = np.concatenate([
        np.full(at.size, _CUSTOMERS, dtype=object),
        each_of(_REVENUE, of.channel[at]),
        np.full(taxed.size, _TAX, dtype=object),
        np.full(carried.size, _FREIGHT, dtype=object),
        np.array([account for each in alone for account, _ in each.sides], dtype=object),
    ])  # fmt: skip
    owed = of.booked + of.tax + of.freight
    amount = np.concatenate([
        -owed[at], of.booked[at], of.tax[taxed], of.freight[carried],
        np.array([cents for each in alone for _, cents in each.sides], dtype=np.int64),
    ])  # fmt: skip
    said = np.where(of.net < 0, "Avoir ", "Facture ").astype(object) + of.order

    def column(of_documents: np.ndarray, of_entries: list[object]) -> np.ndarray:
        own = np.empty(lines, dtype=object)
        own[:] = [value for value, each in zip(of_entries, alone, strict=True) for _ in each.sides]
        return np.concatenate([of_documents[document], own])

    day = np.concatenate([
        of.booked_on[document], np.array([each.day for each in alone for _ in each.sides], dtype="datetime64[D]")
    ])  # fmt: skip
    journal = column(np.full(of.net.size, "VE", dtype=object), [each.journal for each in alone])
    customer = column(of.customer, [each.customer for each in alone])
    piece = column(of.order, [each.piece for each in alone])
    label = column(said, [each.label for each in alone])
    order = np.lexsort((amount, entry, day))
    order = order[day[order] < END]
    moved = amount[order]
    return frame(
        "ledger",
        {
            "journal": journal[order],
            "entry_id": _entry_ids(journal[order], day[order], entry[order]),
            "date": day[order],
            "account": account[order],
            "account_name": np.array([_NAMES[name] for name in account[order].tolist()], dtype=object),
            "auxiliary": kept(customer[order], account[order] == _CUSTOMERS),
            "piece": piece[order],
            "label": label[order],
            "debit": np.where(moved < 0, -moved, 0),
            "credit": np.where(moved > 0, moved, 0),
        },
    )


def _entry_ids(journal: np.ndarray, day: Days, entry: Ints) -> np.ndarray:
    """Count the entries of each journal and year from 1, in the order of the lines."""
    first, which = np.unique(entry, return_index=True, return_inverse=True)[1:]
    years = day[first].astype("datetime64[Y]").astype(np.int64) + 1970
    ids = np.empty(first.size, dtype=object)
    for name in np.unique(journal.astype(str)):
        for year in np.unique(years):
            mine = np.nonzero((journal[first] == name) & (years == year))[0]
            mine = mine[np.argsort(first[mine])]
            ids[mine] = numbered(f"{year}-", np.arange(1, mine.size + 1), 6)
    return ids[which]
