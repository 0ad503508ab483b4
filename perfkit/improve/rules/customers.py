"""Rules on customers: who left, who shrank, who came, who comes back, and on how few does it all hang?"""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from math import sqrt
from typing import Any

import pandas as pd

from perfkit import languages
from perfkit.improve.evidence import ENOUGH, Evidence, names_of, total_of
from perfkit.improve.findings import Action, Finding
from perfkit.improve.stakes import FALL, REVENUE
from perfkit.kpis.catalogue import LARGEST
from perfkit.kpis.chance import of_sum
from perfkit.languages import number, percent, plural, text

_MANY, _MOST = 0.2, 0.5  # of revenue with ten customers: worth telling when it rises, and always
_ROSE = 0.05  # of it, from which a rise is told: less, ten others of many reach by chance
_ONE = 0.2  # of revenue with one customer, from which it is told


def customers_lost(evidence: Evidence) -> Iterator[Finding]:
    """Customers of the year before did not buy."""
    result = evidence.mover("customer_id")
    _, comparable = evidence.pair("customers")
    if result is None or not comparable:  # a customer whose sales lost their customer number is not lost
        return
    known = result.rows[result.rows["member"].notna()]
    lost, come = known[known["kind"] == "lost"], known[known["kind"] == "new"]
    gone, arrived = total_of(lost, "previous"), total_of(come, "revenue")
    if gone <= 0 or not evidence.is_material(gone):
        return
    gap = gone - max(arrived, Decimal(0))
    values = {"previous": evidence.before, "period": evidence.now, "amount": evidence.money(gone)}
    claim = plural(
        "{n} customer of {previous} did not buy in {period}; it had brought {amount}.",
        "{n} customers of {previous} did not buy in {period}; they had brought {amount}.",
        len(lost),
        **values,
    )
    reference = text("The customers of {previous}", previous=evidence.before)
    if arrived > 0:
        reference = plural(
            "{n} customer who bought in {period} only: {amount}",
            "{n} customers who bought in {period} only: {amount}",
            len(come),
            period=evidence.now,
            amount=evidence.money(arrived),
        )
    whole_year = len(result.period.months()) == 12
    caveat = _in_part(evidence) or (
        text("Not all of them can be won back.")
        if whole_year
        else text("Some of them buy in other months: look at a whole year before calling them lost.")
    )
    finding = Finding(
        id="customers_lost",
        topic=text("customers without a purchase"),
        claim=claim,
        value=len(lost),
        unit="count",
        basis=text("Identified customers who bought a year before and not in the period"),
        reference=reference,
        action=Action(text("Call first {names}, and ask why.", names=names_of(_largest(lost)))),
        caveat=caveat,
        tone=None,
        figure_ids=tuple(f"movers:customer_id:{result.period.label}:={member}" for member in lost["member"][:10]),
        signed=False,
    )
    if gap > 0 and evidence.is_material(gap):
        note = text("What they had brought, less what those who came brought.") if arrived > 0 else ""
        finding = replace(
            finding,
            tone="bad",
            stake=evidence.part(gap, reference, note=note),
            pools=((*FALL, ("customers", "lost and come")),),
        )
    yield finding


def _in_part(evidence: Evidence) -> str:
    """What a claim on customers leaves out where the lines are a part of what they buy; empty where they are all."""
    if evidence.walk is None or not evidence.walk.of_part:
        return ""
    return text("These lines are a part of what customers buy: some of them may have bought the rest.")


def _largest(lost: pd.DataFrame) -> list[dict[Any, Any]]:
    """The three who had brought most."""
    return sorted(lost.to_dict("records"), key=lambda row: (-row["previous"], str(row["member"])))[:3]


def customers_shrank(evidence: Evidence) -> Iterator[Finding]:
    """Customers who stayed spend less, those who spend more set against those who spend less."""
    result = evidence.mover("customer_id")
    if result is None or evidence.few():
        return
    known = result.rows[result.rows["member"].notna()]
    kept = known[known["kind"].isin(["up", "down", "unchanged"])]
    down, up = kept[kept["kind"] == "down"], kept[kept["kind"] == "up"]
    gap = -total_of(kept, "change")
    sure = of_sum(kept["change"])
    if len(kept) < ENOUGH or gap <= 0 or not evidence.is_material(gap) or sure is None or sure.interval()[1] >= 0:
        return
    reference = evidence.against(evidence.money(total_of(kept, "previous")))
    yield Finding(
        id="customers_shrank",
        topic=text("customers who spend less"),
        claim=text(
            "The {n} customers who bought in both periods spend {gap} less: {down} cut {less}, {up} added {more}.",
            n=number(len(kept)),
            gap=evidence.money(gap),
            less=evidence.money(-total_of(down, "change")),
            more=evidence.money(total_of(up, "change")),
            down=number(len(down)),
            up=number(len(up)),
        ),
        value=-gap,
        unit=evidence.currency,
        basis=text("Change of net revenue of the identified customers who bought in both periods"),
        reference=reference,
        action=Action(text("Visit those who cut most, and ask what they now buy elsewhere.")),
        low=sure.interval()[0],
        high=sure.interval()[1],
        caveat=_in_part(evidence)
        or text("After a large order a customer buys less the next year without any dissatisfaction."),
        stake=evidence.part(gap, reference, prices=evidence.lower_prices()),
        pools=((*FALL, ("customers", "kept")),),
        figure_ids=tuple(
            f"movers:customer_id:{result.period.label}:={member}"
            for member in down.sort_values("change", kind="stable")["member"][:10]
        ),
    )


def new_customers(evidence: Evidence) -> Iterator[Finding]:
    """Fewer, or more, new customers came than a year before."""
    row, comparable = evidence.pair("new_customers")
    if not comparable or not evidence.enough("new_customers"):
        return
    change, before = row["variance_previous"], row["previous"]
    if abs(change) < 2 * sqrt(row["actual"] + before):  # two counts differ by about so much by chance
        return
    reference = evidence.against(number(before))
    finding = Finding(
        id="new_customers",
        topic=text("new customers"),
        claim=plural(
            "{n} new customer came, against {before} in {previous}.",
            "{n} new customers came, against {before} in {previous}.",
            int(row["actual"]),
            before=number(before),
            previous=evidence.before,
        ),
        value=change,
        unit="count",
        basis=text(row["basis"]),
        reference=reference,
        action=Action(text("Note which channel and offer brought them, and give it more room.")),
        caveat=text("A first purchase says nothing yet of the second."),
        tone="good" if change > 0 else "bad",
        figure_ids=evidence.ids("new_customers"),
    )
    if change < 0:
        finding = replace(
            finding,
            action=Action(text("Compare what each channel costs and brings, and move the budget.")),
        )
        result = evidence.mover("customer_id")
        come = result.rows[result.rows["member"].notna() & (result.rows["kind"] == "new")] if result else None
        if come is not None and len(come) and total_of(come, "revenue") > 0:
            each = total_of(come, "revenue") / len(come)
            note = text(
                "{n} customers × {each}, the average of those who bought in this period only.",
                n=number(-change),
                each=languages.money(each, evidence.currency, 2),
            )
            finding = replace(
                finding,
                stake=evidence.part(-change * each, reference, note=note),
                pools=((*FALL, ("customers", "lost and come")),),
            )
    yield finding


def customers_back(evidence: Evidence) -> Iterator[Finding]:
    """Customers of before the period a year before, who did not buy in it, buy again: a gain to secure.

    Who first bought since then was won, and did not come back. Of a part of what customers buy nothing is said: they
    may have bought the rest all the time.
    """
    walk = evidence.walk
    if walk is None or walk.reason or walk.of_part:
        return
    steps = {row["step"]: row for row in walk.rows.to_dict("records")}
    row, won = steps.get("reactivated"), steps.get("acquired")
    if row is None or not row["customers"] or row["effect"] <= 0 or not evidence.is_material(row["effect"]):
        return
    claim = plural(
        "{n} older customer who had not bought in {previous} bought again and brought {amount}.",
        "{n} older customers who had not bought in {previous} bought again and brought {amount}.",
        int(row["customers"]),
        previous=evidence.before,
        amount=evidence.money(row["revenue"]),
    )
    if won is not None and won["customers"]:
        apart = plural(
            "Not among them: {n} customer won in between, who brought {amount}.",
            "Not among them: {n} customers won in between, who brought {amount}.",
            int(won["customers"]),
            amount=evidence.money(won["revenue"]),
        )
        claim = f"{claim} {apart}"
    yield Finding(
        id="customers_back",
        topic=text("customers who came back"),
        claim=claim,
        value=row["effect"],
        unit=evidence.currency,
        basis=text("Net revenue of customers who bought before the same period a year before, and nothing in it"),
        reference=text("No revenue from them in {previous}", previous=evidence.before),
        action=Action(text("Ask what brought them back, and write to the others who have been away as long.")),
        caveat=text("In a short period some were never away: they buy at other times of the year.")
        if len(walk.period.months()) < 12
        else "",
        tone="good",
        figure_ids=(f"revenue_walk:{walk.period.label}:reactivated",),
    )


def repeat_rate(evidence: Evidence) -> Iterator[Finding]:
    """New customers buy again more or less often, beyond what chance explains."""
    row, comparable = evidence.pair("repeat_rate")
    # A tone is given only when the intervals are apart.
    if not comparable or row["tone_previous"] is None or min(row["n"], row["previous_n"]) < ENOUGH:
        return
    change = row["variance_previous"]
    values = {"rate": percent(row["actual"]), "before": percent(row["previous"]), "previous": evidence.before}
    reference = evidence.against(values["before"])
    finding = Finding(
        id="repeat_rate",
        topic=text("second purchases"),
        claim=text("More new customers buy again within 90 days: {rate}, against {before} in {previous}.", **values)
        if change > 0
        else text("Fewer new customers buy again within 90 days: {rate}, against {before} in {previous}.", **values),
        value=row["actual"],
        unit="share",
        low=row["low"],
        high=row["high"],
        basis=text(row["basis"]),
        reference=reference,
        action=Action(text("Find what changed in the first order or after it, and make it the rule.")),
        caveat=text("The customers of the two years may differ: it is a comparison, not an experiment."),
        tone="good",
        figure_ids=evidence.ids("repeat_rate"),
        signed=False,
    )
    if change < 0:
        finding = replace(
            finding,
            tone="bad",
            action=Action(
                text("Write to new customers before their 60th day, and measure it against a group left alone.")
            ),
        )
        order = evidence.row("aov")
        if order["status"] == "observed" and order["actual"] > 0:
            worth = Decimal(str(order["actual"])) * int(row["n"])
            low, high = _difference(row)
            finding = replace(
                finding,
                stake=evidence.volume(
                    Decimal(str(-change)) * worth,
                    reference,
                    kind="annual",
                    note=text("One more order of average value for each customer who no longer comes back."),
                    low=Decimal(str(max(low, 0.0))) * worth,
                    high=Decimal(str(high)) * worth,
                ),
                pools=((*REVENUE, ("repeat", "second purchase")),),
            )
    yield finding


def _difference(row: dict[str, object]) -> tuple[float, float]:
    """Interval of the fall between two shares, from their Wilson intervals (Newcombe 1998, Statistics in Medicine)."""
    now, low, high, before, before_low, before_high = (
        float(row[column])  # type: ignore[arg-type]
        for column in ("actual", "low", "high", "previous", "previous_low", "previous_high")
    )
    fall = before - now
    down = sqrt((before - before_low) ** 2 + (high - now) ** 2)
    up = sqrt((before_high - before) ** 2 + (now - low) ** 2)
    return fall - down, fall + up


def concentration(evidence: Evidence) -> Iterator[Finding]:
    """Few customers bring most of the revenue, or more of it than a year before."""
    row, comparable = evidence.pair("concentration")
    result = evidence.concentration
    if row["actual"] is None or result is None or result.reason or result.customers < ENOUGH:
        return
    rose = comparable and row["variance_previous"] >= _ROSE and row["actual"] >= _MANY
    if not rose and row["actual"] < _MOST:
        return
    values = {
        "n": number(LARGEST),
        "share": percent(row["actual"]),
        "previous": evidence.before,
        "before": percent(row["previous"]),
    }
    yield Finding(
        id="concentration",
        topic=text("dependence on few customers"),
        claim=text(
            "The {n} largest customers bring {share} of identified revenue, up from {before} in {previous}.", **values
        )
        if rose
        else text("The {n} largest customers bring {share} of identified revenue.", **values),
        value=row["actual"],
        unit="share",
        basis=text(row["basis"]),
        reference=evidence.against(values["before"]) if comparable else text("Half of the revenue"),
        action=Action(text("Secure the largest accounts with contracts, and win others of their kind.")),
        caveat=text("Customers of one group count apart unless the data join them. It is a risk, not a loss."),
        figure_ids=evidence.ids("concentration"),
        signed=False,
    )


def single_customer(evidence: Evidence) -> Iterator[Finding]:
    """One customer brings a large part of the revenue, or all of it."""
    result = evidence.concentration
    if result is None or result.reason:
        return
    first = result.largest.iloc[0]
    if first["share"] < _ONE or not evidence.is_material(first["revenue"]):
        return
    values = {
        "name": first["name"],
        "share": percent(min(first["share"], 1)),
        "amount": evidence.money(first["revenue"]),
    }
    yield Finding(
        id="single_customer",
        subject="concentration",
        topic=text("dependence on one customer"),
        claim=text("All identified revenue comes from one customer, {name}: {amount}.", **values)
        if result.customers == 1
        else text("One customer, {name}, brings {share} of identified revenue: {amount}.", **values),
        value=min(first["share"], 1.0),
        unit="share",
        basis=text("Net revenue of the largest customer of the period / net revenue of all identified customers"),
        reference=text("{share} of revenue with one customer", share=percent(_ONE, 0)),
        action=Action(text("Agree terms for the years ahead with this customer, and plan what replaces it.")),
        caveat=text("Customers of one group count apart unless the data join them. It is a risk, not a loss."),
        figure_ids=(f"concentration:{evidence.scorecard.period.label}:top_1",),
        signed=False,
    )
