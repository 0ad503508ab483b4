"""What is left of revenue at each level, and does it tie to the result of the books?"""

from perfkit.margins.statement.statements import Statement, statement

__all__ = ["Statement", "statement"]
