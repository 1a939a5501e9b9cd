"""Archives: what is sound is unpacked, what is not is refused, nothing leaves the folder."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import lzma
import shutil
import struct
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from feedrate import archives
from feedrate.archives import ArchiveError, member_path, unpack
from feedrate.archives import members as archive_members

CONTENT = {"images/img_1.jpg": b"\xff\xd8picture", "labels/é, [1].txt": b"1,2,3", "empty": b""}


def make_zip(path: Path, content: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as made:
        for name, data in content.items():
            made.writestr(name, data)
    return path


def make_tar(path: Path, *infos: tarfile.TarInfo | tuple[str, bytes], mode: str = "w") -> Path:
    with tarfile.open(path, mode) as made:  # type: ignore[call-overload]
        for item in infos:
            info, data = (item, b"") if isinstance(item, tarfile.TarInfo) else as_info(*item)
            made.addfile(info, io.BytesIO(data))
    return path


def as_info(name: str, data: bytes) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    return info, data


def special(kind: bytes, name: str = "data/odd", target: str = "img_1.jpg") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def files_in(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "outer" / "folder"
    made.mkdir(parents=True)
    return made


def refusal(archive: Path, folder: Path, **limits: int) -> str:
    """Unpack what is refused, check that nothing left the folder, return the one line."""
    with pytest.raises(ArchiveError) as caught:
        unpack(archive, folder, "plain", **limits)
    assert set(folder.parent.iterdir()) == {folder}
    message = str(caught.value)
    assert "\n" not in message
    assert archive.name in message
    return message


MAKERS: dict[str, Callable[[Path], Path]] = {
    "zip": lambda path: make_zip(path, CONTENT),
    "stored zip": lambda path: make_zip(path, CONTENT, zipfile.ZIP_STORED),
    "tar": lambda path: make_tar(path, *CONTENT.items()),
    "tar.gz": lambda path: make_tar(path, *CONTENT.items(), mode="w:gz"),
    "tar.bz2": lambda path: make_tar(path, *CONTENT.items(), mode="w:bz2"),
    "tar.xz": lambda path: make_tar(path, *CONTENT.items(), mode="w:xz"),
}


@pytest.mark.parametrize("kind", MAKERS)
def test_each_kind_is_known_by_its_content(kind: str, tmp_path: Path, folder: Path) -> None:
    archive = MAKERS[kind](tmp_path / "without_suffix")
    told: list[int] = []
    assert unpack(archive, folder, "plain", tell=told.append) == len(CONTENT)
    assert files_in(folder) == CONTENT
    assert told == [1, 2, 3]


def test_another_file_is_placed_as_it_is(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b'{"data": []}')  # no zip, whatever its name says
    assert unpack(tmp_path / "a.zip", folder, "labels.json") == 1
    assert files_in(folder) == {"labels.json": b'{"data": []}'}


def test_a_tar_of_version_7_with_dots_and_folders_is_read(tmp_path: Path, folder: Path) -> None:
    path = tmp_path / "a"
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as made:
        made.addfile(special(tarfile.DIRTYPE, "./"))
        made.addfile(special(tarfile.DIRTYPE, "./a//b/"))
        info, content = as_info("./a/c", b"1")
        made.addfile(info, io.BytesIO(content))
    data = bytearray(path.read_bytes())
    for start in range(0, 4 * 512, 512):  # without "ustar" the magic says nothing, the sum does
        if data[start + 257 : start + 262] == b"ustar":
            data[start + 257 : start + 265] = bytes(8)
            data[start + 148 : start + 156] = b" " * 8
            total = sum(data[start : start + 512])
            data[start + 148 : start + 156] = b"%06o\0 " % total
    path.write_bytes(data)
    assert unpack(path, folder, "plain") == 1
    assert files_in(folder) == {"a/c": b"1"}
    assert (folder / "a" / "b").is_dir()


def test_modes_are_not_taken_over(tmp_path: Path, folder: Path) -> None:
    info, data = as_info("run", b"#!")
    info.mode = 0o6777
    with tarfile.open(tmp_path / "a", "w") as made:
        made.addfile(info, io.BytesIO(data))
    unpack(tmp_path / "a", folder, "plain")
    assert (folder / "run").stat().st_mode & 0o7111 == 0


SLIPS = {
    "../x": "'..'",
    "a/../../x": "'..'",
    "a/..": "'..'",
    "/abs/x": "absolute",
    "//x": "absolute",
    "C:/x": "drive",
    "c:x": "drive",
    "..\\x": "backslash",
    "a\\..\\..\\x": "backslash",
    "a\nb": "control characters",
    "a" * 256: "255 bytes",
}


@pytest.mark.parametrize("name", SLIPS, ids=ascii)
@pytest.mark.parametrize("make", [make_zip, None], ids=["zip", "tar"])
def test_a_name_that_leaves_the_folder_is_refused(
    name: str, make: Callable[..., Path] | None, tmp_path: Path, folder: Path
) -> None:
    archive = tmp_path / "a"
    if make:
        make(archive, {"good": b"1", name: b"2"})
    else:
        make_tar(archive, ("good", b"1"), (name, b"2"))
    message = refusal(archive, folder)
    assert SLIPS[name] in message
    assert ascii(name)[1:200] in message
    assert files_in(folder) == {"good": b"1"}


def test_a_name_not_in_utf8_is_refused(tmp_path: Path, folder: Path) -> None:
    archive = make_tar(tmp_path / "a", ("caf\udce9", b"1"))
    assert "'caf\\udce9'" in refusal(archive, folder)


def test_what_a_zip_hides_behind_a_nul_is_seen(tmp_path: Path, folder: Path) -> None:
    archive = make_zip(tmp_path / "a", {"good.jpgX..": b"1"})
    archive.write_bytes(archive.read_bytes().replace(b"good.jpgX..", b"good.jpg\0.."))
    assert "control characters" in refusal(archive, folder)


@pytest.mark.parametrize(
    "name", ["", ".", "a/./b", "a//b", "a/b.jpg", "...", "..a", "a..", "é, [x]"]
)
def test_plain_names_stay(name: str) -> None:
    assert ".." not in member_path(name).split("/")
    assert not member_path(name).startswith("/")


KINDS = {
    "symbolic link": tarfile.SYMTYPE,
    "hard link": tarfile.LNKTYPE,
    "device": tarfile.BLKTYPE,
    "fifo": tarfile.FIFOTYPE,
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("target", ["img_1.jpg", "/etc/passwd", "../../x"])
def test_a_tar_with_what_is_no_file_is_refused(
    kind: str, target: str, tmp_path: Path, folder: Path
) -> None:
    archive = make_tar(tmp_path / "a", ("img_1.jpg", b"1"), special(KINDS[kind], target=target))
    message = refusal(archive, folder)
    assert f"'data/odd': a {kind} is refused" in message


def test_nothing_is_written_through_a_link(tmp_path: Path, folder: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    link = special(tarfile.SYMTYPE, "data", str(outside))
    refusal(make_tar(tmp_path / "a", link, ("data/x", b"1")), folder)
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize(("mode", "word"), [(0o120777, "symbolic link"), (0o010644, "fifo")])
def test_a_zip_with_what_is_no_file_is_refused(
    mode: int, word: str, tmp_path: Path, folder: Path
) -> None:
    info = zipfile.ZipInfo("odd")
    info.external_attr = mode << 16
    with zipfile.ZipFile(tmp_path / "a", "w") as made:
        made.writestr(info, "/etc/passwd")
    assert word in refusal(tmp_path / "a", folder)
    assert files_in(folder) == {}


def test_an_encrypted_zip_is_refused(tmp_path: Path, folder: Path) -> None:
    archive = make_zip(tmp_path / "a", {"secret.txt": b"1"})
    data = bytearray(archive.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + offset] |= 1
    archive.write_bytes(data)
    assert "'secret.txt': it is encrypted" in refusal(archive, folder)


def test_a_zip_that_could_flood_the_memory_is_refused(tmp_path: Path, folder: Path) -> None:
    archive = make_zip(tmp_path / "a", {"x": b"1"}, zipfile.ZIP_LZMA)
    assert "method 14 is not read" in refusal(archive, folder)


@pytest.mark.parametrize("names", [("a", "a"), ("a", "a/b"), ("a/b", "a")])
def test_names_that_clash_are_refused(names: tuple[str, str], tmp_path: Path, folder: Path) -> None:
    archive = make_tar(tmp_path / "a", (names[0], b"1"), (names[1], b"2"))
    assert f"'{names[1]}': it clashes" in refusal(archive, folder)
    assert files_in(folder) == {names[0]: b"1"}


@pytest.mark.parametrize("make", ["zip", "tar.gz"])
def test_a_bomb_is_refused_before_it_is_written(make: str, tmp_path: Path, folder: Path) -> None:
    content = {"a": bytes(600), "bomb": bytes(500)}
    archive = tmp_path / "a"
    if make == "zip":
        make_zip(archive, content)
    else:
        make_tar(archive, *content.items(), mode="w:gz")
    message = refusal(archive, folder, max_unpacked_bytes=1000)
    assert "'bomb': it unpacks to more than 1,000 bytes, the limit" in message
    assert sum(map(len, files_in(folder).values())) == 600
    shutil.rmtree(folder)
    folder.mkdir()
    assert unpack(archive, folder, "plain", max_unpacked_bytes=1100) == 2


def test_more_than_the_disk_has_free_is_refused(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type(shutil.disk_usage(folder))(100, 90, 10)
    monkeypatch.setattr(archives.shutil, "disk_usage", lambda _: usage)
    message = refusal(make_zip(tmp_path / "a", {"a": bytes(11)}), folder)
    assert "the 10 bytes that the disk has free" in message


def test_too_many_members_are_refused(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MAX_MEMBERS", 2)
    archive = make_tar(tmp_path / "a", ("a", b""), ("b", b""), ("c", b""))
    assert "more than 2 members" in refusal(archive, folder)


@pytest.mark.parametrize("stated", [10, 5000])
def test_a_zip_header_that_lies_is_refused(stated: int, tmp_path: Path, folder: Path) -> None:
    archive = make_zip(tmp_path / "a", {"x": bytes(1000)})
    data = bytearray(archive.read_bytes())
    start = data.index(b"PK\x01\x02")
    data[start + 24 : start + 28] = struct.pack("<I", stated)
    archive.write_bytes(data)
    refusal(archive, folder)
    assert sum(map(len, files_in(folder).values())) <= 1000


def test_a_long_header_is_not_read_into_memory(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive_members, "LONGEST_HEADER_BYTES", 4096)
    archive = make_tar(tmp_path / "a", ("d/" * 5000 + "x", b"1"), mode="w:gz")
    assert "a header of more than 4,096 bytes" in refusal(archive, folder)


@pytest.mark.parametrize("kind", [kind for kind in MAKERS if kind != "stored zip"])
def test_a_damaged_archive_is_refused_wherever_it_is_cut(
    kind: str, tmp_path: Path, folder: Path
) -> None:
    whole = MAKERS[kind](tmp_path / "whole").read_bytes()
    cut = tmp_path / "cut"
    ends = range(700, 3000, 331) if kind == "tar" else range(40, len(whole) - 30, 23)
    for end in ends:
        cut.write_bytes(whole[:end])
        if end % 512:  # a tar that ends between two members is one without an end mark
            assert refusal(cut, folder)
        shutil.rmtree(folder)
        folder.mkdir()


def test_a_header_damaged_in_the_middle_is_no_end(tmp_path: Path, folder: Path) -> None:
    archive = make_tar(tmp_path / "a", ("a", b"1"), ("b", b"2"))
    data = bytearray(archive.read_bytes())
    data[1024] ^= 0xFF  # the name of the second member, which its sum no longer fits
    archive.write_bytes(data)
    assert "no header at byte 1,024" in refusal(archive, folder)


def test_a_second_archive_behind_the_first_is_not_passed_over(tmp_path: Path, folder: Path) -> None:
    first = make_tar(tmp_path / "a", ("a", b"1")).read_bytes()
    both = tmp_path / "both"
    both.write_bytes(first + make_tar(tmp_path / "b", ("b", b"2")).read_bytes())
    assert "no header at byte" in refusal(both, folder)


def test_what_follows_the_end_is_bounded(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive_members, "LONGEST_HEADER_BYTES", 1 << 20)
    archive = make_tar(tmp_path / "a", ("a", b"1"))
    archive.write_bytes(gzip.compress(archive.read_bytes() + bytes(2 << 20)))
    assert "too many zeros" in refusal(archive, folder)


@pytest.mark.parametrize("flip", range(0, 400, 7))
def test_a_flipped_byte_is_no_stack_trace(flip: int, tmp_path: Path, folder: Path) -> None:
    for kind in ("zip", "tar.gz"):
        data = bytearray(MAKERS[kind](tmp_path / kind).read_bytes())
        data[flip % len(data)] ^= 0x55
        (tmp_path / kind).write_bytes(data)
        with contextlib.suppress(ArchiveError):
            unpack(tmp_path / kind, folder, "plain")
        assert set(folder.parent.iterdir()) == {folder}
        shutil.rmtree(folder)
        folder.mkdir()


NO_TAR = {"gzip": gzip.compress, "bzip2": bz2.compress, "xz": lzma.compress}


@pytest.mark.parametrize("kind", NO_TAR)
def test_a_compressed_file_without_a_tar_is_refused(
    kind: str, tmp_path: Path, folder: Path
) -> None:
    (tmp_path / "a").write_bytes(NO_TAR[kind](b'{"data": []}'))
    assert "no tar file" in refusal(tmp_path / "a", folder)


@pytest.mark.parametrize(
    "magic", [b"7z\xbc\xaf'\x1c", b"Rar!\x1a\x07\x01\x00", b"\x28\xb5\x2f\xfd"]
)
def test_other_kinds_are_named(magic: bytes, tmp_path: Path, folder: Path) -> None:
    (tmp_path / "a").write_bytes(magic + bytes(100))
    assert "only zip and tar are read" in refusal(tmp_path / "a", folder)


def test_an_archive_without_a_file_is_refused(tmp_path: Path, folder: Path) -> None:
    archive = make_tar(tmp_path / "a", special(tarfile.DIRTYPE, "empty"))
    assert "holds no file" in refusal(archive, folder)


@pytest.mark.skipif(sys.platform == "win32", reason="the disk is made read-only by its mode")
def test_a_folder_that_cannot_be_written_is_the_fault_of_the_disk(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        unpack(make_zip(tmp_path / "a", CONTENT), tmp_path / "absent", "plain")
