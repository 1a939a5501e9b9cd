"""The page cache, really: files are evicted, read, mapped and counted; the kernel is the judge."""

from __future__ import annotations

import mmap
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from feedrate import pagecache
from feedrate.machine import file_system_of
from feedrate.pagecache import NotAvailableError, Residency, prepare, require_level, residency
from feedrate.pagecache.counting import count_pages

SIZES = (1, mmap.PAGESIZE - 1, mmap.PAGESIZE, mmap.PAGESIZE + 1, 0, 300_000, 1_000_001)
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108  the tmpfs that every Linux has
NOBODY = 65534


def make_cold(paths: list[Path]) -> None:
    """Evict files; where nothing can be evicted, that must have been said, and with the file."""
    reason = ""
    try:
        prepare("cold", paths)
    except NotAvailableError as error:
        reason = str(error)
    if reason:
        assert str(paths[0].parent) in reason
        pytest.skip(f"nothing can be evicted here: {reason}")


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Freshly written files: their pages are in memory, and not on the disk yet."""
    paths = [tmp_path / f"{number}.bin" for number in range(len(SIZES))]
    for path, size in zip(paths, SIZES, strict=True):
        path.write_bytes(os.urandom(size))
    return paths


@pytest.fixture
def cold_files(files: list[Path]) -> list[Path]:
    """Cold files."""
    make_cold(files)
    return files


@pytest.fixture
def in_memory() -> Iterator[Path]:
    if not SHARED_MEMORY.is_dir() or file_system_of(SHARED_MEMORY) != "tmpfs":
        pytest.skip("no tmpfs at /dev/shm")
    with tempfile.TemporaryDirectory(dir=SHARED_MEMORY) as folder:
        path = Path(folder) / "image.jpg"
        path.write_bytes(os.urandom(100_000))
        yield path


def storage_bytes_of_reading(paths: list[Path]) -> int:
    """The kernel's account of what this process made a device read."""
    before = psutil.Process().io_counters().read_bytes
    for path in paths:
        path.read_bytes()
    return psutil.Process().io_counters().read_bytes - before


def test_fresh_files_become_cold_and_reading_moves_all_their_bytes(cold_files: list[Path]) -> None:
    found = residency(cold_files)
    assert found == Residency(len(SIZES), sum(SIZES), found.resident)
    assert found.resident <= pagecache.COLD_MOST
    if file_system_of(cold_files[0]) not in {"ext4", "xfs"}:
        pytest.skip("bytes moved are not the files' sizes on this file system")
    assert storage_bytes_of_reading(cold_files) >= sum(SIZES)


def test_cold_files_become_warm_and_reading_moves_nothing(cold_files: list[Path]) -> None:
    found = prepare("warm", cold_files)
    assert found is not None
    assert found.resident >= pagecache.WARM_LEAST
    assert storage_bytes_of_reading(cold_files) == 0


def test_counting_brings_nothing_in_and_leaves_nothing_behind(cold_files: list[Path]) -> None:
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208  Path.iterdir opens another one
    assert residency(cold_files) == residency(cold_files)
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208
    assert str(cold_files[0].parent) not in Path("/proc/self/maps").read_text()


def test_pages_weigh_alike_whatever_file_they_are_of(cold_files: list[Path]) -> None:
    small, large = cold_files[0], cold_files[-1]
    small.read_bytes()
    share = residency([small, large]).resident
    assert share == pytest.approx(1 / (1 + -(-SIZES[-1] // mmap.PAGESIZE)))


def test_a_part_in_memory_is_a_share_between_none_and_all(cold_files: list[Path]) -> None:
    with cold_files[-1].open("rb", buffering=0) as stream:
        os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_RANDOM)  # no reading ahead
        stream.read(3 * mmap.PAGESIZE)
    (counted,) = count_pages(cold_files[-1:])
    assert 3 <= counted.resident < counted.pages
    assert 0 < residency(cold_files[-1:]).resident < 1


def test_another_instrument_counts_the_same_pages(cold_files: list[Path]) -> None:
    fincore = shutil.which("fincore")
    if fincore is None:
        pytest.skip("fincore of util-linux is not installed")
    for path in cold_files[::2]:
        path.read_bytes()
    command = [fincore, "--raw", "--noheadings", "--output", "PAGES", *map(str, cold_files)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert [counted.resident for counted in count_pages(cold_files)] == [int(n) for n in told]
    assert len(set(told)) > 1


def test_residency_lies_between_0_and_1_and_counts_each_file_once(files: list[Path]) -> None:
    for path, size in zip(files, SIZES, strict=True):
        if size:
            found = residency([path, path])
            assert (found.files, found.bytes) == (1, size)
            assert 0 <= found.resident <= 1


def test_empty_files_have_no_page_to_count(files: list[Path]) -> None:
    empty = files[SIZES.index(0)]
    assert count_pages([empty])[0].pages == 0
    for nothing in ([], [empty]):
        with pytest.raises(NotAvailableError, match="0 pages to count"):
            residency(nothing)


def test_memory_is_never_cold(in_memory: Path) -> None:
    with pytest.raises(NotAvailableError, match=r"image\.jpg \(tmpfs\).*tmpfs is memory"):
        prepare("cold", [in_memory])
    with pytest.raises(NotAvailableError, match="tmpfs is memory"):
        require_level("cold", [in_memory])
    assert require_level("warm", [in_memory]) == 0


def test_a_mapped_file_is_not_cold_and_its_user_is_named(cold_files: list[Path]) -> None:
    path = cold_files[-1]
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, prot=mmap.PROT_READ) as mapped:
        assert len(bytes(mapped)) == SIZES[-1]
        with pytest.raises(NotAvailableError, match=f"{path}.*mapped by process.*{os.getpid()}"):
            prepare("cold", cold_files)
    assert prepare("cold", cold_files) is not None


def test_one_small_mapped_file_among_many_is_tolerated(cold_files: list[Path]) -> None:
    path = cold_files[0]  # one page of more than three hundred
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, prot=mmap.PROT_READ) as mapped:
        assert len(bytes(mapped)) == 1
        found = prepare("cold", cold_files)
    assert found is not None
    assert 0 < found.resident <= pagecache.COLD_MOST


def test_the_page_cache_of_a_foreign_file_is_not_told(
    files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 4711)
    monkeypatch.setattr(os, "access", lambda *_, **__: False)
    for level in ("warm", "cold"):
        with pytest.raises(NotAvailableError, match=r"0\.bin.*user 4711 may not write"):
            prepare(level, files)
    assert prepare("as_found", files) is None
    assert require_level("as_found", files) == 0


def test_who_may_write_to_a_foreign_file_is_told(
    files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 4711)
    assert residency(files).bytes == sum(SIZES)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_the_kernel_really_lies_to_strangers(monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "image.jpg"
        path.write_bytes(os.urandom(100_000))
        Path(folder).chmod(0o755)
        make_cold([path])
        os.seteuid(NOBODY)
        try:
            with pytest.raises(NotAvailableError, match=f"user {NOBODY} may not write"):
                residency([path])
            monkeypatch.setattr(pagecache.counting, "_require_truth", lambda *_: None)
            told = residency([path])
        finally:
            os.seteuid(0)
        assert (told.resident, residency([path]).resident) == (1, 0)


def test_root_is_not_trusted_with_an_owner_it_cannot_see(
    files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "access", lambda *_, **__: False)
    pagecache.counting._require_truth(files[0], owner=1000)
    with pytest.raises(NotAvailableError, match=f"belongs to user {NOBODY}"):
        pagecache.counting._require_truth(files[0], owner=NOBODY)


def test_a_file_system_with_a_cache_of_its_own_has_no_level(
    cold_files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pagecache, "_read", lambda _: None)  # reading leaves nothing behind
    for level in ("warm", "cold"):
        with pytest.raises(
            NotAvailableError, match=r"6\.bin .* 0 of 245 pages.*\(0\.0 % of the pages of 7"
        ):
            require_level(level, cold_files)


def test_cold_is_not_available_where_storage_moves_nothing(
    cold_files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert require_level("cold", cold_files) > 0
    assert residency(cold_files).resident >= pagecache.WARM_LEAST
    monkeypatch.setattr(pagecache, "_storage_bytes_of_reading", lambda _: 0)
    with pytest.raises(NotAvailableError, match="moved 0 bytes from storage"):
        require_level("cold", cold_files)


def test_a_file_that_cannot_be_written_out_is_not_evicted(
    files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(NotAvailableError, match=r"0\.bin.*Input/output error"):
        prepare("cold", files)


def test_what_cannot_be_mapped_cannot_be_counted() -> None:
    path = Path("/sys/class/net/lo/mtu")
    if not path.exists() or not path.stat().st_size:
        pytest.skip("no file here that refuses to be mapped")
    with pytest.raises(NotAvailableError, match=r"mmap says|may not write"):
        residency([path])


def test_as_found_reads_once_and_tells_what_stayed(cold_files: list[Path]) -> None:
    found = prepare("as_found", cold_files)
    assert found is not None
    assert found.resident > pagecache.COLD_MOST


@pytest.mark.parametrize("level", ["warm", "cold", "as_found"])
def test_a_missing_file_is_an_error_and_no_reason(level: str, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"gone\.jpg"):
        prepare(level, [tmp_path / "gone.jpg"])


def test_an_unknown_level_is_refused(files: list[Path]) -> None:
    with pytest.raises(ValueError, match="'hot' is no level; use warm, cold or as_found"):
        prepare("hot", files)
