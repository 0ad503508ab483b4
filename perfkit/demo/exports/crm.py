"""CRM: deals, stages and activities as Pipedrive names them, leads as HubSpot does."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from perfkit.demo.exports.faults import Fault, Page
from perfkit.demo.exports.forms import days, point, texts, words, write_text

_MOMENT, _DAY = "%Y-%m-%d %H:%M:%S", "%Y-%m-%d"


def write(tables: Mapping[str, pd.DataFrame], folder: Path) -> list[Fault]:
    """Write crm/*.csv; return the faults in them."""
    return [
        *_written(_deals(tables["opportunities"]), folder),
        *_written(_stages(tables["stages"]), folder),
        *_written(_activities(tables["activities"]), folder),
        *_written(_leads(tables["leads"]), folder),
    ]


def _written(page: Page, folder: Path) -> list[Fault]:
    rows, faults = page.laid_out(first_line=2)
    write_text(folder / page.file, rows, delimiter=",", encoding="utf-8-sig", line_end="\n")
    return faults


def _deals(deals: pd.DataFrame) -> Page:
    closed = days(deals["closed_at"], _MOMENT)
    won, lost = (deals["status"] == "won").tolist(), (deals["status"] == "lost").tolist()
    page = Page(
        pd.DataFrame(
            {
                "Deal - ID": words(deals["opportunity_id"]),
                "Deal - Value": texts(deals["amount"], point),
                "Deal - Currency of Value": ["EUR"] * len(deals),
                "Deal - Organization ID": words(deals["customer_id"]),
                "Deal - Stage": words(deals["stage"]),
                "Deal - Status": [each.capitalize() for each in words(deals["status"])],
                "Deal - Deal created": days(deals["created_at"], _MOMENT),
                "Deal - Won time": [at if is_so else "" for at, is_so in zip(closed, won, strict=True)],
                "Deal - Lost time": [at if is_so else "" for at, is_so in zip(closed, lost, strict=True)],
                "Deal - Deal closed on": closed,
                "Deal - Lost reason": words(deals["lost_reason"]),
                "Deal - Expected close date": days(deals["expected_close"], _DAY),
                "Deal - Source channel": words(deals["channel"]),
                "Deal - Code commercial": words(deals["rep_id"]),
            },
            dtype=object,
        ),
        table="opportunities",
        file="crm/deals.csv",
    )
    middle = len(deals) // 2
    page.declare(
        "crm-bad-status", "deals of an unknown status", "set aside",
        "Two deals stand in a status that the CRM's own list has not.",
        reason="not one of", ids=["900001", "900002"], money=sum(deals["amount"].iloc[middle : middle + 2]),
    )  # fmt: skip
    for number, status in ((1, "Paused"), (2, "Rotten")):
        row = page.cells.iloc[middle + number - 1].to_dict()
        wrong = {**row, "Deal - ID": f"90000{number}", "Deal - Status": status}
        page.add("crm-bad-status", wrong, after=middle + number)
    early = [int(place) for place in np.flatnonzero(lost)[:2]]
    page.declare(
        "crm-closed-before-created", "deals closed before they were created", "kept",
        "Two lost deals were created again after they had been closed: their dates are the wrong way round.",
        ids=deals["opportunity_id"].iloc[early].tolist(),
    )  # fmt: skip
    for place in early:
        created = deals["created_at"].iloc[place] - pd.Timedelta(days=3)
        page.change(
            "crm-closed-before-created", place,
            dict.fromkeys(("Deal - Lost time", "Deal - Deal closed on"), f"{created:{_MOMENT}}"),
        )  # fmt: skip
    return page


def _stages(stages: pd.DataFrame) -> Page:
    cells = {
        "Deal - ID": words(stages["opportunity_id"]),
        "Deal - Stage": words(stages["stage"]),
        "Entered at": days(stages["entered_at"], _MOMENT),
    }
    return Page(pd.DataFrame(cells, dtype=object), table="stages", file="crm/deal_stages.csv")


def _activities(activities: pd.DataFrame) -> Page:
    page = Page(
        pd.DataFrame(
            {
                "Activity - ID": words(activities["activity_id"]),
                "Activity - Type": words(activities["kind"]),
                "Activity - Marked as done time": days(activities["done_at"], _MOMENT),
                "Activity - Duration (hours)": texts(activities["hours"], lambda hours: f"{hours:g}"),
                "Activity - Deal ID": words(activities["opportunity_id"]),
                "Activity - Lead ID": words(activities["lead_id"]),
                "Activity - Code commercial": words(activities["rep_id"]),
                "Activity - Automated": texts(activities["automated"], lambda said: "Yes" if said else "No"),
            },
            dtype=object,
        ),
        table="activities",
        file="crm/activities.csv",
    )
    twice = [len(activities) * part // 5 for part in (1, 2, 3, 4)]
    page.declare(
        "crm-activity-twice", "exact duplicate rows", "left out",
        "A synchronisation wrote four activities twice: keep = \"first\" counts each once.",
        reason="keep = 'first'", ids=activities["activity_id"].iloc[twice].tolist(),
    )  # fmt: skip
    for place in twice:
        page.add("crm-activity-twice", page.cells.iloc[place].to_dict(), after=place)
    return page


def _leads(leads: pd.DataFrame) -> Page:
    page = Page(
        pd.DataFrame(
            {
                "Record ID": words(leads["lead_id"]),
                "Create Date": days(leads["created_at"], _MOMENT),
                "Original Source": words(leads["channel"]),
                "Became a qualified lead date": days(leads["qualified_at"], _MOMENT),
                "Lifecycle Stage": words(leads["stage"]),
                "Became a customer date": days(leads["converted_on"], _DAY),
                "Associated Deal ID": words(leads["opportunity_id"]),
            },
            dtype=object,
        ),
        table="leads",
        file="crm/leads.csv",
    )
    at = len(leads) // 3
    page.declare(
        "crm-lead-undated", "missing dates", "set aside", "A lead that was imported by hand has no day.",
        reason="missing", ids=["L900001"],
    )  # fmt: skip
    page.add("crm-lead-undated", {**page.cells.iloc[at].to_dict(), "Record ID": "L900001", "Create Date": ""}, after=at)
    return page
