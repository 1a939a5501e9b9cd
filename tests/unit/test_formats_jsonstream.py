"""Large JSON files: whatever the windows, they are read as `json` reads them, or refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from feedrate.formats import jsonstream
from feedrate.formats.jsonstream import stream_json

CONTENT = {
    "info": {"year": 2017, "nested": {"a": [1, [2.5, -3e-7]], "b": {}}},
    "empty": [],
    "void": {},
    "count": 123456,
    "name": 'quotes " and \\ and \n and 合計 and \U0001f600',
    "flags": [True, False, None, float("inf"), "x" * 100, 10**30],
    "last": {"": 1, "é": [[]]},
}


def collect(path: Path) -> dict[str, Any]:
    """Put the members together again."""
    content = dict[str, Any]()
    for name, key, value in stream_json(path):
        if key is None:
            content[name] = value
        elif isinstance(key, int):
            assert key == len(content[name])
            content[name].append(value)
        else:
            content[name][key] = value
    return content


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 1 << 20])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("indent", [None, 1])
def test_members_are_those_of_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, encoding: str, indent: int | None
) -> None:
    monkeypatch.setattr(jsonstream, "CHUNK_BYTES", size)
    path = tmp_path / "a.json"
    text = json.dumps(CONTENT, ensure_ascii=False, indent=indent)
    path.write_bytes(f"\r\n\t {text} \n".encode(encoding))
    assert collect(path) == CONTENT
    assert list(collect(path)) == list(CONTENT)


@pytest.mark.parametrize("size", [1, 5, 1 << 20])
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "expected '{': line 1 column 1, at ''"),
        ("3", "expected '{': line 1 column 1"),
        ('{"a": 1', "expected ',': line 1 column 8"),
        ('{"a": [1, 2', "expected ','"),
        ('{"a": [1 2]}', "expected ',': line 1 column 10, at '2"),
        ('{"a": [1,]}', "Expecting value: line 1 column 10, at ']}"),
        ('{\n"a": [\n1,\nx]}', "Expecting value: line 4 column 1, at 'x]}"),
        ('{"a":\n {"b": [1, 2, }}', "Expecting value: line 2 column 15"),
        ('{"a" 1}', "expected ':'"),
        ("{1: 2}", "expected a name in quotes"),
        ('{"a": "b}', "Unterminated string"),
        ('{"a": 1} 2', "expected nothing more: line 1 column 10, at '2'"),
        ('{"a": 1, "a": 2}', "'a' stands twice"),
        ('{"a": {"b": 1, "b": 2}}', "'b' stands twice"),
        ('{"a": [{"b": 1, "b": 2}]}', "'b' stands twice"),
        ('{"a": ' + "[" * 100_000, "nested too deeply"),
        ('{"a": [' + "9" * 5000 + "]}", "integer"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, text: str, told: str
) -> None:
    monkeypatch.setattr(jsonstream, "CHUNK_BYTES", size)
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"a\.json: broken JSON: ") as caught:
        list(stream_json(path))
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_list_has_no_members(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('[{"a": 1}]')
    assert list(stream_json(path)) == []


@pytest.mark.parametrize("size", [1, 4, 1 << 20])
@pytest.mark.parametrize(
    ("data", "told"),
    [
        ('{"a": "合'.encode() + b'\xe9"}', "not UTF-8 at byte 10; save"),
        ('{"a": "合'.encode()[:-1], "not UTF-8 at byte 7; save"),
        (b'{"a": "\0"}', "a zero byte at byte 7; save"),
        ('{"a": 1}'.encode("utf-16")[:-1], "not UTF-16-LE at byte 16; save"),
    ],
)
def test_other_encodings_are_told_with_their_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, data: bytes, told: str
) -> None:
    monkeypatch.setattr(jsonstream, "CHUNK_BYTES", size)
    path = tmp_path / "a.json"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=rf"a\.json: {told}"):
        list(stream_json(path))


def test_only_a_window_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonstream, "CHUNK_BYTES", 1024)
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"a": [{"b": list(range(20))}] * 2000}))
    longest = 0
    for _ in jsonstream._members(window := jsonstream._Window(path)):
        longest = max(longest, len(window._text))
    assert 0 < longest < 4096 < path.stat().st_size
