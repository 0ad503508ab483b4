"""Truth of trade: deals, prices and discounts, training and quotas, displays, the competitor and returns."""

from itertools import pairwise
from typing import Any

import numpy as np

from perfkit.demo import assortment, crm, market, plan, returned, shelves, team, wholesale
from perfkit.demo.assortment import CHANNELS, Assortment
from perfkit.demo.calendar import MONTHS, month_of, place_of
from perfkit.demo.crm import AGES, FURTHER, LOST, STAGES, Opportunities
from perfkit.demo.fx import CURRENCIES, PLAN_RATES, monthly_rates
from perfkit.demo.plan import Plan
from perfkit.demo.shelves import CHAINS, Shelf
from perfkit.demo.team import Team
from perfkit.demo.wholesale import Trade

_WITHIN_WEEKS = (4, 13, 26, 104)


def deals_truth(of: Opportunities) -> dict[str, Any]:
    """Return the weekly probabilities of opportunities, what they imply, and what was drawn."""
    classes = [f"weeks_{first}_to_{last - 1}" for first, last in pairwise(AGES)] + [f"weeks_{AGES[-1]}_on"]

    def by_stage(table: Any) -> dict[str, dict[str, float]]:
        return {
            stage: dict(zip(classes, map(float, row), strict=True)) for stage, row in zip(STAGES, table, strict=True)
        }

    later = of.created >= crm.HARDER_FROM
    chances = {}
    for name, harder in (("before", False), ("from_2026_01", True)):
        chances[name] = {
            f"within_{weeks}_weeks": {
                stage: {str(age): float(row[age]) for age in (0, 4, 8, 16)}
                for stage, row in zip(STAGES, crm.win_probability(weeks, harder), strict=True)
            }
            for weeks in _WITHIN_WEEKS
        }
    return {
        "for": "opportunities and stages: hazards a week by stage at the week's start and age in whole weeks since "
        "created_at; one step at most a week; win rates by month of creation; forecasts",
        "further_a_week": by_stage(FURTHER),
        "lost_a_week": by_stage(LOST),
        "harder_from": str(crm.HARDER_FROM),
        "harder_factor_on_further": crm.HARDER,
        "win_probability_by_stage_and_age_weeks": chances,
        "win_rate_of_new_opportunities": {
            name: float(crm.win_probability(160, harder)[0, 0])
            for name, harder in (("before", False), ("from_2026_01", True))
        },
        "drawn": {
            name: {status: int((of.status[which] == status).sum()) for status in ("open", "won", "lost")}
            for name, which in (("before", ~later), ("from_2026_01", later))
        },
        "drawn_by_month_of_creation": _by_creation(of),
        "drawn_median_days_in_stage": _days_in_stage(of),
        "leads_a_year": crm.LEADS_A_YEAR,
        "qualified_share": crm.QUALIFIED,
        "opportunity_share_of_qualified": crm.OPENED,
    }


def _by_creation(of: Opportunities) -> dict[str, dict[str, int]]:
    """Count the opportunities of each month of creation by what became of them."""
    month = month_of(of.created.astype("datetime64[D]"))
    return {
        str(each): {status: int(((month == place) & (of.status == status)).sum()) for status in ("open", "won", "lost")}
        for place, each in enumerate(MONTHS)
    }


def _days_in_stage(of: Opportunities) -> dict[str, float]:
    """Return the median time in each stage of those who have left it, for the next one or for good."""
    later = np.column_stack([of.entered[:, 1:], of.closed])
    left = np.where(np.isnat(later), of.closed[:, None], later)
    days = (left - of.entered) / np.timedelta64(86400, "s")
    return {stage: float(np.nanmedian(days[:, place])) for place, stage in enumerate(STAGES)}


def prices_truth(goods: Assortment, sellers: Team) -> dict[str, Any]:
    """Return the rises of prices and costs, the discounts, and the family that is sold below its cost."""
    chocolate = np.array([family == assortment.CHOCOLATE for family in goods.families]) & goods.in_stores
    listed = goods.lists[assortment.SHELVES][chocolate, -1] * (
        1 - np.mean([chain.discount for chain in CHAINS]) - shelves.DISCOUNT_MORE
    )
    giver = sellers.holder[wholesale.GIVES_AWAY, -1]
    return {
        "for": "sales: price, volume and mix; discounts (discount / list_revenue) of channel 'Revendeurs'; margins",
        "list_price_rises_share": dict(assortment.RISES),
        "list_price_part_of_web_price": dict(assortment.LIST_PART),
        "unit_cost_rise_each_january_share": assortment.COST_RISE,
        "chocolate_cost_rises_share": dict(assortment.COCOA),
        "wholesale_discount_share_by_month": {
            str(month): round(float(value), 6)
            for month, value in zip(MONTHS, wholesale.expected_discount(), strict=True)
        },
        "wholesale_discount_creep_a_month_share": wholesale.CREEP_A_MONTH,
        "wholesale_discount_creep_from": wholesale.CREEP_FROM,
        "gives_away": {
            "rep_id": str(giver),
            "more_share": wholesale.GIVES_AWAY_MORE,
            "from": wholesale.GIVES_AWAY_FROM,
        },
        "retail_discount_more_share": shelves.DISCOUNT_MORE,
        "retail_discount_more_from": shelves.DISCOUNT_MORE_FROM,
        "below_cost": {
            "category": assortment.CHOCOLATE,
            "channel": assortment.SHELVES,
            "net_price_to_unit_cost_in_2026_09": float(listed.mean() / goods.costs[chocolate, -1].mean()),
        },
    }


def training_truth(sellers: Team, trade: Trade) -> dict[str, Any]:
    """Return the training's effect, and what a naive comparison of before and after shows instead."""
    judged = np.isin(MONTHS, np.array(team.CHOSEN_ON, dtype="datetime64[M]"))
    after = team.EFFECT_FROM.astype("datetime64[M]") <= MONTHS
    luck = sellers.luck[sellers.trained]
    return {
        "for": "trainings and sales of channel 'Revendeurs' by rep_id: difference-in-differences of the logarithm of "
        "net revenue an order, leaving out the quarter on which the choice was made",
        "training": team.TRAINING,
        "trained_on": str(team.TRAINED_ON),
        "effect_share_of_order_value": team.EFFECT,
        "effect_from": str(team.EFFECT_FROM),
        "chosen_on_months": list(team.CHOSEN_ON),
        "trained_rep_ids": sorted(sellers.holder[sellers.trained, place_of(team.TRAINED_ON)].tolist()),
        "luck_of_the_trained_in_those_months_log": float(luck[:, judged].mean()),
        "naive_before_after_log": float(np.log1p(team.EFFECT) + luck[:, after].mean() - luck[:, judged].mean()),
        "spread_of_levels_log": team.LEVEL_SPREAD,
        "spread_of_luck_log": team.LUCK_SPREAD,
    }


def quotas_truth(of: Plan) -> dict[str, Any]:
    """Return the attainment of the territories' quotas by year, as drawn."""
    years = np.array([str(month)[:4] for month in MONTHS])
    found = {}
    for year in ("2024", "2025", "2026"):
        reached = of.sold[:, years == year].sum(axis=1) / of.quotas[:, years == year].sum(axis=1)
        found[year] = {
            "median": float(np.median(reached)),
            "share_at_or_above_1": float((reached >= 1).mean()),
            "lowest": float(reached.min()),
            "highest": float(reached.max()),
            "of_all": float(of.sold[:, years == year].sum() / of.quotas[:, years == year].sum()),
            "territories": int(reached.size),
        }
    return {
        "for": "targets of dimension rep_id (quota) and sales of channel 'Revendeurs'; 2026 is January to September",
        "attainment_by_year": found,
        "variable_part_of_pay_at_target": plan.VARIABLE_PART,
    }


def shelves_truth(of: Shelf, goods: Assortment) -> dict[str, Any]:
    """Return the displays and their uplift, the competitor, and the chain that takes less."""
    promotions = [
        {
            "first_monday": monday,
            "weeks": shelves.WEEKS_OF_PROMOTION,
            "product_id": goods.ids[goods.place(name)],
            "stores_with_display": int((of.displayed[:, place] & of.lists[:, goods.place(name)]).sum()),
            "stores_without": int((~of.displayed[:, place] & of.lists[:, goods.place(name)]).sum()),
        }
        for place, (monday, name) in enumerate(shelves.PROMOTIONS.items())
    ]
    return {
        "for": "sales with store_id by week and product, store_checks, market: uplift of displays, market share",
        "display_uplift_share_of_units": shelves.UPLIFT,
        "promotions": promotions,
        "display_drawn": "half of the stores of each promotion, by chance: stores without one are the control",
        "competitor": shelves.COMPETITOR,
        "competitor_from": str(shelves.COMPETITOR_FROM),
        "competitor_categories": list(shelves.COMPETITOR_IN),
        "competitor_effect_share_of_our_units": shelves.COMPETITOR_EFFECT,
        "competitor_gain_share_of_market_units": market.GAIN_POINTS,
        "market_growth_a_year_share": market.MARKET_GROWTH_A_YEAR,
        "growth_a_year_share_of_our_units": shelves.GROWTH_A_YEAR,
        "chain_that_takes_less": {
            "customer_id": shelves.SHRINKS,
            "from": shelves.SHRINKS_FROM,
            "factor_on_units": shelves.SHRINKS_TO,
            "delisted_product_ids": [goods.ids[goods.place(name)] for name in shelves.DELISTED],
        },
        "stores": int(of.stores.size),
    }


def returns_truth(goods: Assortment) -> dict[str, Any]:
    """Return the shares of lines that come back."""
    leaking = goods.ids[goods.place(assortment.LEAKING)]
    return {
        "for": "sales with document 'credit' against the line of origin_id; lines near the end have not all come back",
        "share_of_lines_by_channel": dict(zip(CHANNELS, returned.SHARE, strict=True)),
        "product_id_whose_returns_jump": leaking,
        "its_share_of_lines_by_channel": dict(zip(CHANNELS, returned.LEAKS, strict=True)),
        "from": str(returned.LEAKS_FROM),
    }


def fx_truth(seed: int, trade: Trade) -> dict[str, Any]:
    """Return what exchange rates did to 2026-Q3: its lines at their rates less the same at the rates a year before."""
    lines, rates = trade.lines, monthly_rates(seed)
    country = dict(zip(trade.ids.tolist(), trade.country.tolist(), strict=True))
    currency = np.array([CURRENCIES.get(country[name], "EUR") for name in lines.customer.tolist()])
    now = lines.day >= np.datetime64("2026-07-01")
    effects = {}
    for name, by_month in rates.items():
        here = now & (currency == name)
        month = month_of(lines.ordered[here])
        effects[name] = {
            "revenue_euros": f"{int(lines.net[here].sum()) / 100:.2f}",
            "effect_of_rates_euros": float((lines.net[here] * (1 - by_month[month - 12] / by_month[month])).sum())
            / 100,
        }
    return {
        "for": "fx and sales of customers in Switzerland and Britain: billed in their own money at the rate of the "
        "month of ordered_at, kept in euros",
        "plan_rates_euros_a_unit": dict(PLAN_RATES),
        "2026-Q3 against the rates a year before": effects,
    }
