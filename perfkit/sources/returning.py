"""Returning: which of the rows that were set aside came back once their file or the settings were mended.

No row has a name of its own that survives its mending, so it is known again in one of these ways, surest first:

    record      its whole text is set aside again, in the same file or in another
    values      among the rows that were added to the table one is like it in every value that could be read
    ids         of a record without known values: one added row has its first id, and most others, in its text
    line        its file kept its number of records, and what stands on its line now is set aside too
    readable    a row is set aside of which the same can be read, an id among it

Where several added rows are alike and their money differs, none is taken for it. A row that is known in no way
was deleted, is left out by a rule, or was changed in more than what was wrong: no money is claimed for it.
"""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pandas as pd

from perfkit import schema
from perfkit.sources import engines
from perfkit.sources.files import literally, named, quoted
from perfkit.sources.snapshots import Snapshot

PLACE = ["table", "file", "sheet", "line", "column", "value", "reason"]


@dataclass(frozen=True, eq=False)
class Returned:
    """What became of the rows that were set aside.

    Attributes
    ----------
    back : DataFrame, one row a row that is accepted now
        table, file, sheet, line, column, value, reason: where it stood and what was wrong. how: "values" or "ids".
        money, Decimal: the accepted row's; missing where its table has none.
    unclear : DataFrame, one row a row that is set aside no more and is not among the accepted ones for certain
        As `back`, money missing. how: "several" (more added rows are like it than came back), "line" (its file kept
        its number of records, so that it is read or left out by a rule now), "gone" (nothing is like it).
    still, fresh : int
        Rows set aside in both snapshots, and in the new one alone.
    """

    back: pd.DataFrame
    unclear: pd.DataFrame
    still: int
    fresh: int

    @property
    def money(self) -> dict[str, Decimal]:
        """What came back, by table that has money."""
        known = self.back[self.back["money"].notna()]
        return {str(table): sum(rows["money"], Decimal(0)) for table, rows in known.groupby("table", sort=False)}


def returned(old: Snapshot, new: Snapshot) -> Returned:
    """Find the rows that were set aside in one snapshot among the rows of the next."""
    with (
        TemporaryDirectory(prefix="perfkit-spill-") as spill,
        engines.locked(folders=[old.path, new.path], spill=Path(spill)) as engine,
    ):
        for side, snapshot in (("old", old), ("new", new)):
            snapshot.quarantine()  # proves the file
            path = quoted(literally(snapshot.path.resolve() / "quarantine.parquet"))
            engine.execute(_ASIDE.format(side=side, path=path, known=_known(engine, path), ids=_IDS))
            counts = [(table, file["name"], file["rows"]) for table, file in _files(snapshot)]
            engine.execute(f"CREATE TEMP TABLE {side}_files (t VARCHAR, f VARCHAR, records BIGINT)")
            if counts:
                engine.executemany(f"INSERT INTO {side}_files VALUES (?, ?, ?)", counts)
        engine.execute("CREATE TEMP TABLE kept AS SELECT t, f FROM old_files JOIN new_files USING (t, f, records)")
        engine.execute("CREATE TEMP TABLE still (id BIGINT)")
        engine.execute("CREATE TEMP TABLE found (id BIGINT, how VARCHAR, money DECIMAL(18, 4))")
        for keys in ("t, f, s, record", "t, record"):
            _pair(engine, keys)
        for table in (name for name in old.names if name in new.names):
            if engine.execute("SELECT 1 FROM old_aside WHERE t = ? LIMIT 1", [table]).fetchall():
                _seek(engine, table, _place(engine, table, old, new))
        for keys in ("t, f, s, line", "t, readable"):
            _pair(engine, keys)
        return _result(engine)


_ASIDE = """
    CREATE TEMP TABLE {side}_aside AS
    SELECT file_row_number AS id, "table" AS t, file AS f, coalesce(sheet, '') AS s, line, "column", value, reason,
           record, {known} AS known, list_filter(map_entries(known), lambda each:
               each.value IS NOT NULL AND list_contains({ids}, each.key)) AS some_ids,
           CASE WHEN some_ids <> [] THEN CAST(known AS VARCHAR) END AS readable
    FROM read_parquet({path}, file_row_number = true)
"""

_IDS = sorted({column.name for table in schema.TABLES.values() for column in table.columns if column.type == "id"})


def _known(engine: duckdb.DuckDBPyConnection, path: str) -> str:
    """SQL of the values that could be read; none in a snapshot that kept none."""
    columns = [row[0] for row in engine.execute(f"DESCRIBE SELECT * FROM read_parquet({path})").fetchall()]
    return "coalesce(known, MAP {})" if "known" in columns else "MAP {}::MAP(VARCHAR, VARCHAR)"


def _files(snapshot: Snapshot) -> list[tuple[str, dict[str, object]]]:
    return [(name, file) for name, counts in snapshot.report["tables"].items() for file in counts["files"]]


def _pair(engine: duckdb.DuckDBPyConnection, keys: str) -> None:
    """Take rows that are set aside in both snapshots, alike in these columns, off both; count them in `still`."""
    names = keys.split(", ")
    alike = " AND ".join(f"o.{name} = n.{name}" for name in names)
    only = "(t, f) IN (SELECT (t, f) FROM kept)" if "line" in names else "true"
    lost = "id NOT IN (SELECT id FROM found WHERE how IN ('values', 'ids'))"
    sides = {
        side: f"(SELECT *, row_number() OVER (PARTITION BY {keys} ORDER BY id) AS nth FROM {side}_aside WHERE {where})"
        for side, where in (("old", f"{only} AND {lost}"), ("new", only))
    }
    engine.execute(
        f"CREATE OR REPLACE TEMP TABLE pairs AS SELECT o.id AS was, n.id AS is_ "
        f"FROM {sides['old']} o JOIN {sides['new']} n ON {alike} AND o.nth = n.nth"
    )
    engine.execute("INSERT INTO still SELECT was FROM pairs")
    engine.execute("DELETE FROM old_aside WHERE id IN (SELECT was FROM pairs)")
    engine.execute("DELETE FROM new_aside WHERE id IN (SELECT is_ FROM pairs)")


@dataclass(frozen=True)
class _Place:
    """A table before and after: SQL of its files, the columns that both have, its ids and SQL of its money."""

    before: str
    after: str
    types: dict[str, str]
    ids: list[str]
    money: str

    @property
    def shared(self) -> list[str]:
        return list(self.types)


def _place(engine: duckdb.DuckDBPyConnection, table: str, old: Snapshot, new: Snapshot) -> _Place:
    for snapshot in (old, new):
        snapshot.table(table)  # proves the file
    before, after = (quoted(literally(each.path.resolve() / f"{table}.parquet")) for each in (old, new))
    had, has = (
        {str(row[0]): str(row[1]) for row in engine.execute(f"DESCRIBE FROM read_parquet({each})").fetchall()}
        for each in (before, after)
    )
    types = {name: type_ for name, type_ in has.items() if had.get(name) == type_}
    declared = schema.TABLES[table]
    ids = [column.name for column in declared.columns if column.type == "id" and column.name in types]
    money = named(declared.money) if declared.money and declared.money in types else "NULL::DECIMAL(18, 4)"
    return _Place(before, after, types, ids, money)


def _seek(engine: duckdb.DuckDBPyConnection, table: str, place: _Place) -> None:
    """Look for a table's rows that are set aside no more among the rows that were added to it."""
    engine.execute('CREATE OR REPLACE TEMP TABLE used ("its row" BIGINT)')
    kinds = engine.execute(
        "SELECT list_sort(map_keys(known)) AS names, count(*) AS n FROM old_aside WHERE t = ? GROUP BY names "
        "ORDER BY len(names) DESC, n DESC, names",
        [table],
    ).fetchall()
    for names, _ in kinds:
        these = f"[{', '.join(map(quoted, names))}]::VARCHAR[]"
        lost = f"SELECT * FROM old_aside WHERE t = {quoted(table)} AND list_sort(map_keys(known)) = {these}"
        if known := [name for name in place.shared if name in names]:
            _by_values(engine, place, lost, known)
        elif place.ids:
            _by_ids(engine, place, lost)


def _added(engine: duckdb.DuckDBPyConnection, place: _Place, alike: str) -> None:
    """Make `added`: the accepted rows like some lost one of which there are more after than before."""
    columns = ", ".join(map(named, place.shared))
    some = {
        side: f"read_parquet({path}, file_row_number = true) AS found SEMI JOIN lost ON {alike}"
        for side, path in (("before", place.before), ("after", place.after))
    }
    engine.execute(f"""
        CREATE OR REPLACE TEMP TABLE added AS
        SELECT a.* FROM (
            SELECT {columns}, file_row_number AS "its row", {place.money} AS "its money",
                   row_number() OVER (PARTITION BY {columns} ORDER BY file_row_number) AS "nth alike"
            FROM {some["after"]}
        ) a LEFT JOIN (SELECT {columns}, count(*) AS "times before" FROM {some["before"]} GROUP BY ALL) b
        ON {_same(place.shared, "a", "b")}
        WHERE "nth alike" > coalesce("times before", 0) AND "its row" NOT IN (SELECT "its row" FROM used)
    """)


def _same(columns: list[str], one: str, other: str) -> str:
    return " AND ".join(f"{one}.{named(name)} IS NOT DISTINCT FROM {other}.{named(name)}" for name in columns)


def _by_values(engine: duckdb.DuckDBPyConnection, place: _Place, lost: str, known: list[str]) -> None:
    """Take each lost row for an added one that is like it in every known column."""
    asked = ", ".join(f"try_cast(known[{quoted(name)}] AS {place.types[name]}) AS {named(name)}" for name in known)
    ids = [f"{named(name)} IS NOT NULL" for name in known if name in place.ids]
    telling = " OR ".join(ids) if ids else " + ".join(f"({named(name)} IS NOT NULL)::INT" for name in known) + " > 1"
    engine.execute(
        f'CREATE OR REPLACE TEMP TABLE lost AS FROM (SELECT id AS "lost id", {asked} FROM ({lost})) WHERE {telling}'
    )
    _added(engine, place, _same(known, "found", "lost"))
    keys = ", ".join(map(named, known))
    numbered = {
        side: f"(SELECT *, row_number() OVER (PARTITION BY {keys} ORDER BY {order}) AS nth_of_its_kind, "
        f"count(*) OVER (PARTITION BY {keys}) AS {of_its_kind} {more} FROM {side})"
        for side, order, of_its_kind, more in (
            ("lost", '"lost id"', '"lost ones"', ""),
            (
                "added",
                '"its row"',
                '"added ones"',
                f', min("its money") OVER (PARTITION BY {keys}) AS "least money", '
                f'max("its money") OVER (PARTITION BY {keys}) AS "most money"',
            ),
        )
    }
    engine.execute(f"""
        CREATE OR REPLACE TEMP TABLE matched AS
        SELECT "lost id", "its row", "its money",
               "added ones" > "lost ones" AND "least money" IS DISTINCT FROM "most money" AS several
        FROM {numbered["lost"]} lost JOIN {numbered["added"]} added
        ON {_same(known, "lost", "added")} AND lost.nth_of_its_kind = added.nth_of_its_kind
    """)
    _take(engine, "values")


def _by_ids(engine: duckdb.DuckDBPyConnection, place: _Place, lost: str) -> None:
    """Take each lost record for the one added row of which most ids stand in it, if no other record has them too."""
    borders = quoted('[;,|\t"\r\n]')
    engine.execute(
        f'CREATE OR REPLACE TEMP TABLE texts AS SELECT id AS "lost id", '
        f"list_transform(regexp_split_to_array(record, {borders}), lambda each: trim(each)) AS words FROM ({lost})"
    )
    first = named(place.ids[0])
    engine.execute(
        f'CREATE OR REPLACE TEMP TABLE lost AS FROM (SELECT DISTINCT "lost id", unnest(words) AS {first} FROM texts) '
        f"WHERE {first} <> ''"
    )
    _added(engine, place, f"found.{first} = lost.{first}")
    there = " + ".join(f"coalesce(list_contains(words, added.{name}), false)::INT" for name in map(named, place.ids))
    engine.execute(f"""
        CREATE OR REPLACE TEMP TABLE matched AS
        SELECT "lost id", any_value("its row") AS "its row", any_value("its money") AS "its money",
               count(*) > 1 OR bool_or("times taken" > 1) AS several
        FROM (
            SELECT *, count(*) OVER (PARTITION BY "its row") AS "times taken" FROM (
                SELECT lost."lost id", "its row", "its money", {there} AS ids_there
                FROM added JOIN lost ON added.{first} = lost.{first} JOIN texts ON texts."lost id" = lost."lost id"
                QUALIFY ids_there = max(ids_there) OVER (PARTITION BY lost."lost id")
            )
        ) GROUP BY "lost id"
    """)
    _take(engine, "ids")


def _take(engine: duckdb.DuckDBPyConnection, how: str) -> None:
    engine.execute(
        f"""INSERT INTO found SELECT "lost id", CASE WHEN several THEN 'several' ELSE {quoted(how)} END,
        CASE WHEN NOT several THEN "its money" END FROM matched"""
    )
    engine.execute('INSERT INTO used SELECT "its row" FROM matched WHERE NOT several')


def _result(engine: duckdb.DuckDBPyConnection) -> Returned:
    rows = engine.sql("""
        SELECT t AS "table", f AS file, nullif(s, '') AS sheet, line, "column", value, reason,
               coalesce(how, CASE WHEN (t, f) IN (SELECT (t, f) FROM kept) THEN 'line' ELSE 'gone' END) AS how, money
        FROM old_aside LEFT JOIN found USING (id) ORDER BY t, f, s, line
    """).to_arrow_table()
    frame = pd.DataFrame(rows.to_pylist(), columns=[*PLACE, "how", "money"], dtype="object")
    back = frame["how"].isin(["values", "ids"])
    [(still,)] = engine.execute("SELECT count(*) FROM still").fetchall()
    [(fresh,)] = engine.execute("SELECT count(*) FROM new_aside").fetchall()
    return Returned(frame[back].reset_index(drop=True), frame[~back].reset_index(drop=True), int(still), int(fresh))
