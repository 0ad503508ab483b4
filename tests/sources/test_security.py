"""Security: engines are shut in, secrets stand nowhere, settings and names from others are only ever text."""

import base64
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import duckdb
import pandas as pd
import pytest
from typer.testing import CliRunner

from perfkit import cli, company
from perfkit.errors import ParameterError, printable
from perfkit.sources import engines

HEAD = "order_id,date,net_revenue\n"
SALES = HEAD + "A1,2024-01-31,10.25\nA2,2024-01-30,0.75\n"
SETTINGS = 'name = "Acme"\ncurrency = "EUR"\n\n[tables.sales]\nfiles = "sales.csv"\n'


def perfkit(*arguments):
    return CliRunner().invoke(cli.app, [str(each) for each in arguments], prog_name="perfkit")


@pytest.fixture
def acme(tmp_path):
    folder = tmp_path / "acme"
    (folder / "exports").mkdir(parents=True)
    (folder / "company.toml").write_text(SETTINGS)
    (folder / "exports" / "sales.csv").write_text(SALES)
    return folder


# ---- engines

OUTSIDE = [
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_blob('/etc/passwd')",
    "SELECT * FROM '/etc/passwd'",
    "SELECT * FROM read_csv('{outside}/secret.csv')",
    "SELECT * FROM read_csv('{inside}/../outside/secret.csv')",
    "SELECT * FROM read_csv('{inside}/link.csv')",
    "SELECT * FROM read_csv('{inside}/li*.csv')",
    "SELECT * FROM read_json('{outside}/secret.csv')",
    "SELECT * FROM sniff_csv('{outside}/secret.csv')",
    "SELECT * FROM glob('/etc/*')",
    "SELECT * FROM read_csv('/dev/stdin')",
    "SELECT * FROM read_csv('http://localhost:9/a.csv')",
    "SELECT * FROM 'https://localhost:9/a.parquet'",
    "SELECT * FROM read_parquet('s3://bucket/a.parquet')",
    "COPY (SELECT 1) TO '{outside}/written.csv'",
    "COPY (SELECT 1) TO '/dev/stdout'",
    "EXPORT DATABASE '{outside}/all'",
    "IMPORT DATABASE '{outside}'",
    "ATTACH '{outside}/written.db'",
    "CREATE PERSISTENT SECRET s (TYPE s3)",
    "INSTALL httpfs",
    "INSTALL quack FROM community",
    "LOAD httpfs",
    "LOAD '{inside}/a.duckdb_extension'",
    "SET memory_limit = '900GB'",
    "RESET memory_limit",
    "SET temp_directory = '{outside}'",
    "SET max_temp_directory_size = '900GB'",
    "SET allowed_directories = ['/']",
    "SET allowed_paths = ['/etc/passwd']",
    "SET enable_external_access = true",
    "SET lock_configuration = false",
    "SET autoinstall_known_extensions = true",
    "SET allow_unsigned_extensions = true",
    "SET TimeZone = 'Europe/Paris'",
    "SET python_enable_replacements = true",
    "SET log_query_path = '{outside}/log'",
    "PRAGMA memory_limit = '900GB'",
    "PRAGMA threads = 64",
    "PRAGMA enable_profiling",
    "PRAGMA profiling_output = '{outside}/profile'",
    "CALL enable_logging()",
    "SELECT getenv('HOME')",
    "SELECT * FROM frame",
]


@pytest.mark.parametrize("whose", ["a load", "a snapshot", "a comparison", "a pattern"])
def test_nothing_outside_is_read_written_fetched_or_changed(desk, tmp_path, monkeypatch, whose):
    outside, inside = tmp_path / "outside", desk.exports
    outside.mkdir()
    (outside / "secret.csv").write_text("hunter2\n")
    (inside / "link.csv").symlink_to(outside / "secret.csv")
    before = sorted(path for path in outside.rglob("*"))
    caught = []

    def refused(engine):
        frame = pd.DataFrame({"a": [1]})  # a variable is no table
        assert len(frame)
        for sql in OUTSIDE:
            with pytest.raises(duckdb.Error):
                engine.execute(sql.format(outside=outside, inside=inside))
        caught.append(engine)

    ours = engines.locked

    def watched(**how):
        engine = ours(**how)
        refused(engine)
        return engine

    if whose == "a snapshot":
        refused(desk.load(SALES)._engine.con)
    else:
        if whose == "a comparison":
            old, new = desk.load(SALES), desk.load(SALES + "A3,2024-01-29,1\n")
        monkeypatch.setattr(engines, "locked", watched)
        if whose == "a load":
            desk.load(SALES)
        elif whose == "a comparison":
            from perfkit.sources import changes

            assert changes(old, new)["added_rows"].sum() == 1
        else:
            desk.load(SALES, exclude=[{"column": "order_id", "matches": "x", "because": "x"}])
    assert caught
    assert sorted(path for path in outside.rglob("*")) == before


def test_a_load_s_engine_reads_the_exports_that_are_named_and_no_other(desk, monkeypatch):
    desk.write("other.csv", "hunter2\n")
    ours = engines.locked

    def watched(**how):
        engine = ours(**how)
        assert len(engine.execute(f"SELECT * FROM read_csv('{desk.exports}/sales.csv')").fetchall()) == 2
        with pytest.raises(duckdb.PermissionException):
            engine.execute(f"SELECT * FROM read_csv('{desk.exports}/other.csv')")
        return engine

    monkeypatch.setattr(engines, "locked", watched)
    assert desk.counts(desk.load(SALES)) == (2, 0, 0)


def test_an_engine_that_is_shut_in_still_spills_in_its_own_folder(tmp_path):
    spill = tmp_path / "spill"
    spill.mkdir()
    with engines.locked(folders=[tmp_path], spill=spill, memory="100MB") as engine:
        query = "COPY (SELECT i, hash(i) AS h FROM range(6_000_000) t(i) ORDER BY h) TO '{}' (FORMAT parquet)"
        engine.execute(query.format(tmp_path / "a.parquet"))
        count = "SELECT count(*), sum(i) FROM read_parquet('{}')"
        assert engine.execute(count.format(tmp_path / "a.parquet")).fetchall() == [(6_000_000, 17999997000000)]
        assert [file.split("/")[-2] for (file, _) in engine.execute("FROM duckdb_temporary_files()").fetchall()] in (
            [],
            ["spill"],
        )
    with engines.locked(folders=[tmp_path], memory="100MB") as engine, pytest.raises(duckdb.OutOfMemoryException):
        engine.execute(query.format(tmp_path / "b.parquet"))


def test_no_engine_is_made_elsewhere():
    """The one place is `engines`."""
    root = Path(engines.__file__).parents[1]
    strays = [
        str(path.relative_to(root))
        for path in root.rglob("*.py")
        if re.search(r"duckdb\.connect\(|duckdb\.(sql|execute|query)\(", path.read_text()) and path.name != "engines.py"
    ]
    assert not strays


def test_a_snapshot_s_spill_folder_goes_with_it(desk):
    code = f"""
import tempfile; tempfile.tempdir = {str(desk.folder)!r}
from perfkit.sources import snapshots
print(len(snapshots.current({str(desk.folder)!r}).table("sales").to_pandas()))
"""
    desk.load(SALES)
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "2\n"
    assert not list(desk.folder.glob("perfkit-spill-*"))


# ---- secrets

CANARY = "hünter2/Zq9+secret%canary"
FORMS = [
    CANARY.encode(),
    quote(CANARY, safe="").encode(),
    quote(CANARY).encode(),
    base64.b64encode(CANARY.encode()).rstrip(b"="),
    CANARY.encode("utf-16-le"),
    repr(CANARY).encode()[1:-1],
    ascii(CANARY).encode()[1:-1],
]

PLACES = [
    'password = "{}"',
    'PASSWORD = "{}"',
    'db-password = "{}"',
    'client_secret = "{}"',
    'api_key = "{}"',
    '"api key" = "{}"',
    'apikey = "{}"',
    'crm.access_token = "{}"',
    '"mot de passe" = "{}"',
    '"pass\\u0077ord" = "{}"',
    'crm = {{ login = "x", "to\\u006ben" = "{}" }}',
    "[token]\nvalue = '{}'",
    "[[secrets.secret]]\nx = '{}'",
    'password = ["a", "{}"]',
    'url = "https://user:{}@crm.acme.fr/api"',
    'url = "postgres\\u003a//user:{}@localhost/db"',
    "url = '''\npostgres://user:{}@localhost/db'''",
    'url = "//user:{}@localhost"',
    'url = "redis://:{}@localhost"',
    'url = "jdbc:oracle:thin:scott/{}@//localhost"',
    'login = "admin:{}@crm.acme.fr"',
    'login = "admin:{}@crm.acme.fr:8080/api"',
    'dsn = "host=localhost user=me password={}"',
    "dsn = 'host=localhost password = {}'",
    'odbc = "Driver=x;UID=me;PWD={};"',
    'url = "https://crm.acme.fr/api?api_key={}"',
    'url = "https://crm.acme.fr/api?a=1&access_token={}"',
    'storage = "AccountName=x;AccountKey={}"',
    'header = "Authorization: Bearer abcdefabcdef{}"',
    'exports = "https://user:{}@crm.acme.fr"',
    'timezone = "postgres://u:{}@h/db"',
    '"postgres://u:{}@h/db" = 1',
    '"postgres://u:{0}@h/db" = 1\n"postgres://u:{0}@h/db" = 2',
    "# password = {}",
    "# postgres://user:{}@localhost/db",
    'name = "again"\npassword = "{}"',
    'broken = = "postgres://u:{}@h/db"',
    "password = {}",
    'password = "{}',
]


@pytest.mark.parametrize("place", PLACES)
def test_a_secret_in_company_toml_is_refused_and_written_nowhere(acme, place):
    line = place.format(CANARY)
    text = f"{line}\n{SETTINGS}" if "\n[" not in f"\n{line}" else f"{SETTINGS}\n{line}\n"
    (acme / "company.toml").write_text(text, encoding="utf-8")
    said = b""
    for command in (
        ("load", acme),
        ("check", acme),
        ("snapshots", acme),
        ("run", "commercial_audit", acme, "--period", "2024-01"),
    ):
        result = perfkit(*command)
        assert result.exit_code == 1, result.output
        assert "Traceback" not in result.output and "bug of perfkit" not in result.output
        assert "company.toml" in result.stderr
        assert re.search(
            r"A secret never stands in company\.toml; name an env.* url_env = \"ACME_CRM_URL\"", result.stderr
        )
        said += result.stdout_bytes + result.stderr_bytes
    kept = {path: path.read_bytes() for path in acme.rglob("*") if path.is_file() and path.name != "company.toml"}
    for content in (said, *kept.values()):
        assert not [form for form in FORMS if form in content]


@pytest.mark.parametrize(
    "line, key",
    [
        ('password = "x"', "password"),
        ('crm = { token = "x" }', "token"),
        ('crm."api_\\u006bey" = "x"', "crm.api_key"),
        ('url = "https://me:x@acme.fr"', "line 1, url"),
    ],
)
def test_the_key_that_holds_a_secret_is_named(acme, line, key):
    (acme / "company.toml").write_text(f"{line}\n{SETTINGS}")
    with pytest.raises(ParameterError, match=rf"company\.toml.*{re.escape(key)}.*A secret never stands"):
        company.settings(acme)


@pytest.mark.parametrize(
    "line",
    [
        'because = "url_env names it"',
        'because = "see https://acme.fr:8080/a?b=c and jean@acme.fr"',
        'because = "http://localhost:5432"',
        'because = "https://medium.com/@acme"',
        'because = "12:30 @ noon, a:b, ratio 1:2"',
        "# the password: ask Jean, never write it here",
        "# tokens and secrets are named by environment variables",
        'because = "the token of the day; a secret sale"',
    ],
)
def test_what_only_speaks_of_secrets_is_no_secret(acme, line):
    rule = 'exclude = [{ column = "order_id", equals = "x", LINE }]'
    text = SETTINGS + rule.replace("LINE", line) if line.startswith("because") else f"{line}\n{SETTINGS}"
    (acme / "company.toml").write_text(text)
    assert company.settings(acme).name == "Acme"


def test_columns_may_be_called_nearly_like_a_secret(acme):
    mapped = '[tables.sales.columns]\nski_pass = "Pass"\naccount_key = "Key"\ntokens = "Tokens"\nkeyword = "Token"\n'
    (acme / "company.toml").write_text(SETTINGS + mapped)
    assert company.settings(acme).tables["sales"].columns["tokens"].column == "Tokens"


# ---- company.toml that is no settings


@pytest.mark.parametrize(
    "content, said",
    [
        (SETTINGS.encode("utf-16"), r"company\.toml, line 1: it is UTF-16. Save it as UTF-8"),
        (SETTINGS.encode("utf-16-be"), r"company\.toml"),
        (b'name = "Acme"\ncurrency = "EUR"\n# caf\xe9\n', r"company\.toml, line 3, byte 6 \(0xE9\): not UTF-8"),
        (b"\xff" * 10, r"company\.toml, line 1, byte 1 \(0xFF\)"),
        (b"\0" * 100, r"company\.toml cannot be read"),
        (b"", "name is missing"),
        (b"PK\3\4\0\0", "cannot be read"),
        (b"a = 1\n" * 300_000, "larger than 1 MB"),
        (b'name = "a"\nname = "b"\n', "cannot be read.*line 2"),
        (b"[tables]\n[tables]\n", "cannot be read.*line 2"),
        (b"[tables.sales]\nfiles = 'a'\n[tables]\nsales.files = 'b'\n", "cannot be read.*line 4"),
        (b"tables.sales = 1\ntables.sales.files = 2\n", "cannot be read.*line 2"),
        (b"[[tables]]\n[tables.sales]\n", "company.toml"),
        (b"a = " + b"[" * 50_000, "too deeply"),
        (b"a = " + b"{b=" * 50_000, "too deeply"),
        (b"[" + b"a." * 400 + b"a]\n", "more than 20 deep"),
        (b"a." * 400_000 + b"a = 1\n", "line 1: it holds more than 1,000 points"),
        (b"targets." + b"a." * 300 + b"a = 1\n", "more than 20 deep"),
        (b"a = " + b"9" * 5000 + b"\n", "a number has too many digits"),
        (b"a = 0x" + b"F" * 9000 + b"\n", "more than 64 bits"),
        (SETTINGS.encode() + b"max_quarantined = nan\n", r"tables\.sales\.max_quarantined: nan is not a finite number"),
        (
            SETTINGS.encode() + b"exclude = [{ column = 'a', equals = inf, because = 'b' }]\n",
            "equals: inf is not a fin",
        ),
        (SETTINGS.encode() + b"[targets.revenue]\n'2026-01' = 1e999\n", "inf is not a finite number"),
        (SETTINGS.encode() + b"max_quarantined = 'all'\n", "max_quarantined = 'all' is not understood"),
        (b"tables = 3\n" + SETTINGS.partition("\n\n")[0].encode(), "tables = 3 is not understood"),
        (b"name = 1979-05-27\n" + SETTINGS.encode().partition(b"\n")[2], "name = .* is not understood"),
        (b'exports = "a\\u0000b"\n' + SETTINGS.encode(), "exports: it holds a NUL character"),
        (b'exports = "a\0b"\n' + SETTINGS.encode(), "cannot be read"),
        (b'name = "\\ud800"\n', "cannot be read"),
        (SETTINGS.encode() + b"\r[a]", "cannot be read"),
    ],
)
def test_settings_that_are_none_are_refused_in_words(acme, content, said):
    (acme / "company.toml").write_bytes(content)
    result = perfkit("load", acme)
    assert result.exit_code == 1 and not result.stdout
    assert re.search(said, result.stderr), result.stderr
    assert "Traceback" not in result.stderr and "bug of perfkit" not in result.stderr
    first, *faults = result.stderr.splitlines()
    assert len(result.stderr) < 2200 and first.startswith("perfkit: ")
    assert all(line.startswith(f"  {nth}. ") for nth, line in enumerate(faults, 1))


def test_a_byte_order_mark_and_windows_line_ends_are_taken(acme):
    (acme / "company.toml").write_bytes(b"\xef\xbb\xbf" + SETTINGS.replace("\n", "\r\n").encode())
    assert perfkit("load", acme).exit_code == 0


def test_settings_that_are_a_link_outside_a_folder_or_a_ring_are_refused(acme, tmp_path):
    path = acme / "company.toml"
    path.rename(tmp_path / "elsewhere.toml")
    path.symlink_to(tmp_path / "elsewhere.toml")
    result = perfkit("load", acme)
    assert result.exit_code == 1 and "a link that leads out of the company's folder" in result.stderr
    path.unlink()
    path.symlink_to("company.toml")
    result = perfkit("load", acme)
    assert result.exit_code == 1 and "company.toml cannot be read" in result.stderr
    path.unlink()
    path.mkdir()
    result = perfkit("load", acme)
    assert result.exit_code == 1 and "is a folder or no regular file" in result.stderr
    path.rmdir()
    (acme / "settings.toml").write_text(SETTINGS)
    path.symlink_to("settings.toml")
    assert perfkit("load", acme).exit_code == 0


# ---- names that would take over a terminal

HOSTILE = {
    "an escape": "\x1b]0;owned\x07\x1b[2J\x1b[31mred",
    "eight bits": "\x9b31mred",
    "a carriage return": "ok\rperfkit: all is well",
    "a line feed": "ok\nperfkit: all is well",
    "turned around": "\u202egnp.exe\u2066",
    "invisible": "a\u200bb\ufeffc\U000e0041",
    "ten thousand": "x" * 10_000,
    "ten thousand words": "x y" * 3_400,
    "ten thousand escapes": "\x1b[2J" * 2_500,
}
UNSAFE = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")


def shown(result):
    assert "Traceback" not in result.output and "bug of perfkit" not in result.output
    for text in (result.stdout, result.stderr):
        assert not UNSAFE.search(text)
        assert "perfkit: all is well" not in text.splitlines()
        assert all(len(line) < 3_000 for line in text.splitlines())


def quoted(text):
    return '"' + text.replace('"', '""') + '"'


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_column_name_value_or_file_cannot_take_over_the_terminal(acme, name):
    word = HOSTILE[name]
    sales = acme / "exports" / "sales.csv"
    # a column that is asked for and not there; the message lists those that are
    sales.write_text(f"order_id,date,{quoted(word)}\nA1,2024-01-31,1\n", newline="")
    result = perfkit("load", acme)
    shown(result)
    assert result.exit_code == 1
    # the value of a row set aside
    sales.write_text(SALES + f"A3,2024-01-29,{quoted(word)}\n", newline="")
    for command in (("load", acme), ("check", acme, "--quarantine"), ("check", acme)):
        result = perfkit(*command)
        shown(result)
    # a file that is not there, and one that is, of that name
    (acme / "company.toml").write_text(SETTINGS.replace("sales.csv", "nothing.csv"))
    if len(word) < 200:
        (acme / "exports" / f"{word.replace('/', '_')}.csv").write_text(SALES)
    shown(perfkit("load", acme))
    (acme / "company.toml").write_text(SETTINGS.replace("sales.csv", "*.csv"))
    shown(perfkit("load", acme))


def test_a_text_is_shortened_in_its_middle_and_escaped():
    assert printable("a\x1b[2Jb\n\u202e") == "a\\x1b[2Jb\\n\\u202e"
    assert printable("é 日本 €\n", lines=True) == "é 日本 €\n"
    assert (
        printable("what" + "x" * 5000 + "do")
        == "what" + "x" * 996 + " ... (3,006 characters left out) ... " + "x" * 998 + "do"
    )
    assert printable("\udcff") == "\\udcff"
