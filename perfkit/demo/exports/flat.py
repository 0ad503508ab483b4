"""Flat files: what ad platforms, web analytics, survey tools and banks export, each in its own writing."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from perfkit.demo.exports.faults import Fault, Page
from perfkit.demo.exports.forms import days, french, point, texts, words, write_text


def write(tables: Mapping[str, pd.DataFrame], folder: Path) -> list[Fault]:
    """Write the files; return the faults in them."""
    return [
        *_spend(tables["spend"], folder),
        *_sessions(tables["sessions"], folder),
        *_touches(tables["touches"], folder),
        *_surveys(tables["surveys"], folder),
        *_subscriptions(tables["subscriptions"], folder),
        *_rates(tables["fx"], folder),
    ]


def _spend(spend: pd.DataFrame, folder: Path) -> list[Fault]:
    """An ad platform's report: its own title above, a total below."""
    cells = {
        "Day": days(spend["date"], "%Y-%m-%d"),
        "Channel": words(spend["channel"]),
        "Cost type": words(spend["kind"]),
        "Amount spent (EUR)": texts(spend["amount"], point),
    }
    page = Page(pd.DataFrame(cells, dtype=object), table="spend", file="marketing/depenses_media.csv")
    total = f"{sum(spend['amount']):.2f}"
    page.declare(
        "spend-total", "a totals row", "left out", "The last row is the total of the others, and agrees.",
        reason="totals row", more={"stated": total, "ties": True},
    )  # fmt: skip
    last = {"Day": "Total", "Channel": "", "Cost type": "", "Amount spent (EUR)": total}
    page.add("spend-total", last, after=len(spend))
    above = ("Media performance report", f"All channels, {cells['Day'][0]} to {cells['Day'][-1]}", "")
    rows, faults = page.laid_out(first_line=5)
    write_text(folder / page.file, rows, delimiter=",", above=above, line_end="\n")
    return faults


def _sessions(sessions: pd.DataFrame, folder: Path) -> list[Fault]:
    """Web analytics: remarks behind number signs above the headings, days without separators."""
    cells = {
        "Date": days(sessions["date"], "%Y%m%d"),
        "Session channel group": words(sessions["channel"]),
        "Sessions": texts(sessions["visits"], lambda visits: f"{int(visits)}"),
    }
    page = Page(pd.DataFrame(cells, dtype=object), table="sessions", file="marketing/audience_site.csv")
    at = len(sessions) // 2
    page.declare(
        "sessions-half", "numbers that are not whole", "set aside", "A sampled row estimates half a visit.",
        reason="not whole",
    )  # fmt: skip
    page.add("sessions-half", {**page.cells.iloc[at].to_dict(), "Sessions": "12.5"}, after=at)
    above = ("# ----------------------------------------", "# Traffic acquisition", "# All users", "# " + "-" * 40)
    rows, faults = page.laid_out(first_line=6)
    write_text(folder / page.file, rows, delimiter=",", above=above, line_end="\n")
    return faults


def _touches(touches: pd.DataFrame, folder: Path) -> list[Fault]:
    """A tag manager's log of contacts, packed."""
    cells = {
        "visitor_customer": words(touches["customer_id"]),
        "visitor_lead": words(touches["lead_id"]),
        "event_time": days(touches["touched_at"], "%Y-%m-%dT%H:%M:%S"),
        "channel": words(touches["channel"]),
    }
    path = folder / "marketing/points_de_contact.csv.gz"
    write_text(path, pd.DataFrame(cells, dtype=object), delimiter=",", line_end="\n", packed=True)
    return []


def _surveys(surveys: pd.DataFrame, folder: Path) -> list[Fault]:
    """A survey tool's answers, between tabs."""
    cells = {
        "Respondent": words(surveys["customer_id"]),
        "Completed": days(surveys["answered_on"], "%d/%m/%Y"),
        "Question": [kind.upper() for kind in words(surveys["kind"])],
        "Score": texts(surveys["score"], lambda score: f"{score:g}"),
        "Language": ["fr"] * len(surveys),
    }
    page = Page(pd.DataFrame(cells, dtype=object), table="surveys", file="enquetes/satisfaction.tsv")
    at = len(surveys) // 2
    page.declare(
        "survey-no-score", "missing values", "set aside", "Two answers were begun and have no score.", reason="missing"
    )
    for row in (at, at + 1):
        page.add("survey-no-score", {**page.cells.iloc[row].to_dict(), "Score": ""}, after=row)
    rows, faults = page.laid_out(first_line=2)
    write_text(folder / page.file, rows, delimiter="\t")
    return faults


def _subscriptions(subscriptions: pd.DataFrame, folder: Path) -> list[Fault]:
    """A billing tool's list of contracts, in French."""
    cells = {
        "Contrat": words(subscriptions["subscription_id"]),
        "Client": words(subscriptions["customer_id"]),
        "Début": days(subscriptions["started_on"], "%d/%m/%Y"),
        "Fin": days(subscriptions["ended_on"], "%d/%m/%Y"),
        "Mensualité HT": texts(subscriptions["monthly_revenue"], french),
        "Formule": words(subscriptions["plan"]),
    }
    page = Page(pd.DataFrame(cells, dtype=object), table="subscriptions", file="boutique/abonnements.csv")
    twice = [len(subscriptions) * part // 3 for part in (1, 2)]
    page.declare(
        "subscription-twice", "keys that stand twice", "left out",
        "Two contracts were exported before and after a change of formula: keep = \"last\" takes the later row.",
        reason="keep = 'last'", ids=subscriptions["subscription_id"].iloc[twice].tolist(),
        money=sum(subscriptions["monthly_revenue"].iloc[twice]),
    )  # fmt: skip
    for row in twice:
        page.add("subscription-twice", {**page.cells.iloc[row].to_dict(), "Formule": "Ancienne formule"}, after=row - 1)
    rows, faults = page.laid_out(first_line=2)
    write_text(folder / page.file, rows, delimiter=";", encoding="cp1252")
    return faults


def _rates(rates: pd.DataFrame, folder: Path) -> list[Fault]:
    """The treasurer's table of rates."""
    cells = {
        "Date": days(rates["date"], "%d/%m/%Y"),
        "Devise": words(rates["currency"]),
        "Cours en euros": texts(rates["rate"], lambda rate: f"{rate:.4f}".replace(".", ",")),
    }
    path = folder / "comptabilite/cours_de_change.csv"
    write_text(path, pd.DataFrame(cells, dtype=object), delimiter=";", encoding="cp1252")
    return []
