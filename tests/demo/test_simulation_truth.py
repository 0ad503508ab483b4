"""The drawn tables carry the parameters that truth states, within the error of their sampling."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, special, stats

from perfkit.demo import simulate, team
from perfkit.demo.truth_customers import expected_repeats
from perfkit.demo.web import Buying

START, END = pd.Timestamp("2023-10-01"), pd.Timestamp("2026-10-01")


@pytest.fixture(scope="module")
def story():
    return simulate()


@pytest.fixture(scope="module")
def truth(story):
    return story.truth


@pytest.fixture(scope="module")
def sales(story):
    money = ["quantity", "net_revenue", "list_revenue", "discount"]
    table = story.tables["sales"]
    return table.assign(**{name: table[name].astype(float) for name in money})


@pytest.fixture(scope="module")
def buyers(story, sales, truth):
    """Each web customer acquired in the story: group, frequency, recency and T in weeks, orders by day."""
    customers = story.tables["customers"]
    web = customers[(customers["segment"] == "Particuliers") & (customers["acquired_on"] >= START)]
    bargain = web["acquisition_channel"].isin(truth["web_purchases"]["bargain_acquisition_channels"])
    late = web["acquired_on"] >= truth["web_purchases"]["changed_on"]
    group = np.where(bargain, "bargain", np.where(late, "core_from_2025_07", "core_before_2025_07"))
    days = sales[sales["document"] == "order"].groupby("customer_id")["date"].agg(["nunique", "min", "max"])
    days = days.loc[web["customer_id"]]
    assert (days["min"].to_numpy() == web["acquired_on"].to_numpy()).all()
    return pd.DataFrame(
        {
            "group": group,
            "frequency": days["nunique"].to_numpy() - 1,
            "recency": ((days["max"] - days["min"]).dt.days / 7).to_numpy(),
            "age": ((END - days["min"]).dt.days / 7).to_numpy(),
        },
        index=days.index,
    )


def bg_nbd(logs, x, t_x, age):
    r, alpha, a, b = np.exp(logs)
    alive = special.betaln(a, b + x) - special.betaln(a, b) - (r + x) * np.log(alpha + age)
    gone = special.betaln(a + 1, b + np.maximum(x, 1) - 1) - special.betaln(a, b) - (r + x) * np.log(alpha + t_x)
    both = np.where(x > 0, np.logaddexp(alive, gone), alive)
    return -(special.gammaln(r + x) - special.gammaln(r) + r * np.log(alpha) + both).sum()


def likelihood_ratio(minus_log_likelihood, true, *data):
    """Twice what the best parameters gain over the true ones: chi-squared with one degree a parameter."""
    start = np.log(true)
    best = optimize.minimize(minus_log_likelihood, start, args=data, method="L-BFGS-B")
    return 2 * (minus_log_likelihood(start, *data) - best.fun)


@pytest.mark.parametrize("group", ["core_before_2025_07", "core_from_2025_07", "bargain"])
def test_repeat_orders_follow_the_stated_model(buyers, truth, group):
    of = truth["web_purchases"]["groups"][group]
    mine = buyers[buyers["group"] == group]
    assert len(mine) == of["customers_acquired_in_the_story"] > 700
    true = [of[name] for name in ("r", "alpha_weeks", "a", "b")]
    ratio = likelihood_ratio(bg_nbd, true, *(mine[name].to_numpy(float) for name in ("frequency", "recency", "age")))
    assert 0 <= ratio < stats.chi2(4).ppf(0.999)


@pytest.mark.parametrize("group", ["core_before_2025_07", "core_from_2025_07", "bargain"])
def test_as_many_come_back_in_90_days_as_stated(buyers, sales, truth, group):
    mine = buyers.index[(buyers["group"] == group) & (buyers["age"] > 13)]
    lines = sales[(sales["document"] == "order") & sales["customer_id"].isin(mine)]
    after = (lines["date"] - lines.groupby("customer_id")["date"].transform("min")).dt.days
    again = lines["customer_id"][(after > 0) & (after <= 90)].nunique()
    share = truth["web_purchases"]["groups"][group]["repeat_share_90_days"]
    # Who buys twice on a day and not again is no repeat buyer by days: a little fewer than the model says.
    assert stats.binomtest(again, len(mine), share - 0.007).pvalue > 0.001


def test_expected_repeats_agree_with_a_published_figure():
    cdnow = Buying(r=0.2426, alpha_weeks=4.4135, a=0.7929, b=2.4258)  # Fader, Hardie & Lee 2005, table 2
    x, t_x, age, more = 2, 30.43, 38.86, 39.0
    a, b = cdnow.a + 0.0, cdnow.b + x
    series = special.hyp2f1(cdnow.r + x, b, a + b - 1, more / (cdnow.alpha_weeks + age + more))
    stay = ((cdnow.alpha_weeks + age) / (cdnow.alpha_weeks + age + more)) ** (cdnow.r + x)
    odds = 1 + a / (b - 1) * ((cdnow.alpha_weeks + age) / (cdnow.alpha_weeks + t_x)) ** (cdnow.r + x)
    assert (a + b - 1) / (a - 1) * (1 - stay * series) / odds == pytest.approx(1.226, abs=5e-4)
    fresh = special.hyp2f1(cdnow.r, cdnow.b, a + cdnow.b - 1, more / (cdnow.alpha_weeks + more))
    kept = (cdnow.alpha_weeks / (cdnow.alpha_weeks + more)) ** cdnow.r
    by_scipy = (a + cdnow.b - 1) / (a - 1) * (1 - kept * fresh)
    assert expected_repeats(cdnow, more) == pytest.approx(by_scipy, rel=1e-9)


def test_what_orders_are_worth_follows_the_stated_model(sales, truth):
    of = truth["web_purchases"]["gamma_gamma"]
    orders = sales[(sales["document"] == "order") & sales["customer_id"].str.startswith("C")]
    worth = orders.groupby(["customer_id", "order_id"])["net_revenue"].sum()
    by_customer = worth.groupby("customer_id").agg(["mean", "size"])
    assert worth.mean() == pytest.approx(of["mean_order_euros"], rel=0.03)

    def minus_log_likelihood(logs, mean, n):
        p, q, v = np.exp(logs)
        parts = special.gammaln(p * n + q) - special.gammaln(p * n) - special.gammaln(q) + q * np.log(v)
        return -(parts + (p * n - 1) * np.log(mean) + p * n * np.log(n) - (p * n + q) * np.log(v + n * mean)).sum()

    true = np.array([of["p"], of["q"], of["v_euros"]])
    data = (by_customer["mean"].to_numpy(), by_customer["size"].to_numpy(float))
    best = optimize.minimize(minus_log_likelihood, np.log(true), args=data, method="L-BFGS-B")
    assert np.exp(best.x) == pytest.approx(true, rel=0.12)  # whole packs blur an order by about a euro


def test_contracts_end_as_stated(story, truth):
    contracts, of = story.tables["subscriptions"], truth["subscriptions"]
    until = contracts["ended_on"].fillna(END)
    started = contracts["started_on"]
    months = ((until.dt.year - started.dt.year) * 12 + until.dt.month - started.dt.month).to_numpy()
    ended = contracts["ended_on"].notna().to_numpy()
    # Of a running one, whole renewals passed: the last one only if its day is over.
    months = np.where(ended, months, months - (started.dt.day.clip(upper=28) > 1).to_numpy())

    def minus_log_likelihood(logs, n, over):
        alpha, beta = np.exp(logs)
        ends = special.betaln(alpha + 1, beta + n - 1) - special.betaln(alpha, beta)
        stays = special.betaln(alpha, beta + n) - special.betaln(alpha, beta)
        return -np.where(over, ends, stays).sum()

    ratio = likelihood_ratio(minus_log_likelihood, [of["alpha"], of["beta"]], months.astype(float), ended)
    assert 0 <= ratio < stats.chi2(2).ppf(0.999)


def test_opportunities_move_with_the_stated_probabilities(story, truth):
    of, deals = truth["opportunities"], story.tables["opportunities"].set_index("opportunity_id")
    stages = story.tables["stages"].pivot(index="opportunity_id", columns="stage", values="entered_at").loc[deals.index]
    names = list(of["further_a_week"])
    first = [int(label.split("_")[1]) for label in of["further_a_week"][names[0]]]
    moments = np.column_stack([stages[name].to_numpy() for name in names] + [deals["closed_at"].to_numpy()])
    week = (moments - deals["created_at"].to_numpy()[:, None]) / np.timedelta64(7, "D")
    seen = ((END - deals["created_at"]) / pd.Timedelta(days=7)).to_numpy()
    won, harder = (deals["status"] == "won").to_numpy(), (deals["created_at"] >= of["harder_from"]).to_numpy()
    z = []
    for place, name in enumerate(names):
        enters = np.where(place == 0, 0, np.floor(week[:, place]) + 1)
        leaves = np.floor(np.nanmin(np.where(np.isnan(week[:, place + 1 :]), np.inf, week[:, place + 1 :]), axis=1))
        further = ~np.isnan(week[:, place + 1]) if place < 3 else won
        for at, low in enumerate(first):
            high = first[at + 1] if at + 1 < len(first) else 400
            for late in (False, True):
                here = (harder == late) & ~np.isnan(week[:, place])
                last = np.minimum(np.where(np.isinf(leaves), np.floor(seen) - 1, leaves), high - 1)
                n = np.clip(last - np.maximum(enters, low) + 1, 0, None)[here].sum()
                inside = here & (leaves >= low) & (leaves < high)
                label = list(of["further_a_week"][name])[at]
                on = of["further_a_week"][name][label] * (of["harder_factor_on_further"] if late else 1)
                for count, p in (
                    ((inside & further).sum(), on),
                    ((inside & ~further).sum(), of["lost_a_week"][name][label]),
                ):
                    if n * p > 5:
                        z.append((count - n * p) / np.sqrt(n * p * (1 - p)))
    assert len(z) > 40
    assert np.square(z).sum() < stats.chi2(len(z)).ppf(0.999)


def test_win_rates_by_month_of_creation_are_those_that_the_probabilities_imply(story, truth):
    deals, of = story.tables["opportunities"], truth["opportunities"]["win_rate_of_new_opportunities"]
    old = deals[deals["created_at"] < "2025-06-01"]
    closed = old["status"].isin(["won", "lost"]).mean()
    assert closed > 0.995
    assert stats.binomtest(int((old["status"] == "won").sum()), len(old), of["before"]).pvalue > 0.005
    assert of["from_2026_01"] < of["before"] - 0.05


def test_spend_brings_customers_by_the_stated_formula(story, truth):
    spend, customers = story.tables["spend"], story.tables["customers"]
    spend = spend[spend["kind"] == "Média"].assign(amount=lambda rows: rows["amount"].astype(float))
    web = customers[(customers["segment"] == "Particuliers") & (customers["acquired_on"] >= START)]
    monday = pd.Timestamp("2023-09-25")
    for name in ("Recherche payante (générique)", "Réseaux sociaux", "Affiliation", "Podcasts"):
        of = truth["channel_effects"]["channels"][name]
        mine = spend[spend["channel"] == name]
        euros = np.bincount((mine["date"] - monday).dt.days // 7, weights=mine["amount"], minlength=158)
        stock = np.zeros(euros.size)
        for week in range(euros.size):
            stock[week] = euros[week] + (of["carry_over_a_week"] * stock[week - 1] if week else 0.0)
        expected = of["most_customers_a_week"] * np.tanh(stock / of["scale_euros"])
        came = np.bincount(
            (web.loc[web["acquisition_channel"] == name, "acquired_on"] - monday).dt.days // 7, minlength=euros.size
        )
        assert expected.sum() == pytest.approx(of["customers_caused_by_spend_expected"])
        assert came.sum() == of["customers_credited"] == of["customers_caused_by_spend"]
        assert stats.poisson(expected.sum()).cdf([came.sum() - 1, came.sum()]) == pytest.approx(0.5, abs=0.499)
        if expected.min() > 1:
            assert ((came - expected) ** 2 / expected).sum() < stats.chi2(euros.size).ppf(0.999)


def test_the_confounded_channel_is_credited_with_far_more_than_it_brings(truth):
    effects = truth["channel_effects"]
    brand = effects["channels"][effects["confounded_channel"]]
    assert effects["confounded_correlation_of_spend_and_demand"] > 0.9
    assert brand["credited_customers_a_thousand_euros"] > 5 * brand["incremental_customers_a_thousand_euros"]
    small = effects["channels"][effects["too_small_channel"]]
    assert 0 < small["share_of_new_customers"] < 0.01


def test_the_training_does_what_is_stated_and_a_naive_comparison_shows_more(sales, truth):
    of = truth["training"]
    lines = sales[(sales["channel"] == "Revendeurs") & (sales["document"] == "invoice")]
    orders = lines.groupby(["order_id", "customer_id", "rep_id", "ordered_at"])["list_revenue"].sum().reset_index()
    orders["value"] = np.log(orders["list_revenue"])
    orders["trained"] = orders["rep_id"].isin(of["trained_rep_ids"])
    orders["after"] = orders["ordered_at"] >= of["effect_from"]
    month = orders["ordered_at"].dt.strftime("%Y-%m")
    chosen_on = month.isin(of["chosen_on_months"])
    held = orders.groupby("rep_id")["after"].nunique()
    stayed = orders["rep_id"].isin(held.index[held == 2])
    clean = orders[stayed & ~chosen_on & (month != "2025-04")]
    within = clean["value"] - clean.groupby("customer_id")["value"].transform("mean")
    rows = clean.assign(value=within, period=np.where(clean["after"], 1.0, 0.0))
    rows["period"] -= rows.groupby("customer_id")["period"].transform("mean")
    slopes = rows.groupby(["trained", "rep_id"])[["value", "period"]].apply(
        lambda each: (each["value"] * each["period"]).sum() / (each["period"] ** 2).sum()
    )
    yes, no = slopes[True], slopes[False]
    effect = yes.mean() - no.mean()
    error = np.sqrt(yes.var() / len(yes) + no.var() / len(no))
    assert abs(effect - np.log1p(of["effect_share_of_order_value"])) < 3 * error < 0.25
    # The naive way: the same customers of the trained, the quarter on which they were chosen and afterwards.
    judged = orders[orders["trained"] & (chosen_on | orders["after"])]
    means = judged.groupby(["customer_id", "after"])["value"].mean().unstack()
    assert (means[True] - means[False]).mean() > np.log1p(of["effect_share_of_order_value"]) + 0.03
    assert of["naive_before_after_log"] > np.log1p(of["effect_share_of_order_value"]) + 0.03


def test_without_its_effect_the_same_reps_sell_less_after_the_training_and_as_much_before(monkeypatch):
    """The same company with the effect taken away: the same luck, reps and customers, order for order."""
    orders = {}
    stated = team.EFFECT
    for effect in (stated, 0.0):
        monkeypatch.setattr(team, "EFFECT", effect)
        story = simulate(scale=0.2)
        lines = story.tables["sales"]
        lines = lines[(lines["channel"] == "Revendeurs") & (lines["document"] == "invoice")]
        after = lines["ordered_at"] >= pd.Timestamp(story.truth["training"]["effect_from"])
        trained = lines["rep_id"].isin(story.truth["training"]["trained_rep_ids"])
        orders[effect] = lines["list_revenue"].astype(float).groupby([trained, after]).sum()
    ratio = orders[stated] / orders[0.0]
    assert ratio[True][True] == pytest.approx(1 + stated, abs=0.01)
    assert ratio[True][False] == pytest.approx(1, abs=1e-3) and ratio[False].tolist() == pytest.approx([1, 1], abs=1e-3)


def test_a_display_lifts_its_product_in_its_weeks_as_stated(story, sales, truth):
    of = truth["shelves"]
    checks = story.tables["store_checks"].dropna(subset="product_id")
    by_store = sales[sales["store_id"].notna() & (sales["document"] == "delivery")]
    week = (by_store["date"] - pd.Timestamp("2023-09-25")).dt.days // 7
    units = by_store.groupby([by_store["store_id"], by_store["product_id"], week])["quantity"].sum()
    ratios = []
    for promotion in of["promotions"]:
        monday = pd.Timestamp(promotion["first_monday"])
        first = (monday - pd.Timestamp("2023-09-25")).days // 7
        mine = units.xs(promotion["product_id"], level="product_id").unstack(fill_value=0.0)
        during = mine[range(first, first + promotion["weeks"])].mean(axis=1)
        usual = mine[[*range(first - 8, first), *range(first + 3, min(first + 11, mine.columns.max()))]].mean(axis=1)
        seen = checks[
            (checks["product_id"] == promotion["product_id"])
            & checks["checked_on"].between(monday, monday + pd.Timedelta(days=20))
            & checks["display"].notna()
        ]["store_id"].unique()
        shown = mine.index.isin(seen)
        assert shown.sum() == promotion["stores_with_display"]
        assert (~shown).sum() == promotion["stores_without"]
        lift = np.log(during / usual)
        ratios.append(lift[shown].mean() - lift[~shown].mean())
    error = np.std(ratios, ddof=1) / np.sqrt(len(ratios))
    assert abs(np.mean(ratios) - np.log1p(of["display_uplift_share_of_units"])) < 3.5 * error < 0.12


def test_the_competitor_takes_as_much_as_stated(story, sales, truth):
    of, products = truth["shelves"], story.tables["products"].set_index("product_id")
    stores = sales[sales["store_id"].notna() & (sales["document"] == "delivery")]
    shown = {promotion["product_id"]: promotion for promotion in of["promotions"]}
    hit = stores["product_id"].map(products["category"]).isin(of["competitor_categories"])
    quiet = ~stores["product_id"].isin(shown) | ~stores["date"].dt.month.isin([3, 6, 9, 10, 12])
    rows = stores[quiet].assign(hit=hit, month=stores["date"].dt.to_period("M"))
    units = rows.groupby(["month", "hit"])["quantity"].sum().unstack()
    ratio = np.log(units[True] / units[False])
    ratio = ratio[ratio.index.month.isin([4, 5, 7, 8])]
    effect = ratio[ratio.index >= pd.Period("2026-04")].mean() - ratio[ratio.index < pd.Period("2026-04")].mean()
    assert effect == pytest.approx(np.log1p(of["competitor_effect_share_of_our_units"]), abs=0.06)
    market = story.tables["market"].assign(units=lambda rows: rows["units"].astype(float))
    market = market[market["segment"].isin(of["competitor_categories"])]
    share = market[market["seller"] == of["competitor"]].groupby("period")["units"].sum()
    share = share / market[market["seller"] == "total"].groupby("period")["units"].sum()
    gain = share[share.index >= "2026-04"].mean() - share[share.index < "2026-04"].mean()
    assert gain == pytest.approx(of["competitor_gain_share_of_market_units"], abs=0.004)


def test_the_market_is_the_sum_of_its_sellers(story):
    market = story.tables["market"]
    for column in ("value", "units"):
        by_seller = market[market["seller"] != "total"].groupby(["period", "segment"])[column].sum()
        assert (by_seller == market[market["seller"] == "total"].set_index(["period", "segment"])[column]).all()


def test_discounts_creep_as_stated(sales, truth):
    of = truth["prices"]
    lines = sales[(sales["channel"] == "Revendeurs") & (sales["document"] == "invoice")]
    careful = lines[lines["rep_id"] != of["gives_away"]["rep_id"]]
    by_month = careful.groupby(careful["ordered_at"].dt.strftime("%Y-%m"))[["discount", "list_revenue"]].sum()
    rate = (by_month["discount"] / by_month["list_revenue"]).loc["2023-10":"2026-09"]
    expected = pd.Series(of["wholesale_discount_share_by_month"])[rate.index]
    assert (rate - expected).abs().max() < 0.012
    generous = lines[
        (lines["rep_id"] == of["gives_away"]["rep_id"]) & (lines["ordered_at"] >= of["gives_away"]["from"])
    ]
    others = careful[careful["ordered_at"] >= of["gives_away"]["from"]]
    more = (
        generous["discount"].sum() / generous["list_revenue"].sum()
        - others["discount"].sum() / others["list_revenue"].sum()
    )
    assert more == pytest.approx(of["gives_away"]["more_share"], abs=0.025)


def test_one_family_is_sold_below_its_cost_in_one_channel(story, truth):
    of, sales = truth["prices"]["below_cost"], story.tables["sales"]
    family = sales["product_id"].map(story.tables["products"].set_index("product_id")["category"])
    quarter = sales[(sales["date"] >= "2026-07-01") & (sales["document"] != "credit")]
    margin = (quarter["net_revenue"] - quarter["cost"]).groupby([family, quarter["channel"]]).sum()
    assert [key for key, value in margin.items() if value < 0] == [(of["category"], of["channel"])]
    assert of["net_price_to_unit_cost_in_2026_09"] < 1


def test_bridges_add_up_and_are_those_of_the_lines(story, truth):
    sales = story.tables["sales"]
    effects = ("price", "volume", "mix", "new", "lost", "credit_notes")
    for name, by in truth["bridges"].items():
        if name == "for":
            continue
        for bridge in by.values():
            walked = Decimal(bridge["start_euros"]) + sum(Decimal(bridge[f"{effect}_euros"]) for effect in effects)
            assert abs(walked - Decimal(bridge["end_euros"])) <= Decimal("0.0005")
    bridge = truth["bridges"]["2025 against 2024"]["by_product_id"]
    years = sales["date"].dt.year
    for year, side in ((2024, "start"), (2025, "end")):
        assert sales.loc[years == year, "net_revenue"].sum() == Decimal(bridge[f"{side}_euros"])
    sold = sales[(sales["document"] != "credit") & years.isin([2024, 2025])]
    sums = sold.groupby(["unit", "product_id", years])[["quantity", "net_revenue"]].sum().astype(float).unstack()
    common = sums.dropna()
    q0, q1 = (common["quantity"][year] for year in (2024, 2025))
    p0, p1 = common["net_revenue"][2024] / q0, common["net_revenue"][2025] / q1
    average = (p0 * q0).groupby("unit").sum() / q0.groupby("unit").sum()
    volume = ((q1.groupby("unit").sum() - q0.groupby("unit").sum()) * average).sum()
    assert float(bridge["price_euros"]) == pytest.approx(((p1 - p0) * q1).sum(), abs=0.01)
    assert float(bridge["volume_euros"]) == pytest.approx(volume, abs=0.01)
    assert float(bridge["mix_euros"]) == pytest.approx(((q1 - q0) * p0).sum() - volume, abs=0.01)


def test_the_audit_quotes_the_lines(story, truth):
    of, sales = truth["audit"], story.tables["sales"]
    quarter = sales[sales["date"] >= "2026-07-01"]
    assert Decimal(of["revenue"]["2026-Q3_euros"]) == quarter["net_revenue"].sum()
    assert of["gross_margin"]["2026-Q3_share"] == pytest.approx(
        float(1 - quarter["cost"].sum() / quarter["net_revenue"].sum())
    )
    targets = story.tables["targets"]
    counting = targets[(targets["kpi"] == "revenue") & targets["dimension"].isna() & (targets["version"] == "2 révisé")]
    target = counting.loc[counting["period"] >= "2026-07-01", "value"].sum()
    assert Decimal(of["revenue"]["target_2026-Q3_euros"]) == target
    now, before = (Decimal(of["revenue"][f"{year}-Q3_euros"]) for year in (2026, 2025))
    assert before < now < target
    assert of["wholesale_discount"]["2026-Q3_share"] > of["wholesale_discount"]["2025-Q3_share"] + 0.03
    assert of["returns_of_one_product"]["2026-Q3_share"] > 0.1 > of["returns_of_one_product"]["2025-Q3_share"]
    assert of["below_cost"]["2026-Q3_share"] < 0 < of["below_cost"]["2025-Q3_share"]


def test_quotas_are_reached_as_stated(story, sales, truth):
    targets = story.tables["targets"]
    quota = targets[(targets["dimension"] == "rep_id") & ~targets["member"].str.startswith("M")]
    for year, of in truth["quotas"]["attainment_by_year"].items():
        asked = quota.loc[quota["period"].dt.year == int(year), "value"].astype(float).sum()
        sold = sales.loc[sales["rep_id"].notna() & (sales["date"].dt.year == int(year)), "net_revenue"].sum()
        assert sold / asked == pytest.approx(of["of_all"], rel=1e-6)
        assert of["lowest"] <= of["median"] <= of["highest"]


def test_channel_targets_add_up_to_the_company_s(story):
    targets = story.tables["targets"]
    revenue = targets[targets["kpi"] == "revenue"]
    whole = revenue[revenue["dimension"].isna()].set_index(["version", "period"])["value"]
    parts = revenue[revenue["dimension"] == "channel"].groupby(["version", "period"])["value"].sum()
    assert (whole.sort_index() == parts.sort_index()).all() and set(revenue["version"]) == {"1 budget", "2 révisé"}


def test_returns_of_one_product_jump_as_stated(sales, truth):
    of = truth["returns"]
    web = sales[(sales["channel"] == "Boutique en ligne") & ~sales["order_id"].str.startswith("S")]
    sold = web[(web["document"] == "order") & (web["date"] < "2026-09-01")]
    back = set(
        zip(
            web.loc[web["document"] == "credit", "origin_id"],
            web.loc[web["document"] == "credit", "product_id"],
            strict=True,
        )
    )
    came = pd.Series([key in back for key in zip(sold["order_id"], sold["product_id"], strict=True)], index=sold.index)
    leaks = (sold["product_id"] == of["product_id_whose_returns_jump"]) & (sold["date"] >= of["from"])
    for which, shares in ((leaks, of["its_share_of_lines_by_channel"]), (~leaks, of["share_of_lines_by_channel"])):
        assert stats.binomtest(int(came[which].sum()), int(which.sum()), shares["Boutique en ligne"]).pvalue > 0.001


def test_customers_answer_as_stated(story, truth):
    answers, of = story.tables["surveys"], truth["satisfaction"]
    nps = answers[answers["kind"] == "nps"]
    late = nps["answered_on"] >= of["changed_on"]
    for name, which in (("before", ~late), ("from 2026-04", late)):
        score = nps.loc[which, "score"]
        counts = [(score <= 6).sum(), score.isin([7, 8]).sum(), (score >= 9).sum()]
        expected = np.array(list(of["shares"][name].values())) * len(score)
        assert np.abs(np.array(counts) - expected).max() <= 1  # dealt in these shares, not drawn


def test_customers_of_wholesale_leave_as_stated(story, sales, truth):
    of, customers = truth["wholesale_churn"], story.tables["customers"]
    last = sales[sales["channel"] == "Revendeurs"].groupby("customer_id")["ordered_at"].max()
    for segment, hazard in of["hazard_a_month_by_segment"].items():
        old = customers[(customers["segment"] == segment) & (customers["acquired_on"] < START)]
        there = int((last.reindex(old["customer_id"]) >= "2026-06-01").sum())
        # Some who have not left did not order in the last four months either.
        assert stats.binomtest(there, len(old), (1 - hazard) ** 34 * 0.95).pvalue > 0.001
    for customer, month in of["large_customers_lost"].items():
        assert last[customer].strftime("%Y-%m") < month


def test_rates_did_to_exports_what_is_stated(story, sales, truth):
    country = story.tables["customers"].set_index("customer_id")["country"]
    rates = story.tables["fx"].assign(month=lambda rows: rows["date"].dt.to_period("M"))
    rates = rates.set_index(["currency", "month"])["rate"]
    quarter = sales[(sales["date"] >= "2026-07-01") & (sales["document"] == "invoice")]
    for currency, where in (("CHF", "Suisse"), ("GBP", "Royaume-Uni")):
        lines = quarter[quarter["customer_id"].map(country) == where]
        month = lines["ordered_at"].dt.to_period("M")
        now, before = (rates[currency].loc[each].to_numpy() for each in (month, month - 12))
        stated = truth["fx"]["2026-Q3 against the rates a year before"][currency]
        assert lines["net_revenue"].sum() == pytest.approx(float(stated["revenue_euros"]))
        assert (lines["net_revenue"] * (1 - before / now)).sum() == pytest.approx(stated["effect_of_rates_euros"])
