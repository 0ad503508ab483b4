"""Improve: what do the figures say, what is it worth, and what is to be done?"""

from perfkit.improve.answers import Answer, causes, differ, earned, left, moved, priced, standing, worth
from perfkit.improve.briefs import Brief, brief
from perfkit.improve.decisions import Decisions, decisions
from perfkit.improve.findings import Action, Finding, Findings
from perfkit.improve.rules import findings
from perfkit.improve.stakes import Stake
from perfkit.improve.summaries import Summary, summary

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
    "decisions",
    "differ",
    "earned",
    "findings",
    "left",
    "moved",
    "priced",
    "standing",
    "summary",
    "worth",
]
