"""Workbooks: what offices keep in spreadsheets, with titles above the headings and several sheets."""

import zlib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from perfkit.demo.exports.faults import Fault, Page
from perfkit.demo.exports.forms import Workbook, first_line

_ZEROS = 40
"""Postcodes of which a spreadsheet took the leading zero, one in so many customers at most."""


def write(tables: Mapping[str, pd.DataFrame], folder: Path) -> list[Fault]:
    """Write the workbooks; return the faults in them."""
    return [
        *_customers(tables["customers"], folder),
        *_products(tables["products"], folder),
        *_people(tables, folder),
        *_targets(tables["targets"], folder),
        *_costs(tables["costs"], folder),
        *_market(tables["market"], folder),
        *_stores(tables["store_checks"], folder),
    ]


def _cells(rows: pd.DataFrame, headings: Mapping[str, str]) -> pd.DataFrame:
    """Some canonical columns under the workbook's headings: texts, numbers, days, None where nothing stands."""
    found: dict[str, Any] = {}
    for name, heading in headings.items():
        values = rows[name].astype(object)
        found[heading] = values.where(rows[name].notna(), None).tolist()
    return pd.DataFrame(found, dtype=object)


def _customers(customers: pd.DataFrame, folder: Path) -> list[Fault]:
    """clients.xlsx: one sheet for shops and chains, one for people."""
    file = "referentiels/clients.xlsx"
    headings = {
        "customer_id": "Code client", "name": "Nom", "segment": "Segment", "country": "Pays",
        "acquired_on": "Client depuis", "acquisition_channel": "Origine", "referred_by": "Parrain",
    }  # fmt: skip
    private = customers["customer_id"].str.match("[CA][0-9]").to_numpy(dtype=bool)
    book = Workbook(folder / file)
    book.note("Lisez-moi", ["Référentiel clients", "Extraction du 2 octobre 2026, tous clients actifs et inactifs.",
                            "Une ligne par client ; les doublons éventuels sont à signaler à l'ADV."])  # fmt: skip
    faults: list[Fault] = []
    for sheet, here in (("Professionnels", ~private), ("Particuliers", private)):
        rows = customers[here].reset_index(drop=True)
        cells = _cells(rows, headings)
        cells["Code postal"], lost = _postcodes(rows)
        page = Page(cells, table="customers", file=file, sheet=sheet)
        if sheet == "Professionnels":
            _twice(page)
        if lost:
            page.declare(
                f"customers-zeros-{sheet[:3].lower()}", "lost leading zeros", "kept",
                "A spreadsheet made numbers of postcodes and took their leading zeros: digits = 5 puts them back.",
                ids=rows["customer_id"].iloc[lost].tolist(), more={"column": "postcode"},
            )  # fmt: skip
            for row in lost:
                page.change(f"customers-zeros-{sheet[:3].lower()}", row, {})
        remarks = ("Extraction du 02/10/2026", "Source : gestion commerciale")
        laid, found = page.laid_out(first_line(remarks))
        book.sheet(
            sheet, laid, title=f"Clients {sheet.lower()}", remarks=remarks, kinds={"Client depuis": "day"},
            widths={"Nom": 34, "Segment": 24, "Origine": 30},
        )  # fmt: skip
        faults += found
    book.close()
    return faults


def _postcodes(rows: pd.DataFrame) -> tuple[list[Any], list[int]]:
    """A French customer's postcode, made of its code; some of those of the first departments as numbers."""
    codes: list[Any] = []
    lost: list[int] = []
    for place, (customer, country) in enumerate(zip(rows["customer_id"], rows["country"], strict=True)):
        if country != "France":
            codes.append(None)
            continue
        number = zlib.crc32(str(customer).encode())
        code = f"{1 + number % 95:02}{number // 95 % 99:02}0"
        if code[0] == "0" and len(lost) < max(1, len(rows) // _ZEROS):
            lost.append(place)
            codes.append(int(code))
        else:
            codes.append(code)
    return codes, lost


def _twice(page: Page) -> None:
    """Customers who stand twice, the earlier row under an older name."""
    rows = [len(page.cells) * part // 4 for part in (1, 2, 3)]
    page.declare(
        "customers-twice", "keys that stand twice", "left out",
        "Three customers were entered twice: keep = \"last\" takes the later row of each.",
        reason="keep = 'last'", ids=[str(page.cells["Code client"].iloc[row]) for row in rows],
    )  # fmt: skip
    for row in rows:
        older = {**page.cells.iloc[row].to_dict(), "Nom": f"{page.cells['Nom'].iloc[row]} (ancien)"}
        page.add("customers-twice", older, after=row - 1)


def _products(products: pd.DataFrame, folder: Path) -> list[Fault]:
    file = "referentiels/articles.xlsx"
    cells = _cells(
        products,
        {"product_id": "Référence", "name": "Désignation", "category": "Famille", "tier": "Gamme",
         "unit": "Unité", "unit_cost": "Coût unitaire HT"},
    )  # fmt: skip
    page = Page(cells, table="products", file=file, sheet="Articles")
    page.declare(
        "products-cost-unknown", "amounts with letters", "set aside", "The cost of a product to come is not known yet.",
        reason="not a number", ids=["P999"],
    )  # fmt: skip
    last = page.cells.iloc[-1].to_dict()
    to_come = {**last, "Référence": "P999", "Désignation": "Nouveauté 2027", "Coût unitaire HT": "à définir"}
    page.add("products-cost-unknown", to_come, after=len(cells) - 1)
    remarks = ("Coûts à date, hors taxes",)
    rows, faults = page.laid_out(first_line(remarks))
    book = Workbook(folder / file)
    book.sheet("Articles", rows, title="Catalogue articles", remarks=remarks, kinds={"Coût unitaire HT": "money"},
               widths={"Désignation": 36, "Famille": 22})  # fmt: skip
    book.note("Unités", ["Unités de vente", "pièce : vendu à la pièce", "kg : vendu au poids"])
    book.close()
    return faults


_PEOPLE: dict[str, tuple[str, str, dict[str, str], dict[str, str]]] = {
    "reps": (
        "Équipe", "Équipe commerciale",
        {"rep_id": "Matricule", "name": "Nom", "team": "Équipe", "manager_id": "Responsable", "hired_on": "Entrée",
         "left_on": "Sortie"},
        {"Entrée": "day", "Sortie": "day"},
    ),
    "pay": (
        "Paie", "Rémunération mensuelle brute",
        {"rep_id": "Matricule", "period": "Mois", "fixed": "Fixe", "variable_target": "Variable cible",
         "variable_paid": "Variable versé"},
        {"Mois": "month", "Fixe": "money", "Variable cible": "money", "Variable versé": "money"},
    ),
    "goals": (
        "Objectifs individuels", "Objectifs individuels du trimestre",
        {"rep_id": "Matricule", "period": "Mois", "goal": "Objectif", "kind": "Nature", "weight": "Poids",
         "target": "Cible", "achieved": "Réalisé"},
        {"Mois": "month", "Poids": "share"},
    ),
    "trainings": (
        "Formations", "Plan de formation réalisé",
        {"rep_id": "Matricule", "date": "Date", "training": "Formation", "hours": "Heures", "cost": "Coût HT"},
        {"Date": "day", "Coût HT": "money"},
    ),
    "coaching": (
        "Accompagnements", "Accompagnements terrain",
        {"rep_id": "Matricule", "date": "Date", "hours": "Heures", "coach_id": "Accompagnateur"},
        {"Date": "day"},
    ),
}  # fmt: skip
"""By table of rh.xlsx: sheet, title, headings, formats."""
TABLES = ("customers", "products", *_PEOPLE, "targets", "costs", "market", "store_checks")
"""The tables that stand in workbooks."""
_NATURES = {"quantitative": "Quantitatif", "qualitative": "Qualitatif"}


def _people(tables: Mapping[str, pd.DataFrame], folder: Path) -> list[Fault]:
    """rh.xlsx: the team, its pay, goals, trainings and coaching, a sheet each."""
    file = "rh/equipe_commerciale.xlsx"
    book = Workbook(folder / file)
    book.note("Lisez-moi", ["Ressources humaines", "Document confidentiel : montants bruts, hors charges."])
    faults: list[Fault] = []
    for table, (sheet, title, headings, kinds) in _PEOPLE.items():
        cells = _cells(tables[table], headings)
        if "Nature" in cells:
            cells["Nature"] = [_NATURES.get(each, each) for each in cells["Nature"]]
        page = Page(cells, table=table, file=file, sheet=sheet)
        if table == "coaching":
            page.declare("coaching-blank-rows", "blank rows", "told", "Empty rows part the years.",
                         reason="2 blank rows hold no record.")  # fmt: skip
            for part in (1, 2):
                page.add("coaching-blank-rows", dict.fromkeys(headings.values()), after=len(cells) * part // 3)
        remarks = ("Direction des ressources humaines",)
        rows, found = page.laid_out(first_line(remarks))
        book.sheet(sheet, rows, title=title, remarks=remarks, kinds=kinds, widths={"Objectif": 44, "Formation": 34})
        faults += found
    book.close()
    return faults


def _targets(targets: pd.DataFrame, folder: Path) -> list[Fault]:
    file = "budget/objectifs.xlsx"
    cells = _cells(
        targets,
        {"kpi": "Indicateur", "period": "Mois", "value": "Objectif", "dimension": "Axe", "member": "Élément",
         "version": "Version"},
    )  # fmt: skip
    remarks = ("Comité de direction", "Montants en euros hors taxes")
    book = Workbook(folder / file)
    book.sheet("Objectifs", cells, title="Objectifs mensuels", remarks=remarks, kinds={"Mois": "month"},
               widths={"Élément": 22})  # fmt: skip
    book.note(
        "Méthode", ["Construction du budget", "Le réalisé de l'année précédente, mois par mois, et la croissance."]
    )
    book.close()
    return []


def _costs(costs: pd.DataFrame, folder: Path) -> list[Fault]:
    file = "comptabilite/charges_analytiques.xlsx"
    cells = _cells(
        costs,
        {"period": "Mois", "kind": "Nature", "amount": "Montant HT", "level": "Niveau", "customer_id": "Client",
         "channel": "Canal", "driver": "Clé"},
    )  # fmt: skip
    page = Page(cells, table="costs", file=file, sheet="Charges")
    total = sum(costs["amount"], start=Decimal(0))
    page.declare(
        "costs-total", "a totals row", "left out", "The last row is the total of the others, and agrees.",
        reason="totals row", more={"stated": f"{total:f}", "ties": True},
    )  # fmt: skip
    blank = dict.fromkeys(cells.columns)
    page.add("costs-total", {**blank, "Mois": "Total", "Montant HT": total}, after=len(cells))
    remarks = ("Contrôle de gestion", "Niveau : marge à laquelle la charge se rattache")
    rows, faults = page.laid_out(first_line(remarks))
    book = Workbook(folder / file)
    book.sheet("Charges", rows, title="Charges analytiques", remarks=remarks,
               kinds={"Mois": "month", "Montant HT": "money"}, widths={"Nature": 34, "Canal": 22})  # fmt: skip
    book.close()
    return faults


def _market(market: pd.DataFrame, folder: Path) -> list[Fault]:
    cells = _cells(
        market,
        {"period": "Mois", "segment": "Famille", "seller": "Fabricant", "value": "Ventes valeur",
         "units": "Ventes volume"},
    )  # fmt: skip
    cells["Fabricant"] = ["Total marché" if each == "total" else each for each in cells["Fabricant"]]
    book = Workbook(folder / "marche/panel_distributeurs.xlsx")
    book.note("Méthodologie", ["Panel distributeurs", "Hypermarchés et supermarchés, France métropolitaine.",
                               "Valeur en euros hors taxes, volume en unités de vente."])  # fmt: skip
    book.sheet("Données", cells, title="Ventes en grande distribution, par fabricant",
               remarks=("Données mensuelles",), kinds={"Mois": "month", "Ventes valeur": "money"},
               widths={"Famille": 22, "Fabricant": 26})  # fmt: skip
    book.close()
    return []


def _stores(checks: pd.DataFrame, folder: Path) -> list[Fault]:
    """releves_magasins.xlsx: what representatives saw in stores, one sheet a year."""
    file = "magasins/releves_linéaires.xlsx"
    headings = {
        "store_id": "Magasin", "checked_on": "Date de visite", "product_id": "Référence", "category": "Famille",
        "present": "Présent", "facings": "Facings", "length": "Longueur (cm)", "display": "Mise en avant",
    }  # fmt: skip
    book = Workbook(folder / file)
    faults: list[Fault] = []
    years = checks["checked_on"].dt.year.to_numpy()
    for year in np.unique(years).tolist():
        cells = _cells(checks[years == year], headings)
        cells["Présent"] = ["oui" if each else "non" for each in cells["Présent"]]
        page = Page(cells, table="store_checks", file=file, sheet=str(year))
        if year == years.max():
            at = len(cells) // 2
            page.declare(
                "stores-maybe", "values that are neither yes nor no", "set aside",
                "A store was closed on the day of the visit.", reason="not yes or no",
            )  # fmt: skip
            page.add("stores-maybe", {**page.cells.iloc[at].to_dict(), "Présent": "fermé"}, after=at)
        remarks = ("Visites de la force de vente",)
        rows, found = page.laid_out(first_line(remarks))
        book.sheet(str(year), rows, title=f"Relevés de linéaires {year}", remarks=remarks,
                   kinds={"Date de visite": "day"}, widths={"Mise en avant": 18, "Famille": 22})  # fmt: skip
        faults += found
    book.close()
    return faults
