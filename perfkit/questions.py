"""Questions: which of them the data at hand can answer, and the one thing to ask for where they cannot."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from perfkit.languages import mark, text
from perfkit.results import Field, Result, View, figure_frame


@dataclass(frozen=True)
class Question:
    """A question of a report and the columns that answer it: each of `needs` is a choice of columns."""

    id: str
    words: str
    needs: tuple[tuple[str, ...], ...]
    ask: str


QUESTIONS = (
    Question(
        "revenue",
        mark("What was sold, month by month, against last year?"),
        (("sales.date",), ("sales.net_revenue",)),
        mark("the lines of invoices or orders, with their date and net amount"),
    ),
    Question(
        "targets",
        mark("Are we where we planned to be?"),
        (("targets.value",),),
        mark("the monthly budget or targets, at least for revenue"),
    ),
    Question(
        "orders",
        mark("How many orders, and of what value?"),
        (("sales.order_id",),),
        mark("the order or invoice number of each line"),
    ),
    Question(
        "customers",
        mark("Who buys: new, returning, lost and large customers?"),
        (("sales.customer_id",),),
        mark("the customer number of each line"),
    ),
    Question(
        "repeat",
        mark("Do new customers buy again?"),
        (("sales.customer_id",), ("sales.order_id",)),
        mark("the customer and order numbers of each line"),
    ),
    Question(
        "products",
        mark("Which products grow and decline?"),
        (("sales.product_id",),),
        mark("the product number of each line"),
    ),
    Question(
        "categories",
        mark("Which product families grow and decline?"),
        (("products.category", "sales.category"),),
        mark("the product list with each product's family"),
    ),
    Question(
        "markets",
        mark("Which markets grow and decline?"),
        (("sales.country", "customers.country"),),
        mark("the country of each customer or line"),
    ),
    Question(
        "segments",
        mark("Which customer segments grow and decline?"),
        (("customers.segment", "sales.segment"),),
        mark("the customer list with each customer's segment"),
    ),
    Question(
        "channels",
        mark("Which sales channels grow and decline?"),
        (("sales.channel",),),
        mark("the sales channel of each line"),
    ),
    Question(
        "margin",
        mark("What is earned on what is sold?"),
        (("sales.cost", "products.unit_cost"),),
        mark("the cost of goods of each line, or the unit cost of each product"),
    ),
    Question(
        "ledger",
        mark("Do sales tie to the books?"),
        (("ledger.account",), ("ledger.debit",), ("ledger.credit",)),
        mark("the accounting entries of the period: the FEC (fichier des écritures comptables)"),
    ),
)


@dataclass(frozen=True, eq=False)
class Coverage(Result):
    """Which questions the data can answer.

    Attributes
    ----------
    rows : DataFrame, one row a question
        id; question, ask: message ids; answered: bool; share: share of the rows of the table that carry
        the columns, 0 to 1 (missing where there is none); lacking: the columns that are absent.
    """

    rows: pd.DataFrame

    def figures(self) -> pd.DataFrame:
        """Return one figure a question: the share of lines that can answer it."""
        return figure_frame(
            {
                "figure_id": f"coverage:{row['id']}",
                "kpi": "coverage",
                "estimate": row["share"],
                "unit": "share",
                "basis": text("rows that carry the columns / rows of the table"),
                "status": "observed" if row["answered"] else "not available",
                "reason": "" if row["answered"] else text("Ask for {what}.", what=text(row["ask"])),
            }
            for row in self.rows.to_dict("records")
        )

    def views(self) -> list[View]:
        """Return the questions, the answered ones first."""
        answered = int(self.rows["answered"].sum())
        shown = pd.DataFrame(
            {
                "question": [text(words) for words in self.rows["question"]],
                "answer": [text("yes") if yes else text("not yet") for yes in self.rows["answered"]],
                "share": self.rows["share"].to_list(),
                "ask": [
                    "" if yes else text("Ask for {what}.", what=text(ask))
                    for yes, ask in zip(self.rows["answered"], self.rows["ask"], strict=True)
                ],
            }
        )
        return [
            View(
                title=text("The data answer {n} of {total} questions", n=answered, total=len(self.rows)),
                subtitle=text("Question, whether the data carry it, share of rows that do, and what to ask for"),
                fields=[
                    Field("question", text("Question")),
                    Field("answer", text("Answered")),
                    Field("share", text("Rows, %"), unit="share"),
                    Field("ask", text("What to ask for")),
                ],
                rows=shown,
            )
        ]


def coverage(filled: Mapping[str, float]) -> Coverage:
    """Say which questions can be answered.

    Parameters
    ----------
    filled : mapping of "table.column" to share
        The columns that there are, with the share of rows that carry a value (0 to 1).
    """
    rows: list[dict[str, Any]] = []
    for question in QUESTIONS:
        best = [max((filled.get(choice, 0.0) for choice in choices), default=0.0) for choices in question.needs]
        lacking = [choices[0] for choices, share in zip(question.needs, best, strict=True) if not share]
        rows.append(
            {
                "id": question.id,
                "question": question.words,
                "ask": question.ask,
                "answered": not lacking,
                "share": min(best) if not lacking else None,
                "lacking": ", ".join(lacking),
            }
        )
    return Coverage(pd.DataFrame(rows).astype({"share": "object"}))
