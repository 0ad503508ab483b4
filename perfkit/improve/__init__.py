"""Improve: what do the figures say, what is it worth, and what is to be done?"""

from perfkit.improve.answers import Answer, causes, standing, worth
from perfkit.improve.findings import Action, Finding, Findings
from perfkit.improve.rules import findings
from perfkit.improve.stakes import Stake
from perfkit.improve.summaries import Summary, summary

__all__ = [
    "Action",
    "Answer",
    "Finding",
    "Findings",
    "Stake",
    "Summary",
    "causes",
    "findings",
    "standing",
    "summary",
    "worth",
]
