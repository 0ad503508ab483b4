"""Files: which of them a setting names, what each is by its first bytes, and that none outside is ever opened."""

import bz2
import io
import json
import lzma
import os
import pickle
import random
import socket
import sqlite3
import threading
import zipfile

import duckdb
import pandas as pd
import pytest

from perfkit.errors import DataError, ParameterError
from perfkit.sources import files, kinds

GOOD = "order_id,date,net_revenue\nA1,2024-01-31,1\n"


def kind(tmp_path, name, content):
    path = tmp_path / "bytes"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return kinds.kind(path, name)


def zipped(**members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def ods():
    return zipped(**{"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": "<x/>"})


def xlsb():
    return zipped(**{"[Content_Types].xml": "<x/>", "xl/workbook.bin": "x"})


def xlsx():
    out = io.BytesIO()
    pd.DataFrame({"a": [1]}).to_excel(out, index=False)
    return out.getvalue()


def parquet():
    out = io.BytesIO()
    pd.DataFrame({"a": [1]}).to_parquet(out)
    return out.getvalue()


def orc():
    out = io.BytesIO()
    pd.DataFrame({"a": [1]}).to_orc(out)
    return out.getvalue()


def feather():
    out = io.BytesIO()
    pd.DataFrame({"a": [1]}).to_feather(out)
    return out.getvalue()


def database(tmp_path, name):
    path = tmp_path / name
    if name == "sqlite":
        with sqlite3.connect(path) as connection:
            connection.execute("CREATE TABLE a (b)")
        connection.close()
    else:
        with duckdb.connect(path) as engine:
            engine.execute("CREATE TABLE a AS SELECT 1")
    return path.read_bytes()


# ---- what is read


@pytest.mark.parametrize(
    "name, content, expected",
    [
        ("a.csv", GOOD, "csv"),
        ("a", GOOD, "csv"),
        ("ventes.2024", GOOD, "csv"),
        ("a.csv", b"\xef\xbb\xbf" + GOOD.encode(), "csv"),
        ("a.txt", GOOD.encode("utf-16"), "csv"),
        ("a.txt", GOOD.encode("utf-16-le"), "csv"),
        ("a.txt", "日本語,名前\n東京,大阪\n".encode("utf-16-le"), "csv"),
        ("a.csv", "€;montant\n".encode("cp1252"), "csv"),
        ("a.csv", "<DATE>;<AMOUNT>\n", "csv"),
        ("a.csv", "[Measures].[Sales],[Date].[Month]\n", "csv"),
        ("a.csv", "BMW;12\nMZ;1\nORC;2\n", "csv"),
        ("a.csv", "MZ;ORC\n", "csv"),
        ("a.csv", "ORC;MZ\n", "csv"),
        ("a.csv", "PK;name\n", "csv"),
        ("a.csv", "--- ;a\n1;2\n", "csv"),
        ("a.csv", "a\x01b\x01c\n" * 50, "csv"),
        ("a.csv", "{a};b\n", "csv"),
        ("ventes.csv", xlsx(), "xlsx"),
        ("ventes.xlsm", xlsx(), "xlsx"),
        ("ventes.dat", parquet(), "parquet"),
        ("a.csv", zipped(**{"a.csv": GOOD}), "zip"),
        ("a.csv", b"\x1f\x8b\x08", "gzip"),
    ],
)
def test_a_file_is_what_its_first_bytes_say(tmp_path, name, content, expected):
    assert kind(tmp_path, name, content) == expected


PAGE = "<!DOCTYPE html><html><body><form>Mot de passe</form></body></html>"


@pytest.mark.parametrize(
    "name, content, said",
    [
        (
            "a.xls",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
            r"old Excel workbook \(.xls\), or a workbook protected by a pass",
        ),
        ("a.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "protected by a password.*save it as .xlsx or CSV"),
        ("a.xlsb", xlsb(), r"binary workbook \(.xlsb\).*save it as .xlsx"),
        ("a.ods", ods(), "OpenDocument"),
        ("a.xlsx", ods(), "OpenDocument"),
        ("a.docx", zipped(**{"[Content_Types].xml": "", "word/document.xml": ""}), "a Word document"),
        ("a.xlsx", zipped(**{"a.csv": GOOD}), "is called a workbook and is none"),
        ("a.xlsx", b"PK\3\4....", "damaged or cut"),
        ("a.xlsx", GOOD, "is called a workbook and is plain text.*ends in .csv"),
        ("a.xls", GOOD.replace(",", "\t"), "is called a workbook and is plain text"),
        ("a.pdf", b"%PDF-1.7\n", "a PDF"),
        ("a.csv", PAGE, "a web page .HTML., such as a login page"),
        ("a.xls", "\ufeff\r\n<table><tr><td>1</td></tr></table>", "a web page"),
        ("a.csv", "<!-- a --><!-- b -->\n<HTML>", "a web page"),
        ("a.csv", PAGE.encode("utf-16"), "a web page"),
        ("a.csv", "<!-- " * 5000, ""),
        ("a.xls", '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml">', "a web page"),
        ("a.xls", '<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook>', "workbook of 2003"),
        ("a.csv", '<?xml version="1.0"?><orders/>', "XML"),
        ("a.csv", json.dumps([{"a": 1}]), "JSON"),
        ("a.csv", json.dumps({"a": 1}), "JSON"),
        ("a.csv", '{"a": 1}\n{"a": 2}\n', "JSON"),
        ("a.json", "[1, 2]", "JSON"),
        ("a.yaml", "a: 1\n", "YAML"),
        ("a.csv", "---\norders:\n  - a\n", "YAML"),
        ("a.csv", "!!python/object/apply:os.system ['id']\n", "YAML"),
        *[
            ("a.csv", pickle.dumps({"a": 1}, protocol), "pickle.*never opened: it can run code")
            for protocol in (2, 3, 4, 5)
        ],
        ("a.pkl", pickle.dumps({"a": 1}, 0), "pickle.*never opened"),
        ("a.pickle", GOOD, "pickle.*never opened"),
        ("a.png", b"\x89PNG\r\n\x1a\n", "an image"),
        ("a.jpg", b"\xff\xd8\xff\xe0", "an image"),
        ("a.heic", b"\0\0\0\x18ftypheic", "an image"),
        ("a.bmp", b"BM\x36\0\0\0", "an image"),
        ("a.csv.bz2", bz2.compress(b"a"), "compressed with bzip2.*Unpack it first"),
        ("a.csv.xz", lzma.compress(b"a"), "compressed with xz"),
        ("a.csv.zst", b"\x28\xb5\x2f\xfd\x24", "compressed with zstd"),
        ("a.7z", b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
        ("a.rar", b"Rar!\x1a\x07\x01", "a RAR archive"),
        ("a.zip", GOOD, "is called an archive and is none"),
        ("a.tar", b"a" * 257 + b"ustar" + b"\0" * 300, "a tar archive"),
        ("a.rtf", "{\\rtf1 a}", "rich text"),
        ("a.exe", b"MZ\x90\0\3\0", "a program"),
        ("a.csv", b"\x7fELF\2\1\1", "a program"),
        ("a.csv", "#!/bin/sh\nrm -rf /\n", "a script.*was not run"),
        ("a.sql", "INSERT INTO a VALUES (1);\n", "a script"),
        ("a.feather", b"FEA1\0\0\0\0", "Feather"),
        ("a.csv", feather(), "Feather"),
        ("a.csv", orc(), "an ORC file"),
        ("a.avro", b"Obj\x01\4", "an Avro file"),
        ("a.h5", b"\x89HDF\r\n", "HDF5"),
        ("a.csv", b"\0" * 4096, "made of zero bytes"),
        ("a.csv", random.Random(1).randbytes(5000), "no text and no kind of file that is known"),
        ("a.parquet", "a,b\n", "not a Parquet file"),
        ("a.eml.gpg", "-----BEGIN PGP MESSAGE-----\n", "encrypted"),
    ],
)
def test_what_is_no_export_is_refused_with_what_it_is_and_what_to_do(tmp_path, name, content, said):
    if not said:
        assert kind(tmp_path, name, content) == "csv"
        return
    with pytest.raises(DataError, match=said) as refused:
        kind(tmp_path, name, content)
    assert str(refused.value).startswith(name) and str(refused.value).count(".") >= 2


@pytest.mark.parametrize("name", ["sqlite", "duckdb"])
def test_a_database_is_not_opened(tmp_path, name):
    with pytest.raises(DataError, match="database, which is not read. Export the table"):
        kind(tmp_path, "a.csv", database(tmp_path, name))


def test_an_empty_file_is_refused(desk):
    with pytest.raises(DataError, match=r"sales\.csv is empty \(0 bytes\)"):
        desk.load("")


# ---- which files


@pytest.mark.parametrize(
    "name", ["a[1].csv", "a*.csv", "a?.csv", "[x]/{b}.csv", "a'b.csv", 'a"b.csv', "été 2024 (1).csv"]
)
def test_a_file_is_named_by_its_name_whatever_signs_it_holds(desk, name):
    desk.write("a1.csv", GOOD.replace("A1", "other"))
    assert desk.column(desk.load(GOOD, name=name), "order_id") == ["A1"]


def test_a_folder_with_wildcard_signs_in_its_name_holds_a_company(tmp_path):
    from .conftest import Desk

    desk = Desk(tmp_path / "w[o]*rk, 'ab'")
    assert desk.column(desk.load(GOOD), "order_id") == ["A1"]


def test_names_that_differ_only_by_case_are_different_files(desk):
    desk.write("A.csv", GOOD)
    desk.write("a.csv", GOOD.replace("A1", "A2"))
    assert desk.column(desk.load(name="*.csv"), "order_id") == ["A1", "A2"]


def test_hidden_files_and_those_that_programs_leave_are_no_exports(desk):
    desk.write("ventes.csv", GOOD)
    for name in ("~$ventes.csv", ".~lock.ventes.csv#", ".ventes.csv", "Thumbs.db", "desktop.ini", "__MACOSX/a.csv"):
        desk.write(name, "x")
    assert list(files.find(desk.exports, ["**/*"], table="sales")) == [desk.exports / "ventes.csv"]
    assert desk.counts(desk.load(name="*")) == (1, 0, 0)


@pytest.mark.parametrize("pattern", ["a**b", "x" * 300, "x" * 5000 + "/*.csv"])
def test_a_pattern_that_no_file_can_have_is_refused_in_words(desk, pattern):
    desk.write("ventes.csv", GOOD)
    with pytest.raises(DataError, match=r"\[tables\.sales\] files = .*(names no file|no such file)"):
        desk.load(name=pattern)


@pytest.mark.parametrize("name", [b"a\xe9.csv", b"a\n.csv", b"a\x1b[2J.csv", b"a\x7f.csv"])
def test_a_name_that_no_report_could_write_is_refused(desk, name):
    (desk.exports / os.fsdecode(name)).write_text(GOOD)
    with pytest.raises(DataError, match="holds control characters or is not UTF-8.*Rename it") as refused:
        desk.load(name="*.csv")
    assert str(refused.value).isascii() and str(refused.value).isprintable()


# ---- links, pipes and devices


def test_a_link_within_the_exports_is_followed(desk):
    desk.write("real/sales.csv", GOOD)
    (desk.exports / "sales.csv").symlink_to("real/sales.csv")
    (desk.exports / "folder").symlink_to("real")
    assert desk.counts(desk.load()) == (1, 0, 0)
    assert desk.counts(desk.load(name="folder/*.csv")) == (1, 0, 0)


def test_the_exports_folder_may_itself_be_a_link(desk, tmp_path):
    desk.write("sales.csv", GOOD)
    link = tmp_path / "link"
    link.symlink_to(desk.exports)
    desk.exports = link
    assert desk.counts(desk.load()) == (1, 0, 0)


@pytest.mark.parametrize("name", ["sales.csv", "*.csv", "folder/sales.csv", "folder/*.csv"])
def test_a_link_that_leads_out_of_the_exports_is_refused(desk, tmp_path, name):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "sales.csv").write_text(GOOD)
    (desk.exports / "sales.csv").symlink_to(outside / "sales.csv")
    (desk.exports / "folder").symlink_to(outside)
    with pytest.raises(DataError, match=r"sales\.csv is a link that leads out of the exports folder"):
        desk.load(name=name)


@pytest.mark.parametrize("target", ["/etc/passwd", "/dev/zero", "/proc/self/environ", "../../../etc/passwd"])
def test_a_link_to_the_machine_s_own_files_is_refused(desk, target):
    (desk.exports / "sales.csv").symlink_to(target)
    with pytest.raises(DataError, match=r"leads out of the exports folder|no such file"):
        desk.load()


@pytest.mark.parametrize("name", ["ring.csv", "*.csv"])
def test_links_in_a_ring_or_to_nothing_are_refused(desk, name):
    (desk.exports / "ring.csv").symlink_to("ring.csv")
    with pytest.raises(DataError, match="ring.csv|no such file"):
        desk.load(name=name)
    (desk.exports / "ring.csv").unlink()
    (desk.exports / "ring.csv").symlink_to("nothing.csv")
    with pytest.raises(DataError, match="ring.csv|no such file"):
        desk.load(name=name)


@pytest.mark.parametrize("name", ["sales.csv", "*.csv"])
@pytest.mark.parametrize("make", [os.mkfifo, lambda path: socket.socket(socket.AF_UNIX)])
def test_a_pipe_or_a_socket_is_refused_and_never_waited_for(desk, make, name, monkeypatch):
    monkeypatch.chdir(desk.exports)  # a socket's path is short
    made = make("sales.csv")
    if made:
        made.bind("sales.csv")
        made.close()
    said = []

    def load():
        try:
            desk.load(name=name)
        except DataError as error:
            said.append(str(error))

    waiting = threading.Thread(target=load, daemon=True)
    waiting.start()
    waiting.join(10)
    assert said == ["sales.csv is not a regular file, so it cannot be read twice and compared."]


def found(desk, *patterns):
    return [path.relative_to(desk.exports).as_posix() for path in files.find(desk.exports, patterns, table="sales")]


def test_files_are_read_in_the_order_in_which_they_are_named(desk):
    for name in ("a.csv", "b.csv", "c.csv"):
        desk.write(name, GOOD)
    assert found(desk, "b.csv", "a.csv") == ["b.csv", "a.csv"]
    assert found(desk, "c.csv", "*.csv") == ["c.csv", "a.csv", "b.csv"]


def test_files_of_one_pattern_are_read_in_the_order_in_which_people_count(desk):
    names = ["C_2.csv", "c_9.csv", "c_10.csv", "c_010b.csv", "d.csv"]
    for name in reversed(names):
        desk.write(name, GOOD)
    assert found(desk, "*.csv") == ["C_2.csv", "c_9.csv", "c_10.csv", "c_010b.csv", "d.csv"]
    for name in ("2/x.csv", "10/a.csv"):
        desk.write(name, GOOD)
    assert found(desk, "*/*.csv") == ["2/x.csv", "10/a.csv"]


def test_a_typed_path_is_the_path_from_here_and_never_silently_another_of_its_name(tmp_path, monkeypatch):
    exports = tmp_path / "acme" / "exports"
    exports.mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    typed = files.Path("sales.csv")
    with pytest.raises(ParameterError, match=r"there is no file sales\.csv, neither here nor in"):
        files.inside(typed, exports)
    (tmp_path / "sales.csv").write_text(GOOD)
    with pytest.raises(ParameterError, match="is not in .*, where a load looks"):
        files.inside(typed, exports)
    (exports / "sales.csv").write_text(GOOD)  # the copy that a load reads
    assert files.inside(typed, exports) == exports / "sales.csv"
    (exports / "sales.csv").write_text(GOOD + "A2,2024-01-31,2\n")
    with pytest.raises(ParameterError, match=r"two different files are called sales\.csv: .*sales\.csv, and .*exports"):
        files.inside(typed, exports)
    assert files.inside(exports / "sales.csv", exports) == exports / "sales.csv"
    (tmp_path / "sales.csv").unlink()
    assert files.inside(typed, exports) == exports / "sales.csv"
