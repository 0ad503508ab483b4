"""Story: one company of 36 months, made part by part from one seed.

Spend brings customers to the web shop; leads become opportunities, customers and orders of wholesale; stores
order what stands on their shelves. Plans, pay, books and answers follow from what was sold.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from perfkit.demo import (
    books,
    crm,
    crm_tables,
    expenses,
    fx,
    market,
    media,
    people,
    plan,
    returned,
    shelves,
    subscriptions,
    team,
    web,
    wholesale,
)  # fmt: skip
from perfkit.demo.assortment import assortment
from perfkit.demo.calendar import DAYS, MONTHS, START, month_of
from perfkit.demo.lines import joined, sales_table
from perfkit.demo.truth import truth_of
from perfkit.errors import ParameterError
from perfkit.schema import TABLES


@dataclass(frozen=True, eq=False)
class Story:
    """A simulated company and what is true of it.

    Attributes
    ----------
    tables : dict of DataFrame
        Every canonical table, clean: as it is before any fault of an export.
    truth : dict
        The parameters behind the figures and the totals drawn; it can be written as JSON. Each part says in
        "for" which table and estimator it is meant for, and units stand in the names.
    start, observed_until : date
        First and last day, both inclusive.
    """

    tables: dict[str, pd.DataFrame]
    truth: dict[str, Any]
    start: dt.date
    observed_until: dt.date


def simulate(seed: int = 0, scale: float = 1.0) -> Story:
    """Return the story of a seed.

    Parameters
    ----------
    seed : int
        The same seed gives the same tables, to the byte; another one other draws from the same parameters.
    scale : float
        Multiplies customers, leads, territories and stores; at 1 there are about 90,000 lines of sales.

    Raises
    ------
    ParameterError
        If the seed is negative, or the scale is not between 0.2 and 100.
    """
    if seed < 0:
        raise ParameterError(f"seed is {seed}: give a whole number from 0.")
    if not 0.2 <= scale <= 100:
        raise ParameterError(f"scale is {scale}: give a number from 0.2 to 100; 1 is a company of nine million a year.")
    goods = assortment()
    ads = media.acquired(seed, scale)
    shop = web.shop(seed, ads, goods)
    boxes = subscriptions.boxes(seed, scale, goods)
    sellers = team.team(seed, scale)
    leads = crm.leads(seed, scale)
    deals = crm.opportunities(seed, leads, sellers.team.size)
    trade = wholesale.trade(seed, scale, sellers, deals, goods)
    shelf = shelves.shelf(seed, scale, goods)
    sold = joined([shop.lines, boxes.lines, trade.lines, shelf.lines])
    lines = joined([sold, returned.credit_notes(seed, sold, goods)])

    new = ads.day[ads.day >= START]
    planned = plan.plan(seed, lines, goods, sellers, np.bincount(month_of(new), minlength=MONTHS.size))
    pay = plan.pay_table(seed, planned, sellers)
    costs = expenses.costs_table(seed, scale, lines, lines.cost(goods), pay)
    customers = people.customers_table(seed, ads, shop, boxes, trade, leads, deals.lead)
    abroad = set(customers.loc[customers["country"].isin(["Suisse", "Royaume-Uni"]), "customer_id"])
    spend = media.spend_table(ads, shop.lines.net, shop.lines.day, shop.from_market)
    ledger, causes, of_costs = books.ledger(seed, lines, goods, abroad, costs, spend)
    repeats = shop.lines.at(shop.lines.day >= START).day
    tables = {
        "sales": sales_table(lines, goods),
        "customers": customers,
        "products": goods.table(),
        "costs": costs,
        "spend": spend,
        "sessions": media.sessions_table(seed, ads, np.bincount((repeats - START).astype(int), minlength=DAYS.size)),
        "leads": crm_tables.leads_table(leads, deals),
        "opportunities": crm_tables.opportunities_table(seed, deals, trade, sellers),
        "stages": crm_tables.stages_table(deals),
        "activities": crm_tables.activities_table(seed, leads, deals, sellers),
        "touches": people.touches_table(seed, ads, shop, leads),
        "targets": planned.targets,
        "reps": sellers.reps,
        "pay": pay,
        "goals": plan.goals_table(seed, planned, sellers),
        "trainings": team.trainings_table(sellers),
        "coaching": team.coaching_table(seed, sellers),
        "surveys": people.surveys_table(seed, lines),
        "market": market.market_table(seed, shelf.lines, goods),
        "store_checks": market.store_checks_table(seed, shelf, goods),
        "ledger": ledger,
        "fx": fx.fx_table(seed),
        "subscriptions": boxes.table(),
    }
    truth = truth_of(
        seed, scale, goods, ads, shop, boxes, sellers, deals, trade, shelf, lines, planned, causes, of_costs
    )
    first, last = (dt.date.fromisoformat(str(day)) for day in (DAYS[0], DAYS[-1]))
    return Story({name: tables[name] for name in TABLES}, truth, first, last)
