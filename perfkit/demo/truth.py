"""Truth: the parameters behind every figure that an estimator should recover, and what was drawn from them.

Each part says in "for" which tables and which estimator it is meant for; units stand in the names. Sums of
money are texts of exact decimals; parameters are numbers.
"""

from decimal import Decimal
from typing import Any

import numpy as np

from perfkit.demo import books, market, stock, truth_audit, truth_customers, truth_trade
from perfkit.demo.assortment import CHANNELS, Assortment
from perfkit.demo.bridges import bridges
from perfkit.demo.calendar import DAYS, MONTHS, WORKDAYS_OF_MONTH, month_of, seasons
from perfkit.demo.crm import Opportunities
from perfkit.demo.lines import Lines
from perfkit.demo.media import Acquired
from perfkit.demo.plan import Plan
from perfkit.demo.planted import Causes
from perfkit.demo.shelves import Shelf
from perfkit.demo.subscriptions import Boxes
from perfkit.demo.team import Team
from perfkit.demo.web import Shop
from perfkit.demo.wholesale import Trade


def truth_of(
    seed: int,
    scale: float,
    goods: Assortment,
    ads: Acquired,
    shop: Shop,
    boxes: Boxes,
    sellers: Team,
    deals: Opportunities,
    trade: Trade,
    shelf: Shelf,
    lines: Lines,
    planned: Plan,
    causes: Causes,
    of_costs: Causes,
) -> dict[str, Any]:
    """Return all that is true of a story; `json.dumps` takes it as it is."""
    return {
        "company": {
            "name": market.COMPANY,
            "currency": "EUR",
            "fiscal_year_starts": "01-01",
            "calendar": "FR",
            "start": str(DAYS[0]),
            "observed_until": str(DAYS[-1]),
            "seed": seed,
            "scale": scale,
            "revenue_date": "order date on the web, invoice date elsewhere",
        },
        "totals": totals(lines, goods, ads),
        "calendar": {
            "for": "all sales: the season of a month against an average one; working days of France",
            "season_january_to_december": seasons(),
            "working_days_by_month": _by_month(WORKDAYS_OF_MONTH),
        },
        "web_purchases": truth_customers.repeat_purchases(ads, shop),
        "lifetime_value": truth_customers.lifetime_value(ads),
        "channel_effects": truth_customers.channel_effects(ads, shop, scale),
        "subscriptions": truth_customers.subscriptions_truth(boxes),
        "wholesale_churn": truth_customers.wholesale_churn(trade),
        "satisfaction": truth_customers.satisfaction(),
        "opportunities": truth_trade.deals_truth(deals),
        "prices": truth_trade.prices_truth(goods, sellers),
        "bridges": {
            "for": "sales: price, volume and mix by Paasche's formulas (KPI definitions), computed apart from perfkit; "
            "units of measure apart; credit notes apart, because a negative quantity has no price",
            **bridges(lines, goods),
        },
        "training": truth_trade.training_truth(sellers, trade),
        "quotas": truth_trade.quotas_truth(planned),
        "shelves": truth_trade.shelves_truth(shelf, goods),
        "returns": truth_trade.returns_truth(goods),
        "fx": truth_trade.fx_truth(seed, trade),
        "ledger": ledger_truth(causes, of_costs),
        "audit": truth_audit.audit(lines, goods, ads, trade, planned),
    }


def totals(lines: Lines, goods: Assortment, ads: Acquired) -> dict[str, Any]:
    """Return what was drawn: lines, revenue, cost and customers, for ties to the cent."""
    month, cost = month_of(lines.day), lines.cost(goods)
    years = np.array([str(each)[:4] for each in MONTHS])

    def sums(amounts: np.ndarray, which: np.ndarray) -> dict[str, str]:
        by_month = np.zeros(MONTHS.size, dtype=np.int64)
        np.add.at(by_month, month[which], amounts[which])
        return {str(each): _euros(int(value)) for each, value in zip(MONTHS, by_month, strict=True)}

    everything = np.ones(month.size, dtype=bool)
    return {
        "for": "sales: ties of a load and of every report",
        "lines": int(month.size),
        "credit_note_lines": int((lines.thousandths < 0).sum()),
        "documents": int(np.unique(lines.order.astype(str)).size),
        "net_revenue_euros": _euros(int(lines.net.sum())),
        "list_revenue_euros": _euros(int(lines.listed.sum())),
        "cost_euros": _euros(int(cost.sum())),
        "net_revenue_by_month_euros": sums(lines.net, everything),
        "cost_by_month_euros": sums(cost, everything),
        "net_revenue_by_channel_and_year_euros": {
            channel: {
                str(year): _euros(int(lines.net[(lines.channel == place) & (years[month] == year)].sum()))
                for year in sorted(set(years))
            }
            for place, channel in enumerate(CHANNELS)
        },
        "new_web_customers_by_month": truth_customers.new_by_month(ads),
    }


def ledger_truth(causes: Causes, of_costs: Causes) -> dict[str, Any]:
    """Return what lies between sales and the books, and between the costs: euros by cause and month, and documents."""
    return {
        "for": "ledger against sales: books less sales by month, cause by cause; nothing is left over",
        "first_month": books.months()[0],
        **_causes(causes),
        "costs": {
            "for": "accounts 60 to 65 and 681 (credit less debit: costs are negative) against the cost of the lines of "
            "sales, costs and spend: books less these by month, cause by cause; nothing is left over",
            "stock_count_share_of_stock": stock.SHRINKAGE,
            **_causes(of_costs),
        },
    }


def _causes(of: Causes) -> dict[str, Any]:
    return {
        "by_cause_and_month_euros": of.by_month(),
        "documents": {cause: list(names) for cause, names in of.documents.items()},
    }


def _by_month(values: np.ndarray) -> dict[str, int]:
    return {str(month): int(value) for month, value in zip(MONTHS, values, strict=True)}


def _euros(cents: int) -> str:
    return str(Decimal(cents).scaleb(-2))
