"""XML: versions and encodings are read alike; what could harm is refused, and told."""

from __future__ import annotations

from pathlib import Path

import pytest

from feedrate.formats import xmlfile
from feedrate.formats.text import EncodingError
from feedrate.formats.xmlfile import describe_root, load_xml, peek_xml

BOMB = "<!DOCTYPE a [<!ENTITY l 'lol'><!ENTITY m '&l;&l;&l;'>]><a>&m;</a>"
OUTSIDE = "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/hostname'>]><a>&x;</a>"
PARAMETER = "<!DOCTYPE a [<!ENTITY % x SYSTEM 'http://127.0.0.1/x'> %x;]><a/>"


def write(folder: Path, content: str | bytes) -> Path:
    path = folder / "a.xml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_names_lose_their_namespaces(tmp_path: Path) -> None:
    root = load_xml(write(tmp_path, "<p:a xmlns:p='u' xmlns='v'><b p:c='1'/><!-- d --></p:a>"))
    assert [element.tag for element in root.iter()] == ["a", "b"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("declared", ["", " encoding='UTF-8'", ' encoding = "utf-16"'])
def test_utf8_and_utf16_whatever_is_declared(tmp_path: Path, encoding: str, declared: str) -> None:
    text = f"<?xml version='1.0'{declared}?><a>été 合計</a>"
    assert load_xml(write(tmp_path, text.encode(encoding))).text == "été 合計"


def test_other_encodings_are_refused(tmp_path: Path) -> None:
    text = "<?xml version='1.0' encoding='ISO-8859-1'?><a>été</a>"
    with pytest.raises(EncodingError, match="not UTF-8 at byte 46"):
        load_xml(write(tmp_path, text.encode("latin-1")))
    with pytest.raises(EncodingError, match="declares to be 'ISO-8859-1'; save it as UTF-8"):
        load_xml(write(tmp_path, text))
    assert load_xml(write(tmp_path, text.replace("é", "e"))).text == "ete"


@pytest.mark.parametrize("content", [BOMB, OUTSIDE, PARAMETER])
def test_entities_are_refused(tmp_path: Path, content: str) -> None:
    path = write(tmp_path, content)
    with pytest.raises(ValueError, match="declares entities") as caught:
        load_xml(path)
    assert "\n" not in str(caught.value)
    assert peek_xml(path, "b") is None


def test_doctype_without_entities_is_no_harm_and_is_not_fetched(tmp_path: Path) -> None:
    path = write(tmp_path, "<!DOCTYPE a SYSTEM 'http://127.0.0.1:9/a.dtd'><a>&amp;</a>")
    assert load_xml(path).text == "&"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "no element found in line 1, column 0"),
        ("<a>\n <b></a>", "mismatched tag in line 2, column 6"),
        ("<a>&nbsp;</a>", "undefined entity in line 1, column 3"),
        ("<a/>b", "junk after document element in line 1, column 4"),
        ("<a b='1' b='2'/>", "duplicate attribute in line 1"),
        ("<p:a/>", "unbound prefix in line 1"),
    ],
)
def test_broken_xml_is_told_with_its_place(tmp_path: Path, content: str, told: str) -> None:
    with pytest.raises(ValueError, match=f"broken XML: {told}"):
        load_xml(write(tmp_path, content))


def test_what_is_no_single_page_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, f"<a>{'b' * 3_000_000}</a>")
    assert len(load_xml(path).text or "") == 3_000_000
    monkeypatch.setattr(xmlfile, "MOST_BYTES", 1 << 20)
    with pytest.raises(ValueError, match="2 MiB of XML, more than 1: no single page"):
        load_xml(path)


def test_deep_nesting_is_no_harm(tmp_path: Path) -> None:
    path = write(tmp_path, "<a>" * 100_000 + "</a>" * 100_000)
    assert sum(1 for _ in load_xml(path).iter()) == 100_000


def test_peek_reads_no_further_than_it_must(tmp_path: Path) -> None:
    path = write(tmp_path, "<x:a xmlns:x='u'><b>text</b><x:c d='1'>" + "<e/>" * 20_000 + "<broken")
    root = peek_xml(path, "c")
    assert root is not None
    assert (root.tag, root.findtext("b")) == ("a", "text")
    (found,) = root.findall("c")
    assert found.get("d") == "1"
    with pytest.raises(ValueError, match="broken XML"):
        load_xml(path)


@pytest.mark.parametrize(
    "content", [b"", b"no XML", b"<", b"\0", "<a>é".encode("latin-1"), b"\xff"]
)
def test_peek_leaves_what_is_wrong_to_be_told_by_load(tmp_path: Path, content: bytes) -> None:
    path = write(tmp_path, content)
    assert peek_xml(path, "b") is None
    with pytest.raises(ValueError, match=r"broken XML|save it as UTF-8"):
        load_xml(path)


@pytest.mark.parametrize(
    ("head", "root"),
    [
        ("<a xmlns='u'><b", ("a", "u")),
        ("<?xml version='1.0' encoding='UTF-16'?><!-- <c/> --><p:a xmlns:p='v'/>", ("a", "v")),
        ("<a>", ("a", "")),
        ("<a", ("", "")),
        ("words", ("", "")),
        (BOMB, ("", "")),
    ],
)
def test_root_is_known_from_a_torn_beginning(head: str, root: tuple[str, str]) -> None:
    assert describe_root(head) == root
