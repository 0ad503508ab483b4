"""Answers: what each section of a report says first, written from its figures."""

from perfkit.improve.answers.answer import Answer
from perfkit.improve.answers.customers import (
    channels_bring,
    cohorts_bring,
    point_of_retention,
    sure_of,
    whom_to_keep,
)
from perfkit.improve.answers.margins import differ, earned, left, moved, priced
from perfkit.improve.answers.sales import causes, standing
from perfkit.improve.answers.worth import worth

__all__ = [
    "Answer",
    "causes",
    "channels_bring",
    "cohorts_bring",
    "differ",
    "earned",
    "left",
    "moved",
    "point_of_retention",
    "priced",
    "standing",
    "sure_of",
    "whom_to_keep",
    "worth",
]
