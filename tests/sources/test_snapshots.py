"""Snapshots: written once under their fingerprint, proven when read, listed, pinned, pruned and compared."""

import json
from decimal import Decimal

import pandas as pd
import pytest

from perfkit.errors import DataError, ParameterError
from perfkit.sources import changes, snapshots

FIRST = "order_id,date,product_id,net_revenue\nA1,2024-01-01,X,1\nA2,2024-02-01,Y,2\nA3,2024-02-02,Y,4\n"


def test_the_same_files_and_settings_are_the_same_snapshot(desk):
    said = []
    one = desk.load(FIRST)
    written = (one.path / "sales.parquet").stat().st_mtime_ns
    again = desk.load(step=said.append)
    assert again.fingerprint == one.fingerprint and (again.path / "sales.parquet").stat().st_mtime_ns == written
    assert said[-1] == "nothing new: the snapshot of these files is used again"


def test_bytes_names_mapping_and_currency_make_the_fingerprint_and_the_place_does_not(desk, tmp_path):
    one = desk.load(FIRST)
    others = [
        desk.load(FIRST + "\n"),
        desk.load(FIRST, name="other.csv"),
        desk.load(FIRST, currency="GBP"),
        desk.load(FIRST, format={"null": ["", "-"]}),
        desk.load(FIRST, control={"rows": 3}),
    ]
    assert len({one.fingerprint, *(other.fingerprint for other in others)}) == 6
    moved = type(desk)(tmp_path / "elsewhere")
    assert moved.load(FIRST).fingerprint == one.fingerprint


def test_current_is_a_relative_link_that_moves_with_the_last_load(desk):
    one = desk.load(FIRST)
    two = desk.load(FIRST + "A4,2024-03-01,X,8\n")
    link = desk.folder / "snapshots" / "current"
    assert not link.readlink().is_absolute()
    assert snapshots.current(desk.folder).fingerprint == two.fingerprint
    desk.load(FIRST)
    assert snapshots.current(desk.folder).fingerprint == one.fingerprint


def test_nothing_is_current_before_the_first_load(desk):
    assert snapshots.current(desk.folder) is None
    with pytest.raises(ParameterError, match="Nothing was loaded yet"):
        snapshots.find(desk.folder, "abc")
    assert len(snapshots.listing(desk.folder)) == 0


def test_a_refused_load_leaves_the_snapshot_in_use_and_no_trace(desk):
    one = desk.load(FIRST)
    before = sorted(path.name for path in (desk.folder / "snapshots").iterdir())
    with pytest.raises(DataError):
        desk.load(FIRST, control={"rows": 99})
    assert snapshots.current(desk.folder).fingerprint == one.fingerprint
    assert sorted(path.name for path in (desk.folder / "snapshots").iterdir()) == before


@pytest.mark.parametrize("name", ["sales.parquet", "quarantine.parquet"])
def test_a_damaged_snapshot_is_refused_when_read_and_made_anew_by_the_next_load(desk, name):
    snapshot = desk.load(FIRST)
    path = snapshot.path / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    damaged = snapshots.current(desk.folder)
    with pytest.raises(DataError, match=f"damaged: {name} is not the file that was written. Load the exports again"):
        damaged.prove()
    again = desk.load()
    again.prove()
    assert desk.revenue(again) == 7


def test_a_snapshot_of_another_version_is_refused_in_words(desk):
    snapshot = desk.load(FIRST)
    path = snapshot.path / "load.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "schema_version": 0}))
    with pytest.raises(DataError, match="follows version 0 of the canonical tables, this perfkit version 1"):
        snapshots.current(desk.folder).table("sales")
    assert "version 0" in snapshots.listing(desk.folder)["problem"][0]


def test_a_table_that_is_not_there_is_refused(desk):
    with pytest.raises(ParameterError, match="no table 'products'; it has: sales"):
        desk.load(FIRST).table("products")


def test_snapshots_are_listed_pinned_and_pruned(desk):
    texts = [FIRST + f"B{n},2024-03-01,X,{n}\n" for n in range(5)]
    names = [desk.load(text).fingerprint for text in texts]
    snapshots.pin(desk.folder, names[0][:8])
    listed = snapshots.listing(desk.folder).set_index("fingerprint")
    assert len(listed) == 5 and listed.loc[names[0], "pinned"] and listed.loc[names[4], "current"]
    assert listed.loc[names[2], "rows"] == 4 and listed.loc[names[2], "tables"] == "sales"
    gone = snapshots.prune(desk.folder, keep=0)
    assert sorted(gone) == sorted(names[1:4])
    assert set(snapshots.listing(desk.folder)["fingerprint"]) == {names[0], names[4]}
    snapshots.pin(desk.folder, names[0], keep=False)
    assert snapshots.prune(desk.folder, keep=0) == [names[0]]
    assert snapshots.current(desk.folder).fingerprint == names[4]


def test_a_fingerprint_may_be_shortened_as_long_as_it_is_one(desk):
    one = desk.load(FIRST)
    assert snapshots.find(desk.folder, one.fingerprint[:4]).fingerprint == one.fingerprint
    for wrong in ("", "zzzz", "../exports"):
        with pytest.raises(ParameterError, match="no snapshot"):
            snapshots.find(desk.folder, wrong)


def test_changes_by_month_counted_by_hand(desk):
    old = desk.load(FIRST)
    new = desk.load(
        "order_id,date,product_id,net_revenue\nA1,2024-01-01,X,1\nA2,2024-02-01,Y,2.5\nA4,2024-03-01,X,8\nA4,2024-03-01,X,8\n"
    )
    found = changes(old, new).set_index("month")
    february, march = found.loc[pd.Timestamp("2024-02-01").date()], found.loc[pd.Timestamp("2024-03-01").date()]
    assert (february["changed_rows"], february["changed"]) == (1, Decimal("0.5"))
    assert (february["gone_rows"], february["gone"]) == (1, Decimal("4"))
    assert (march["added_rows"], march["added"]) == (2, Decimal("16"))
    moved = found["added"].sum() + found["changed"].sum() - found["gone"].sum()
    assert moved == desk.revenue(new) - desk.revenue(old)


def test_a_snapshot_does_not_differ_from_itself(desk):
    one = desk.load(FIRST)
    assert changes(one, one).empty


def test_dimensions_change_by_their_key(desk):
    old = desk.load("product_id,name\n1,a\n2,b\n", table="products")
    new = desk.load("product_id,name\n1,a\n2,c\n3,d\n", table="products")
    (row,) = changes(old, new).to_dict("records")
    assert (row["table"], row["added_rows"], row["changed_rows"], row["gone_rows"]) == ("products", 1, 1, 0)
    assert row["added"] is None


def test_a_table_that_came_or_went_is_all_new_or_all_gone(desk):
    old = desk.load(FIRST)
    new = desk.load("product_id,name\n1,a\n", table="products")
    found = changes(old, new).groupby("table")[["added_rows", "gone_rows"]].sum()
    assert found.loc["sales"].tolist() == [0, 3] and found.loc["products"].tolist() == [1, 0]
