"""Answer: what a section says first: a sentence or two, and what they do not prove."""

from dataclasses import dataclass

import pandas as pd

from perfkit.results import Result, View, environment, figure_frame


@dataclass(frozen=True, eq=False)
class Answer(Result):
    """The answer of a section.

    Attributes
    ----------
    sentences : tuple of str
        One or two, in the language in use when they were written; so is the caveat.
    caveat : str
        The main thing to bear in mind; empty where there is none.
    """

    sentences: tuple[str, ...]
    caveat: str = ""

    def figures(self) -> pd.DataFrame:
        """Return no figure: those that it quotes stand in the results below it."""
        return figure_frame([])

    def views(self) -> list[View]:
        """Return the sentences, the caveat below them."""
        first, *others = self.sentences
        return [View(first, " ".join(others), [], pd.DataFrame(), notes=[self.caveat] if self.caveat else [])]

    def html(self) -> str:
        """Return the answer, every text escaped by the template."""
        return environment().get_template("answer.html.j2").render(sentences=self.sentences, caveat=self.caveat)
