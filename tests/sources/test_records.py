"""Records: the count in blocks agrees with a walk byte by byte, wherever the blocks are cut."""

import csv
import io

import hypothesis.strategies as st
import numpy as np
from hypothesis import example, given, settings

from perfkit.sources.delimited.quotes import Dialect
from perfkit.sources.delimited.records import blocks, empty_beyond, kept


def walked(data):
    """(line, record, misquoted, fields) of each record, by the rule as it is written down, byte by byte."""
    found, at, line = [], 0, 1
    start, start_line, misquoted, fields, fresh = 0, 1, False, 1, True
    while at < len(data):
        sign = data[at : at + 1]
        if sign in (b"\r", b"\n"):
            if at > start:
                found.append((start_line, data[start:at], misquoted, fields))
            at, line = at + len(b"\r\n" if data[at : at + 2] == b"\r\n" else sign), line + 1
            start, start_line, misquoted, fields, fresh = at, line, False, 1, True
            continue
        if sign == b'"' and fresh and (close := closing(data, at)):
            line += data[at:close].replace(b"\r\n", b"\n").replace(b"\r", b"\n").count(b"\n")
            at, fresh = close + 1, False
            continue
        if sign == b'"':
            misquoted = True
            while fresh and at + 1 < len(data) and data[at + 1 : at + 2] not in (b"\r", b"\n"):
                at += 1  # nothing more of this line is known
        fields += sign == b","
        at, fresh = at + 1, sign == b","
    if at > start:
        found.append((start_line, data[start:at], misquoted, fields))
    return found


def closing(data, at):
    """Place of the quote that closes the field opened at `at`, if it stands at the field's end."""
    at = data.find(b'"', at + 1)
    while data[at + 1 : at + 2] == b'"' and at >= 0:
        at = data.find(b'"', at + 2)
    return at if at >= 0 and data[at + 1 : at + 2] in (b"", b",", b"\r", b"\n") else None


def counted(data, size):
    found = []
    for block in blocks([data[at : at + size] for at in range(0, len(data), size)], Dialect(b",")):
        lines = block.line(np.arange(len(block.starts)))
        for at, line in enumerate(lines):
            record = block.data[block.starts[at] : block.ends[at]]
            found.append((int(line), record, bool(block.misquoted[at]), int(block.fields[at])))
    return found


def known(records):
    """Fields are not counted where a quote is out of place."""
    return [(line, text, misquoted, None if misquoted else fields) for line, text, misquoted, fields in records]


@settings(max_examples=600)
@given(st.lists(st.sampled_from([b'"', b",", b"\n", b"\r", b"\r\n", b"a", b'""']), max_size=30), st.integers(1, 40))
@example([b'"', b"a", b"\n", b'"', b"a", b'"'], 3)
@example([b"a", b"\r", b"\n", b"a"], 2)
@example([b'"a""b"', b",", b"\n"], 4)
def test_blocks_agree_with_a_walk_byte_by_byte(pieces, size):
    data = b"".join(pieces)
    assert known(counted(data, size)) == known(walked(data))


@settings(max_examples=600)
@given(
    st.lists(st.sampled_from(['"', ",", "\n", "\r", "\r\n", "a", '""', "é", ',"', '",']), max_size=40),
    st.integers(1, 60),
)
@example(['"', "a", "\n", '"', ",", "\r", "a"], 5)
def test_sound_texts_have_the_records_lines_and_fields_of_python(pieces, size):
    text = "".join(pieces)
    found = counted(text.encode(), size)
    if any(misquoted for _, _, misquoted, _ in found):
        return
    reader = csv.reader(io.StringIO(text, newline=""))
    expected, line = [], 1
    for fields in reader:
        if fields:
            expected.append((line, fields))
        line = reader.line_num + 1
    split = [next(csv.reader([record.decode()])) for _, record, _, _ in found]
    assert [(line, fields) for (line, *_), fields in zip(found, split, strict=True)] == expected
    assert [count for *_, count in found] == [len(fields) for fields in split]


def test_one_quote_out_of_place_costs_no_more_than_its_line():
    sound = b'"a","b\n""c""","d"\n'
    data = sound * 500 + b'"a,b\n' + sound * 500 + b'a"b,"c"\n' + sound * 500
    found = counted(data, 4096)
    assert [(at, line) for at, (line, _, misquoted, _) in enumerate(found) if misquoted] == [(500, 1001), (1001, 2002)]
    assert len(found) == 1502 and {fields for _, _, misquoted, fields in found if not misquoted} == {3}


def test_a_record_ends_where_it_would_with_fewer_fields():
    (block,) = blocks([b'a,"x,y",c,,\nb\n1,2,3\n'], Dialect(b","))
    assert block.fields.tolist() == [5, 1, 3]
    assert block.cut(np.array([0, 2]), 2).tolist() == [7, 17]
    assert kept(block, np.array([True, False, True]), 2) == b'a,"x,y"\n1,2\n'
    assert kept(block, np.array([True, True, True]), 3) == b'a,"x,y",c\nb,,\n1,2,3\n'
    assert empty_beyond(block, np.array([0]), 3, '"').tolist() == [True]
    assert empty_beyond(block, np.array([0, 2]), 2, '"').tolist() == [False, False]
