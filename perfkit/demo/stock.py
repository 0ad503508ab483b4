"""Stock: what does the company buy of each family month by month, and what lies in its warehouse?

It buys what it sells and what is to lie there at the month's end, by the sales of the same season a year before.
Purchases less the rise of the stock are the cost of the goods sold, month by month and to the cent: but for what the
count at the end of the fiscal year does not find.
"""

from collections.abc import Iterator

import numpy as np

from perfkit.demo.assortment import Assortment
from perfkit.demo.calendar import MONTHS, month_of, place_of, working
from perfkit.demo.draws import Ints
from perfkit.demo.lines import Lines
from perfkit.demo.planted import FIRST, VAT, Causes, Entry

PURCHASES, CHANGE, STOCK = "607000", "603700", "370000"
SUPPLIERS, DEDUCTIBLE = "401000", "445660"
COVER_MONTHS = 1.5
"""Sales of so many months lie in the warehouse at a month's end."""
SHRINKAGE = 0.004
"""The part of the stock at the end of a fiscal year that its count does not find."""
CAUSE = "stock_count"
_INVOICED_ON = 14  # days after the first of the month


def goods_entries(lines: Lines, goods: Assortment) -> tuple[list[Entry], Causes]:
    """Return purchases and changes of stock since `FIRST`, and what lies between them and the cost of the lines."""
    causes = Causes()
    return list(_entries(lines, goods, causes)), causes


def _entries(lines: Lines, goods: Assortment, causes: Causes) -> Iterator[Entry]:
    families = list(dict.fromkeys(goods.families))
    invoiced = working(MONTHS.astype("datetime64[D]") + _INVOICED_ON)
    sold, begun = _sold(lines, goods, families), place_of(FIRST)
    stock = _goal(sold, begun - 1)
    for place in range(begun, MONTHS.size):
        month = MONTHS[place]
        last = (month + 1).astype("datetime64[D]") - 1
        bought = np.maximum(sold[:, place] + _goal(sold, place) - stock, 0)
        for number, (family, amount) in enumerate(zip(families, bought.tolist(), strict=True), start=1):
            if amount:
                tax = round(amount * VAT)
                sides = ((PURCHASES, -amount), (DEDUCTIBLE, -tax), (SUPPLIERS, amount + tax))
                yield Entry(
                    "AC", invoiced[place], f"AM{month}-{number:02d}", f"Achats de marchandises, {family}", sides
                )
        rise = bought - sold[:, place]
        stock = stock + rise
        if more := int(rise.sum()):
            yield Entry("IN", last, f"VS{month}", "Variation des stocks", ((CHANGE, more), (STOCK, -more)))
        if str(month).endswith("-12"):
            lost = np.rint(stock * SHRINKAGE).astype(np.int64)
            stock, missing, piece = stock - lost, int(lost.sum()), f"INV{month}"
            causes.add(CAUSE, last, -missing, piece)
            yield Entry("IN", last, piece, "Écart d'inventaire", ((CHANGE, -missing), (STOCK, missing)))


def _sold(lines: Lines, goods: Assortment, families: list[str]) -> Ints:
    """The cost of the goods sold, family by month, in cents."""
    sold = np.zeros((len(families), MONTHS.size), dtype=np.int64)
    family = np.array([families.index(each) for each in goods.families])
    np.add.at(sold, (family[lines.product], month_of(lines.day)), lines.cost(goods))
    return sold


def _goal(sold: Ints, place: int) -> Ints:
    """What is to lie there at the end of a month: by the cost of the next two months a year before."""
    ahead = np.maximum(sold[:, place - 11 : place - 9].sum(axis=1), 0)
    return np.rint(ahead * COVER_MONTHS / 2).astype(np.int64)
