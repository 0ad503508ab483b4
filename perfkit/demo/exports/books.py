"""Books: the ledger as a FEC (fichier des écritures comptables), one file a fiscal year.

Tabs, days without separators, decimal commas, ISO-8859-15: the eighteen columns that French tax audits ask for.
What lies between it and sales is part of the story, and stands in truth.json.
"""

from pathlib import Path

import pandas as pd

from perfkit.demo.exports.forms import days, texts, words, write_text

SIREN = "900000001"
"""The company's number, which the file's name begins with: one that no company has."""
_JOURNALS = {"VE": "Ventes", "AC": "Achats", "PA": "Paie", "IN": "Inventaire", "OD": "Opérations diverses"}


def write(ledger: pd.DataFrame, customers: pd.DataFrame, folder: Path) -> None:
    """Write comptabilite/<SIREN>FEC<last day>.txt for each year."""
    names = dict(zip(customers["customer_id"], customers["name"], strict=True))
    years = ledger["date"].dt.year.to_numpy()
    for year in range(int(years.min()), int(years.max()) + 1):
        rows = ledger[years == year]
        last = "20260930" if year == years.max() else f"{year}1231"
        path = folder / f"comptabilite/{SIREN}FEC{last}.txt"
        write_text(path, _cells(rows, names), delimiter="\t", encoding="iso-8859-15")


def _cells(rows: pd.DataFrame, names: dict[str, str]) -> pd.DataFrame:
    blank = [""] * len(rows)
    day = days(rows["date"], "%Y%m%d")
    return pd.DataFrame(
        {
            "JournalCode": words(rows["journal"]),
            "JournalLib": texts(rows["journal"], lambda code: _JOURNALS.get(code, code)),
            "EcritureNum": words(rows["entry_id"]),
            "EcritureDate": day,
            "CompteNum": words(rows["account"]),
            "CompteLib": words(rows["account_name"]),
            "CompAuxNum": words(rows["auxiliary"]),
            "CompAuxLib": texts(rows["auxiliary"], lambda code: names.get(code, "Client divers")),
            "PieceRef": words(rows["piece"]),
            "PieceDate": day,
            "EcritureLib": words(rows["label"]),
            "Debit": texts(rows["debit"], lambda amount: f"{amount:.2f}".replace(".", ",")),
            "Credit": texts(rows["credit"], lambda amount: f"{amount:.2f}".replace(".", ",")),
            "EcritureLet": blank,
            "DateLet": blank,
            "ValidDate": day,
            "Montantdevise": blank,
            "Idevise": blank,
        },
        dtype=object,
    )
