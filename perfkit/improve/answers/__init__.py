"""Answers: what each section of a report says first, written from its figures."""

from perfkit.improve.answers.answer import Answer
from perfkit.improve.answers.margins import differ, earned, left, moved, priced
from perfkit.improve.answers.sales import causes, standing
from perfkit.improve.answers.worth import worth

__all__ = ["Answer", "causes", "differ", "earned", "left", "moved", "priced", "standing", "worth"]
