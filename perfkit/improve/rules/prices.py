"""Rules on prices: who gets more off the list price than others get on the same?"""

from collections.abc import Iterator

from perfkit.dimensions import dimension_name
from perfkit.improve.evidence import Evidence, names_of
from perfkit.improve.findings import Action, Finding
from perfkit.improve.stakes import REVENUE
from perfkit.languages import in_sentence, number, text

_MOST = 2  # dimensions told of: the others see the same money from elsewhere
_NAMED = 3


def discounts_unequal(evidence: Evidence) -> Iterator[Finding]:
    """Tell of two dimensions at most: members that get more off than others, beyond chance, on the same in like orders.

    The stake is what aligning them would bring, luck taken out (see `prices.dispersions`); it is the same money as
    the discounts that rose.
    """
    found = []
    for result in evidence.dispersions:
        aligned = result.aligned
        if result.reason or aligned.estimate is None or aligned.low is None or aligned.high is None:
            continue
        if aligned.low > 0 and evidence.is_material_profit(aligned.estimate):
            found.append((aligned.estimate, aligned.low, aligned.high, result))
    for estimate, low, high, result in sorted(found, key=lambda each: (-each[0], each[3].by))[:_MOST]:
        above = result.called("above").to_dict("records")
        values = {
            "dimension": in_sentence(dimension_name(result.by)),
            "n": number(len(above)),
            "names": names_of(above[:_NAMED]),
            "money": evidence.money(estimate),
        }
        reference = text("What others get off on the same products in orders of the same size")
        yield Finding(
            id=f"discounts_unequal:{result.by}",
            subject="discount_rate",
            topic=text("unequal discounts by {dimension}", **values),
            claim=text(
                "By {dimension}, {names} gives or gets more off the list price than others on the same: {money}.",
                **values,
            )
            if len(above) == 1
            else text(
                "By {dimension}, {n} give or get more off the list price than others on the same, first {names}: "
                "{money}.",
                **values,
            ),
            value=estimate,
            unit=evidence.currency,
            low=float(low),
            high=float(high),
            basis=result.aligned.basis,
            reference=reference,
            action=Action(text("Go through these discounts by name: align each, or have it signed with its reason.")),
            caveat=text("Volumes may react, and contracts or terms of payment are not compared: ask before aligning."),
            stake=evidence.price(
                estimate, reference, text("What aligning them would bring: all of it is profit."), low=low, high=high
            ),
            pools=((*REVENUE, ("lever", "discount")),),
            figure_ids=(f"discount_dispersion:{result.by}:{result.period.label}:aligned",),
            signed=False,
        )
