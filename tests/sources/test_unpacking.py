"""Unpacking: gzip and zip come out whole and counted, or are refused in words; a header is never believed."""

import gzip
import io
import json
import os
import random
import resource
import signal
import struct
import time
import tracemalloc
import warnings
import zipfile
import zlib

import pandas as pd
import pytest

from perfkit.errors import DataError, EngineError
from perfkit.sources import files, snapshots, unpacking
from perfkit.sources.unpacking import Unpacker

HEAD = "order_id,date,net_revenue\n"
JANUARY = HEAD + "A1,2024-01-31,10.25\nA2,2024-01-30,0.75\n"
FEBRUARY = HEAD + "B1,2024-02-29,100\n"


def zipped(members, *, method=zipfile.ZIP_DEFLATED, **changes):
    """A zip of {name: content}, or of [(name, content)]; `changes` are set on every entry."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a name that stands twice: that is meant
        for name, content in members.items() if isinstance(members, dict) else members:
            entry = zipfile.ZipInfo("", (2024, 1, 1, 0, 0, 0))
            entry.filename = name  # as it is: the constructor would cut it at a NUL
            entry.external_attr = 0o100644 << 16
            for key, value in changes.items():
                setattr(entry, key, value)
            archive.writestr(entry, content, compress_type=method)
    return out.getvalue()


def patched(content, **fields):
    """A zip whose first entry says other things, in its own header and in the list at the end."""
    places = {"flags": (6, 8, "<H"), "method": (8, 10, "<H"), "crc": (14, 16, "<L"), "size": (22, 24, "<L")}
    raw = bytearray(content)
    local, central = raw.index(b"PK\3\4"), raw.index(b"PK\1\2")
    for name, value in fields.items():
        own, listed, form = places[name]
        struct.pack_into(form, raw, local + own, value)
        struct.pack_into(form, raw, central + listed, value)
    return bytes(raw)


def unpacked(desk, name, *members, content=None):
    """The plain files of one export, and their texts."""
    if content is not None:
        desk.write(name, content)
    work = desk.folder / "work"
    work.mkdir(parents=True, exist_ok=True)
    file = files.examine(desk.exports / name, desk.exports)
    return [(each, each.path.read_bytes()) for each in Unpacker(work, lambda said: None).unpacked(file, members)]


# ---- gzip


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(JANUARY.encode()),
        gzip.compress(JANUARY[:40].encode()) + gzip.compress(b"") + gzip.compress(JANUARY[40:].encode()),
        b"".join(gzip.compress(bytes([byte])) for byte in JANUARY.encode()),
    ],
    ids=["one stream", "several", "one a byte"],
)
@pytest.mark.parametrize("name", ["sales.csv.gz", "sales.csv"])
def test_a_gzip_is_read_as_what_is_in_it(desk, content, name):
    snapshot = desk.load(content, name=name)
    assert desk.counts(snapshot) == (2, 0, 0) and desk.revenue(snapshot) == 11
    (held,) = snapshot.report["tables"]["sales"]["files"]
    assert held["name"] == name and held["bytes"] == len(JANUARY)
    assert held["archive"]["name"] == name and held["archive"]["bytes"] == len(content)
    assert held["sha256"] != held["archive"]["sha256"]


@pytest.mark.parametrize(
    "content, said",
    [
        (gzip.compress(JANUARY.encode())[:-1], "has no end"),
        (gzip.compress(JANUARY.encode())[:-9], "has no end"),
        (gzip.compress(JANUARY.encode())[:11], "has no end"),
        (gzip.compress(JANUARY.encode()) + b"garbage", "something stands behind the end of the gzip"),
        (gzip.compress(JANUARY.encode()) + b"\0" * 512, "something stands behind the end of the gzip"),
        (gzip.compress(JANUARY.encode())[:-8] + b"\0" * 8, "incorrect data check"),
        (gzip.compress(JANUARY.encode())[:-4] + b"\0" * 4, "incorrect length check"),
        (b"\x1f\x8b....", "damaged or cut"),
        (gzip.compress(b""), r"is empty \(0 bytes\)"),
        (gzip.compress(gzip.compress(JANUARY.encode())), "an archive within an archive"),
        (gzip.compress(zipped({"a.csv": JANUARY})), "an archive within an archive"),
        (gzip.compress(b"%PDF-1.7 ..."), "is a PDF"),
        (gzip.compress(b"x" * 257 + b"ustar" + b"\0" * 250), "a tar archive"),
    ],
    ids=[f"case {number}" for number in range(1, 14)],  # gzip holds the time, so that bytes would name no test
)
def test_a_gzip_that_is_damaged_or_holds_something_else_is_refused(desk, content, said):
    with pytest.raises(DataError, match=rf"sales\.csv\.gz.*{said}"):
        desk.load(content, name="sales.csv.gz")


# ---- zip


def test_each_member_of_a_zip_is_a_file_in_the_order_of_archive_and_name(desk):
    desk.write("b.zip", zipped({"z.csv": FEBRUARY, "a/été.csv": HEAD + "C1,2024-03-31,1\n"}))
    desk.write("a.zip", zipped({"janvier.csv": JANUARY}, method=zipfile.ZIP_STORED))
    snapshot = desk.load(name="*.zip")
    assert desk.column(snapshot, "order_id") == ["A1", "A2", "C1", "B1"]
    held = snapshot.report["tables"]["sales"]["files"]
    assert [each["name"] for each in held] == ["a.zip/janvier.csv", "b.zip/a/été.csv", "b.zip/z.csv"]
    assert held[1]["archive"] == held[2]["archive"] and held[0]["archive"]["name"] == "a.zip"


def test_members_are_read_as_they_are_named_and_else_as_people_count(desk):
    rows = {name: f"{HEAD}{name},2024-03-31,1\n" for name in ("c_10.csv", "c_9.csv", "b.csv")}
    desk.write("a.zip", zipped(rows))
    assert desk.column(desk.load(name="a.zip"), "order_id") == ["b.csv", "c_9.csv", "c_10.csv"]
    named = ["a.zip/c_10.csv", "a.zip/*.csv"]
    assert desk.column(desk.load(name="a.zip", files=named), "order_id") == ["c_10.csv", "b.csv", "c_9.csv"]


def test_members_of_every_kind_come_out_under_names_of_ours(desk):
    frame = io.BytesIO()
    pd.DataFrame({"a": [1]}).to_parquet(frame)
    book = io.BytesIO()
    pd.DataFrame({"a": [1]}).to_excel(book, index=False)
    members = {
        "a.csv": JANUARY,
        "b.tsv": "a\tb\n",
        "c.txt": "a;b\n",
        "d.parquet": frame.getvalue(),
        "e.xlsx": book.getvalue(),
        "f.csv.gz": gzip.compress(FEBRUARY.encode()),
    }
    found = unpacked(desk, "all.zip", content=zipped(members))
    assert [each.name for each, _ in found] == [f"all.zip/{name}" for name in members]
    assert [each.kind for each, _ in found] == ["csv", "csv", "csv", "parquet", "xlsx", "csv"]
    assert [text for _, text in found] == [
        text.encode() if isinstance(text, str) else text for text in [*members.values()][:5]
    ] + [FEBRUARY.encode()]
    assert [each.path.name for each, _ in found] == [
        f"unpacked-{number:04}.{kind}" for number, kind in enumerate(["csv"] * 3 + ["parquet", "xlsx", "csv"], 1)
    ]
    assert all(each.path.parent == desk.folder / "work" for each, _ in found)


class Streamed(io.RawIOBase):
    """What cannot be gone back in: a zip written to it says sizes and sums behind each member."""

    def __init__(self):
        self.content = b""

    def writable(self):
        return True

    def write(self, block):
        self.content += bytes(block)
        return len(block)


def test_a_zip_that_was_streamed_or_is_of_64_bits_is_read(desk):
    streamed = Streamed()
    with zipfile.ZipFile(streamed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", JANUARY)
        with archive.open("b.csv", "w", force_zip64=True) as member:
            member.write(FEBRUARY.encode())
        archive.comment = b"of 2024"
    assert [text for _, text in unpacked(desk, "2024.zip", content=streamed.content)] == [
        JANUARY.encode(),
        FEBRUARY.encode(),
    ]


def test_a_workbook_is_a_zip_that_is_not_unpacked(desk):
    book = io.BytesIO()
    pd.DataFrame({"a": [1]}).to_excel(book, index=False)
    ((file, _),) = unpacked(desk, "ventes.csv", content=book.getvalue())
    assert file.kind == "xlsx" and file.archive is None and file.path == desk.exports / "ventes.csv"


@pytest.mark.parametrize(
    "pattern, orders",
    [
        ("2024.zip", ["A1", "A2", "B1"]),
        ("2024.zip/jan*.csv", ["A1", "A2"]),
        ("*.zip/feb[r]*", ["B1"]),
        ("2024.zip/**/*.csv", ["A1", "A2", "B1"]),
        (["2024.zip/jan*.csv", "2024.zip/febr*.csv"], ["A1", "A2", "B1"]),
        (["2024.zip/jan*.csv", "2024.zip"], ["A1", "A2", "B1"]),
        (["2024.zip", "2024.zip/jan*.csv"], ["A1", "A2", "B1"]),
    ],
)
def test_members_are_chosen_by_patterns(desk, pattern, orders):
    desk.write("2024.zip", zipped({"january.csv": JANUARY, "february.csv": FEBRUARY}))
    assert sorted(desk.column(desk.load(name="x.csv", files=pattern), "order_id")) == orders


def test_a_member_with_wildcard_signs_in_its_name_is_chosen_by_that_name(desk):
    desk.write("2024.zip", zipped({"[a]*.csv": JANUARY, "a1.csv": FEBRUARY}))
    assert desk.column(desk.load(files="2024.zip/[a]*.csv"), "order_id") == ["A1", "A2"]


def test_tables_may_take_different_members_of_one_zip(desk):
    desk.write("2024.zip", zipped({"s.csv": JANUARY, "p.csv": "product_id,name\n1,a\n"}))
    found = unpacked(desk, "2024.zip", "p.csv") + unpacked(desk, "2024.zip", "s.csv")
    assert [text for _, text in found] == [b"product_id,name\n1,a\n", JANUARY.encode()]


@pytest.mark.parametrize(
    "pattern, said",
    [
        ("2024.zip/mars*.csv", r"2024\.zip holds no 'mars\*\.csv'. It holds: février\.csv, janvier\.csv\."),
        ("2024.zip/a/janvier.csv", "holds no 'a/janvier.csv'"),
        ("plain.csv/janvier.csv", r"plain\.csv is no zip, so nothing in it can be called 'janvier\.csv'"),
        ("2025.zip/janvier.csv", r"no such file in .*Did you mean '2024\.zip'"),
    ],
)
def test_a_member_that_is_not_there_is_refused(desk, pattern, said):
    desk.write("2024.zip", zipped({"janvier.csv": JANUARY, "février.csv": FEBRUARY}))
    desk.write("plain.csv", JANUARY)
    with pytest.raises(DataError, match=said):
        desk.load(name=pattern)


def test_what_file_managers_leave_in_a_zip_is_passed_over_and_noted(desk):
    members = {
        "2024/": "",
        "2024/janvier.csv": JANUARY,
        "__MACOSX/2024/._janvier.csv": b"\0\5\x16\7",
        "2024/.DS_Store": b"\0\0\0\1Bud1",
        "2024/Thumbs.db": b"\xd0\xcf\x11\xe0",
        "2024/~$janvier.xlsx": b"x",
    }
    snapshot = desk.load(zipped(members), name="2024.zip")
    assert desk.counts(snapshot) == (2, 0, 0)
    assert snapshot.report["tables"]["sales"]["notices"] == [
        "2024.zip: folders and hidden files in it are no exports and were passed over: "
        "2024/, 2024/.DS_Store, 2024/Thumbs.db and 2 more."
    ]


@pytest.mark.parametrize(
    "name",
    ["/etc/passwd", "../a.csv", "a/../../b.csv", "C:a.csv", "c:/a.csv", "a\\b.csv", "..\\a.csv", "a\nb.csv", "\x1b[2J"],
)
def test_a_member_whose_name_could_lead_elsewhere_is_refused_and_nothing_is_written(desk, name, tmp_path):
    desk.write("2024.zip", zipped({"ok.csv": JANUARY, name: FEBRUARY}))
    before = {path for path in tmp_path.rglob("*") if "snapshots" not in path.parts}
    with pytest.raises(DataError, match="2024.zip: an entry is called .*Nothing was unpacked"):
        desk.load(name="2024.zip/ok.csv")
    assert {path for path in tmp_path.rglob("*") if "snapshots" not in path.parts} - {desk.folder} == before
    assert not list((desk.folder / "snapshots").glob(".load-*"))


def test_a_nul_in_a_member_s_name_is_refused(desk):
    content = zipped({"a.csvXb.csv": JANUARY}).replace(b"a.csvXb.csv", b"a.csv\0b.csv")
    with pytest.raises(DataError, match="control characters"):
        desk.load(content, name="2024.zip")


@pytest.mark.parametrize(
    "content, said",
    [
        (zipped([("a.csv", JANUARY), ("a.csv", FEBRUARY)]), "another has the same name"),
        (zipped({"a.csv": "/etc/passwd"}, external_attr=0o120777 << 16), "it is a link or a device"),
        (zipped({"a.csv": JANUARY}, external_attr=0o010644 << 16), "it is a link or a device"),
        (zipped({"a.csv": zipped({"b.csv": JANUARY})}), "an archive within an archive"),
        (zipped({"a.csv": JANUARY, "b.pdf": "%PDF-1.4"}), r"b\.pdf is a PDF.*files = \"2024\.zip/\*\.csv\""),
        (zipped({"a.csv": ""}), r"/a\.csv is empty \(0 bytes\)"),
        (zipped({}), "holds no file"),
        (zipped({"a/": ""}), "holds no file"),
        (zipped({f"{number}.csv": "" for number in range(1001)}), "holds 1,001 entries; 1,000 are opened at most"),
        (zipped({"a.csv": JANUARY}, method=zipfile.ZIP_BZIP2), "compressed with bzip2, which is not read"),
        (zipped({"a.csv": JANUARY}, method=zipfile.ZIP_LZMA), "compressed with LZMA, which is not read"),
        (patched(zipped({"a.csv": JANUARY}), method=9), "compressed with Deflate64, which is not read"),
        (patched(zipped({"a.csv": JANUARY}), method=77), "compressed with method 77, which is not read"),
        (patched(zipped({"a.csv": JANUARY}), flags=1), "it is encrypted"),
        (patched(zipped({"a.csv": JANUARY}), method=99), "it is encrypted"),
        (patched(zipped({"a.csv": JANUARY}), crc=1), r"/a\.csv is damaged or cut: Bad CRC-32"),
        (patched(zipped({"a.csv": JANUARY}), size=5), r"holds 65 bytes, and its archive says 5"),
        (patched(zipped({"a.csv": JANUARY}), size=5, crc=zlib.crc32(JANUARY[:5].encode())), "damaged or cut"),
        (zipped({"a.csv": JANUARY})[:-60], "the list of what a zip holds is missing at its end"),
        (zipped({"a.csv": JANUARY})[:30], "the list of what a zip holds is missing at its end"),
        (b"PK\3\4", "the list of what a zip holds is missing at its end"),
    ],
)
def test_a_zip_that_no_export_comes_in_is_refused_in_words(desk, content, said):
    with pytest.raises(DataError, match=rf"2024\.zip.*{said}"):
        desk.load(content, name="2024.zip")


def test_a_file_that_the_list_of_a_zip_does_not_name_is_not_lost_in_silence(desk):
    """Unpackers that go by the list alone would leave February out, and say nothing."""
    raw = bytearray(zipped({"a.csv": JANUARY, "b.csv": FEBRUARY}))
    first, length = raw.index(b"PK\1\2"), 46 + len("b.csv")
    struct.pack_into("<H", raw, first + 32, length)  # what follows is said to be the first one's comment
    with pytest.raises(DataError, match=r"2024\.zip is damaged or cut: it holds bytes that its list does not name"):
        desk.load(bytes(raw), name="2024.zip")


def test_a_member_that_its_own_header_calls_otherwise_is_refused(desk):
    raw = zipped({"a.csv": JANUARY, "b.csv": FEBRUARY})
    at = raw.rindex(b"b.csv")
    with pytest.raises(DataError, match="is called otherwise in its list"):
        desk.load(raw[:at] + b".b.cs" + raw[at + 5 :], name="2024.zip")


def test_entries_that_overlap_are_refused(desk):
    """One stream under many names: the way to come to petabytes without a zip in a zip."""
    raw = bytearray(zipped({"a.csv": JANUARY, "b.csv": FEBRUARY}))
    second = raw.index(b"PK\1\2", raw.index(b"PK\1\2") + 4)
    struct.pack_into("<L", raw, second + 42, 0)  # it begins where the first does
    with pytest.raises(DataError, match="entries overlap"):
        desk.load(bytes(raw), name="2024.zip")


# ---- limits, counted on what comes out

NOTHING = b"0" * 1_000_000


def bomb(size, level=9):
    """A gzip of so many million times the same byte, made in a moment: one stream a million."""
    return gzip.compress(NOTHING, level) * size


@pytest.mark.parametrize(
    "name, content",
    [
        ("bomb.csv.gz", bomb(400)),
        ("bomb.zip", zipped({"a.csv": NOTHING * 150})),
        ("bomb.zip", patched(zipped({"a.csv": NOTHING * 150}), size=10)),
        ("bomb.zip", zipped({f"{number}.csv": NOTHING * 10 for number in range(15)})),
        ("bomb.zip", zipped({"a.csv.gz": bomb(400)})),
    ],
    ids=["gzip", "zip", "zip whose header says 10 bytes", "many members", "gzip in a zip"],
)
def test_what_comes_to_two_hundred_times_its_size_is_stopped(desk, name, content):
    assert len(content) < 700_000
    desk.write(name, content)
    tracemalloc.start()
    began = time.process_time()
    with pytest.raises(DataError, match=f"{name} comes to more than 200 times its size"):
        desk.load(name=name)
    took, (_, most) = time.process_time() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert took < 10 and most < 100 << 20
    assert not list((desk.folder / "snapshots").glob(".load-*"))


def test_all_the_archives_of_a_load_together_have_a_limit(desk, monkeypatch):
    monkeypatch.setattr(unpacking, "MOST", 2_500_000)
    for number in range(3):
        desk.write(f"{number}.zip", zipped({"a.csv": bytes(random.Random(number).choices(b"abc,\n", k=1_000_000))}))
    with pytest.raises(DataError, match=r"2\.zip: the archives come to more than 0\.0025 GB"):
        desk.load(name="*.zip")


def test_a_million_empty_streams_are_stopped(desk, monkeypatch):
    monkeypatch.setattr(unpacking, "STREAMS", 1000)
    with pytest.raises(DataError, match="more than 1,000 streams"):
        desk.load(gzip.compress(b"") * 2000, name="sales.csv.gz")


def test_a_list_of_members_that_would_fill_the_memory_is_not_read(desk):
    content = zipped({"x" * 60_000 + str(number): "" for number in range(200)})
    with pytest.raises(DataError, match="its list of members is too long"):
        desk.load(content, name="2024.zip")


def test_a_disk_that_fills_while_unpacking_is_said_in_words_and_nothing_is_kept(desk):
    before = desk.load(JANUARY)
    content = bytes(random.Random(1).choices(b"abcdefgh,\n", k=5_000_000))
    desk.write("big.csv.gz", gzip.compress(content))
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, limits[1]))
    try:
        with pytest.raises(EngineError, match="no space left on the disk of .*Nothing was kept"):
            desk.load(name="big.csv.gz")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)
    assert snapshots.current(desk.folder).fingerprint == before.fingerprint
    assert not list((desk.folder / "snapshots").glob(".load-*"))


# ---- one archive, one snapshot


def test_the_same_archive_is_the_same_snapshot_and_is_not_unpacked_again(desk):
    one = desk.load(zipped({"a.csv": JANUARY}), name="2024.zip")
    said = []
    assert desk.load(name="2024.zip", step=said.append).fingerprint == one.fingerprint
    assert not [each for each in said if "unpacking" in each]
    assert not list(one.path.glob("unpacked*"))
    assert json.loads((one.path / "load.json").read_text())["tables"]["sales"]["files"][0]["archive"]["bytes"] > 0


@pytest.mark.parametrize("moment", ["unpacking", "examining", "reading", "reconciling"])
@pytest.mark.parametrize("name", ["2024.zip", "2024.csv.gz"])
def test_an_archive_that_changes_while_it_is_read_is_refused(desk, moment, name):
    path = desk.write(name, zipped({"a.csv": JANUARY}) if name == "2024.zip" else gzip.compress(JANUARY.encode()))
    times = path.stat()

    def change(said):
        if moment in said:
            content = path.read_bytes()
            path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
            os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))

    with pytest.raises(DataError, match=f"{name} changed while it was being read"):
        desk.load(name=name, step=change)


def test_the_same_file_plain_and_in_a_zip_is_refused_as_the_same_twice(desk):
    desk.write("a.csv", JANUARY)
    desk.write("b.zip", zipped({"c.csv": JANUARY}))
    with pytest.raises(DataError, match=r"a\.csv and b\.zip/c\.csv are the same file twice"):
        desk.load(files=["a.csv", "b.zip"])


@pytest.mark.parametrize("name", ["2024.zip", "2024.csv.gz"])
def test_no_changed_byte_of_an_archive_ends_in_anything_but_words_or_the_true_total(desk, name):
    rows = HEAD + "".join(f"A{number},2024-01-{1 + number % 28:02},{number}.25\n" for number in range(60))
    pair = {"a.csv": rows, "dossier/b.csv": FEBRUARY}
    whole = zipped(pair) if name == "2024.zip" else gzip.compress(rows.encode(), mtime=0)
    truth = sorted(text for _, text in unpacked(desk, name, content=whole))
    chance = random.Random(7)
    refused = 0
    for _ in range(1500):
        raw = bytearray(whole)
        for _ in range(chance.choice([1, 1, 2, 8])):
            raw[chance.randrange(len(raw))] = chance.randrange(256)
        if chance.random() < 0.2:
            raw = raw[: chance.randrange(len(raw))] or b"PK"
        for path in (desk.folder / "work").glob("*"):
            path.unlink()
        try:
            found = sorted(text for _, text in unpacked(desk, name, content=bytes(raw)))
        except DataError as error:
            refused += name in str(error)
        else:
            assert found == truth or not bytes(raw).startswith((b"PK\3\4", b"\x1f\x8b"))
    assert refused > 1000


def test_a_stray_member_is_refused_with_how_to_name_the_others(desk):
    content = zipped({"2024/jan.csv": JANUARY, "2024/readme.txt": "bonjour\n"})
    with pytest.raises(DataError, match=r'readme\.txt: no column .* files = "sales\.zip/2024/\*\.csv"'):
        desk.load(content, name="sales.zip")
    assert desk.revenue(desk.load(name="sales.zip/2024/*.csv")) == 11
