"""Improve: what do the figures say, what is it worth, and what is to be done?"""

from perfkit.improve.findings import Finding, Findings
from perfkit.improve.rules import findings
from perfkit.improve.summaries import Summary, summary

__all__ = ["Finding", "Findings", "Summary", "findings", "summary"]
