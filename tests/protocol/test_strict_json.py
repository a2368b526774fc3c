"""Strict JSON: what every language reads alike (SPEC 2.6)."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.protocol.errors import Malformed
from relay.protocol.ids import MAX_SAFE_INTEGER, canonical_json, strict_json

ordinary = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-MAX_SAFE_INTEGER, MAX_SAFE_INTEGER)
    | st.floats(-1e9, 1e9).filter(lambda number: not number.is_integer())
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner)
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), ordinary), st.booleans())
def test_ordinary_values_are_read_as_json_reads_them(value: dict[str, object], ascii_only: bool):
    """SPEC 2.6"""
    text = json.dumps(value, ensure_ascii=ascii_only)

    assert strict_json(text.encode()) == json.loads(text) == value


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), ordinary))
def test_canonical_json_is_strict_json(value: dict[str, object]):
    """SPEC 1.3, SPEC 2.6"""
    assert strict_json(canonical_json(value)) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [("1.0", 1), ("1e2", 100), ("-0.0", 0), ("-0", 0), ("1E+2", 100), ("9007199254740991.0", MAX_SAFE_INTEGER)],
)
def test_a_whole_number_is_an_integer_however_it_is_spelled(text: str, value: int):
    """SPEC 2.6"""
    read = strict_json(b'{"a":%s}' % text.encode())["a"]

    assert (read, type(read)) == (value, int)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"1",
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":-Infinity}',
        b'{"a":1e999}',
        b'{"a":-1e999}',
        b'{"a":9007199254740992}',
        b'{"a":-9007199254740992}',
        b'{"a":9007199254740992.0}',
        b'{"a":1e300}',
        b'{"a":%s}' % (b"9" * 5000),
        b'{"a":"\\ud800"}',
        b'{"a":"\\udc00\\ud800"}',
        b'{"\\ud800":1}',
        b'{"a":[{"b":["\\udfff"]}]}',
        b'{"a":"\xed\xa0\x80"}',
        b'{"a":"\xff"}',
        b'\xef\xbb\xbf{"a":1}',
        '{"a":1}'.encode("utf-16"),
        b'{"a":1}x',
        b'{"a":1,}',
        b"{'a':1}",
        b'{"a":01}',
        b'{"a":+1}',
        b'{"a":.5}',
        b'{"a":"\n"}',
        b'{"a":"\\x"}',
        b"\x0c{}",
        b'{"a":' + b"[" * 64 + b"]" * 64 + b"}",
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ],
    ids=lambda text: repr(text[:24]),
)
def test_what_languages_read_differently_is_refused(text: bytes):
    """SPEC 2.6"""
    with pytest.raises(Malformed):
        strict_json(text)


def test_nesting_may_be_64_deep():
    """SPEC 2.6"""
    strict_json(b'{"a":' + b"[" * 63 + b"]" * 63 + b"}")
    strict_json(b'{"a":"%s"}' % (b"[" * 100))
    strict_json(b'{"a":"\\"%s"}' % (b"[" * 100))


def test_of_doubled_members_the_last_one_counts():
    """SPEC 2.6"""
    assert strict_json(b'{"a":1,"a":2}') == {"a": 2}


def test_a_pair_of_surrogates_is_one_character():
    """SPEC 2.6"""
    assert strict_json(b'{"a":"\\ud83d\\ude00"}') == {"a": "\U0001f600"}


@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_reading_any_bytes_fails_in_one_way_only(data: bytes):
    """SPEC 2.6"""
    with contextlib.suppress(Malformed):
        assert isinstance(strict_json(data), dict)


@pytest.mark.parametrize("value", ["\ud800", {"\udfff": 1}, float("nan"), float("inf")], ids=repr)
def test_what_a_reader_must_refuse_is_not_written(value: object):
    """SPEC 2.12"""
    with pytest.raises(Malformed):
        canonical_json({"body": value})
