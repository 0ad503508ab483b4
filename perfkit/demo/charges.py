"""Charges: with which entries do the books hold what the tables of costs and of spend hold?

One entry a month and kind of cost, and one a month, channel and kind of spend, each of the month's sum: suppliers bill
with VAT, pay is booked with its social charges beside it.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from perfkit.demo.expenses import SOCIAL_CHARGES
from perfkit.demo.planted import FIRST, Entry
from perfkit.demo.stock import DEDUCTIBLE, SUPPLIERS

VAT = 0.20
"""On what is bought of others; goods to eat have a lower rate."""
PAY, SOCIAL, _PERSONNEL, _FUNDS = "641000", "645000", "421000", "431000"
_OTHER = "613000"
_ACCOUNTS = {
    "Assurances et honoraires": "622600",
    "Coopération commerciale": "623000",
    "Emballages d'expédition": "602600",
    "Frais de paiement": "627000",
    "Préparation de commandes": "611000",
    "Traitement des retours": "611000",
    "Transport sur achats": "608000",
    "Transport sur ventes": "624200",
    "Agence": "623000",
    "Bons d'achat": "623400",
    "Commissions": "622200",
    "Média": "623100",
    "Outils": "651100",
}
"""Account of each kind that suppliers bill; the others are external charges."""
_WORN = "Amortissements"
_PAID = ("Force de vente", "Salaires du siège")
_WITHOUT_TAX = ("Bons d'achat", "Frais de paiement")


def charges(costs: pd.DataFrame, spend: pd.DataFrame) -> Iterator[Entry]:
    """Return the entries of canonical costs and spend since `FIRST`, on the last day of their month."""
    of_costs = pd.DataFrame({"month": costs["period"], "kind": costs["kind"], "channel": "", "amount": costs["amount"]})
    of_spend = pd.DataFrame(
        {"month": spend["date"], "kind": spend["kind"], "channel": spend["channel"], "amount": spend["amount"]}
    )
    rows = pd.concat([of_costs, of_spend])
    rows = rows.assign(month=rows["month"].dt.to_period("M"))[rows["month"] >= pd.Timestamp(str(FIRST))]
    for month, of_month in rows.groupby("month"):
        last = np.datetime64(month.end_time.date())
        sums = of_month.groupby(["kind", "channel"])["amount"].agg(lambda amounts: int(sum(amounts) * 100))
        for number, ((kind, channel), amount) in enumerate(sums.items(), start=1):
            journal = "IN" if kind == _WORN else "PA" if kind in _PAID else "AC"
            label = f"{kind}, {channel}" if channel else kind
            yield Entry(journal, last, f"CH{month}-{number:02d}", label, _sides(kind, amount))


def _sides(kind: str, amount: int) -> tuple[tuple[str, int], ...]:
    if kind == _WORN:
        return (("681000", -amount), ("281000", amount))
    if kind in _PAID:
        paid = round(amount / (1 + SOCIAL_CHARGES))
        return ((PAY, -paid), (SOCIAL, paid - amount), (_PERSONNEL, paid), (_FUNDS, amount - paid))
    tax = 0 if kind in _WITHOUT_TAX else round(amount * VAT)
    sides = ((_ACCOUNTS.get(kind, _OTHER), -amount), (DEDUCTIBLE, -tax), (SUPPLIERS, amount + tax))
    return tuple(side for side in sides if side[1])
