"""No annotation file, whatever is in it, makes a reader crash, or an image vanish in silence."""

from __future__ import annotations

import codecs
import importlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny import make_samples
from writers import WRITERS

from feedrate.registry import REGISTRIES
from feedrate.sample import Finding, Sample

NAMES = ["picture_0.jpg", "picture_1.jpg"]
WORDS = r"""
0 1 7 -3 1e999 -1e999 nan inf 1_0 4.5 ٢ 99999999999999999999 , ,, . ; : | \ / .. ### # * " ' [ ] [[
]] { } {} [] null true NaN Infinity x: y: ornt: transcriptions: u'a' Latin None été 合計 "" "1"
picture_0.jpg picture_1.jpg ../x.jpg /x.jpg 0,0,9,0,9,9 < > <a> </a> </ /> <!-- <? & &lt; &#0;
<!DOCTYPE "points" "polygon" "bbox" "\ud800" "\u0000" \" \\ \n [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[
"""
PIECES = [*WORDS.split(), "", " ", "\t", "\n", "\r\n", "\r", "\0", "\v", "\x85", "\u2028", "\ufeff"]
INSTEAD = r"""
null true 0 -1 4.5 1e999 NaN nan inf [] {} [null] [[]] {"points":[[1,2]]} "" "1" "x" "\ud800" ### ٢
../x.jpg /x.jpg picture_1.jpg , " ] } <a/> &amp; &x;
"""
VALUES = [*INSTEAD.split(), "", " ", "\n", "1" + "0" * 400, "[" * 100_000]
MARKS = [b"", codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE]
SPLITS = [re.compile(rb'("[^"]*"|[-+.\w]+)'), re.compile(rb"([-+.\w]+)")]


@dataclass(frozen=True)
class Dataset:
    """Two images and their annotations, of which one file is about to be damaged."""

    module: Any
    images: Path
    annotations: Path
    file: Path
    content: bytes

    @property
    def one_file(self) -> bool:
        """Whether there is one file for all images: it may be refused as a whole."""
        return bool(self.module.SPREAD == "file")

    def read(self, content: bytes) -> list[Sample | Finding] | ValueError:
        """Read it with other content of the file; return the error of one that is refused."""
        self.file.write_bytes(content)
        try:
            return list(self.module.read(self.images, self.annotations))
        except ValueError as error:
            return error


@pytest.fixture(params=REGISTRIES["formats"], scope="module")
def dataset(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    folder = tmp_path_factory.mktemp(request.param)
    make_samples(folder / "images", len(NAMES))
    annotations = WRITERS[request.param](folder, NAMES)
    module = importlib.import_module(f"feedrate.formats.{request.param}")
    file = annotations if annotations.is_file() else min(annotations.iterdir())
    return Dataset(module, folder / "images", annotations, file, file.read_bytes())


def assert_sound(dataset: Dataset, found: list[Sample | Finding] | ValueError) -> None:
    """What was read can be stored, each image is a sample or has a finding, messages are short."""
    if isinstance(found, ValueError):
        assert dataset.one_file, "one file of many must not stop the others"
        assert str(dataset.file) in str(found)
        assert_one_line(str(found))
        return
    for item in found:
        assert_finding(item) if isinstance(item, Finding) else assert_sample(item)
    assert {item.key for item in found} >= set(NAMES)
    if not dataset.one_file:
        assert NAMES[1] in {item.key for item in found if isinstance(item, Sample)}


def assert_finding(finding: Finding) -> None:
    assert finding.severity in {"error", "warning", "info"}
    assert_one_line(finding.message)
    (finding.key + finding.location).encode()


def assert_sample(sample: Sample) -> None:
    assert sample.key in NAMES
    assert sample.height == 160
    for instance in sample.instances:
        assert instance.polygon.dtype == np.float64
        assert instance.polygon.shape[1:] == (2,)
        instance.text.encode()


def assert_one_line(message: str) -> None:
    assert message
    assert "\n" not in message
    assert len(message) < 1000
    message.encode()


@st.composite
def damaged(draw: st.DrawFn, valid: bytes) -> bytes:
    """Draw bytes, words in any order, or the valid content with some words or bytes changed."""
    piece = st.sampled_from(PIECES).map(str.encode) | st.binary(max_size=4)
    kind = draw(st.sampled_from(["bytes", "pieces", "change bytes"] + ["change words"] * 4))
    if kind == "bytes":
        return draw(st.sampled_from(MARKS)) + draw(st.binary(max_size=200))
    if kind == "pieces":
        return b"".join(draw(st.lists(piece, max_size=40)))
    if kind == "change bytes":
        at, gone = draw(st.integers(0, len(valid))), draw(st.sampled_from([0, 1, 2, 20]))
        return valid[:at] + draw(piece) + valid[at + gone :]
    words = draw(st.sampled_from(SPLITS)).split(valid)  # every second one is a word
    for _ in range(draw(st.integers(1, 2))):
        at = draw(st.integers(0, len(words) // 2 - 1))
        words[2 * at + 1] = draw(st.sampled_from(VALUES)).encode()
    return b"".join(words)


@settings(max_examples=6000, derandomize=False, database=None, deadline=None)
@given(data=st.data())
def test_any_content_is_read_or_refused(dataset: Dataset, data: st.DataObject) -> None:
    content = data.draw(damaged(dataset.content))
    assert_sound(dataset, dataset.read(content))
    evidence = dataset.module.recognise(dataset.file, content.decode(errors="replace"))
    assert evidence is None or evidence.isprintable()


ENCODERS: dict[str, Callable[[str], bytes]] = {
    "UTF-8 with mark": lambda text: text.encode("utf-8-sig"),
    "two marks": lambda text: codecs.BOM_UTF8 + text.encode("utf-8-sig"),
    "only a mark": lambda text: codecs.BOM_UTF8,
    "UTF-16": lambda text: text.encode("utf-16"),
    "UTF-16, big end first": lambda text: codecs.BOM_UTF16_BE + text.encode("utf-16-be"),
    "UTF-16 without mark": lambda text: text.encode("utf-16-le"),
    "half a character": lambda text: text.encode("utf-16")[:-1],
    "UTF-32": lambda text: text.encode("utf-32"),
    "Latin-1": lambda text: text.replace("total", "\xe9t\xe9").encode("latin-1"),
    "Shift JIS": lambda text: text.replace("total", "合計").encode("shift-jis"),
    "zero bytes before it": lambda text: b"\0" * 3 + text.encode(),
    "zero bytes after it": lambda text: text.encode() + b"\0" * 3,
    "old Macintosh": lambda text: text.replace("\n", "\r").encode(),
}


@pytest.mark.parametrize("encoding", ENCODERS)
def test_any_encoding_is_read_whole_or_told(dataset: Dataset, encoding: str) -> None:
    whole = dataset.read(dataset.content)
    found = dataset.read(ENCODERS[encoding](dataset.content.decode()))
    assert_sound(dataset, found)
    assert not isinstance(whole, ValueError)
    if isinstance(found, ValueError) or any(is_error(item) for item in found):
        return
    if encoding != "only a mark":
        assert texts_in(found) == texts_in(whole)


def is_error(item: Sample | Finding) -> bool:
    return isinstance(item, Finding) and item.severity == "error"


def texts_in(found: list[Sample | Finding]) -> list[list[str]]:
    samples = [item for item in found if isinstance(item, Sample)]
    return [[instance.text.strip() for instance in sample.instances] for sample in samples]
