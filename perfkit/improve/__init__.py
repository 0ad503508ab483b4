"""Improve: what do the figures say, what is it worth, and what is to be done?"""

from perfkit.improve.answers import (
    Answer,
    causes,
    channels_bring,
    cohorts_bring,
    differ,
    earned,
    left,
    moved,
    point_of_retention,
    priced,
    standing,
    sure_of,
    whom_to_keep,
    worth,
)
from perfkit.improve.briefs import Brief, brief
from perfkit.improve.decisions import Decisions, decisions
from perfkit.improve.findings import Action, Finding, Findings
from perfkit.improve.rules import findings, lifetime_findings
from perfkit.improve.stakes import Stake
from perfkit.improve.summaries import Summary, summary
from perfkit.improve.worths import worth_definitions, worth_summary

__all__ = [
    "Action",
    "Answer",
    "Brief",
    "Decisions",
    "Finding",
    "Findings",
    "Stake",
    "Summary",
    "brief",
    "causes",
    "channels_bring",
    "cohorts_bring",
    "decisions",
    "differ",
    "earned",
    "findings",
    "left",
    "lifetime_findings",
    "moved",
    "point_of_retention",
    "priced",
    "standing",
    "summary",
    "sure_of",
    "whom_to_keep",
    "worth",
    "worth_definitions",
    "worth_summary",
]
