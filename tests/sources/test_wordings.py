"""Wordings: where few words are allowed, a load says which, and what to type for those that a file has."""

import pytest

from perfkit.errors import DataError

HEAD = "Deal ID,Create Date,Deal Status\n"
COLUMNS = {"opportunity_id": "Deal ID", "created_at": "Create Date", "status": "Deal Status"}


def deals(*words):
    return HEAD + "".join(f"{n},2025-01-02,{word}\n" for n, word in enumerate(words))


def test_a_table_of_other_words_is_refused_with_the_line_to_type(desk):
    with pytest.raises(DataError) as told:
        desk.load(deals("Won", "Won", "Perdue", "Stuck"), table="opportunities", columns=COLUMNS)
    assert (
        'status is one of open, won, lost, and \'Deal Status\' says "Won", "Perdue", "Stuck" in 4 rows. Say what each '
        'means: [tables.opportunities.columns] status = { column = "Deal Status", values = { "Won" = "won", '
        '"Perdue" = "lost", "Stuck" = "..." } }.'
    ) in str(told.value)
    assert "format" not in str(told.value)


def test_a_word_that_is_not_mapped_is_told_with_those_that_are(desk):
    columns = COLUMNS | {"status": {"column": "Deal Status", "values": {"Won": "won", "Lost": "lost"}}}
    snapshot = desk.load(deals(*["Won"] * 8, "Lost", "Stuck"), table="opportunities", columns=columns)
    assert desk.counts(snapshot, "opportunities") == (9, 0, 1)
    [told] = [each for each in snapshot.report["tables"]["opportunities"]["notices"] if "status" in each]
    assert 'values = { "Won" = "won", "Lost" = "lost", "Stuck" = "..." }' in told


def test_the_preset_of_opportunities_knows_the_words_of_both_languages(desk):
    snapshot = desk.load(deals("Won", "Gagnée", "PERDU", "En cours"), table="opportunities", preset="generic")
    assert desk.column(snapshot, "status", "opportunities") == ["won", "won", "lost", "open"]
