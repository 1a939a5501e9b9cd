"""The index gives back what it was given, and refuses what is none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tiny import QUAD, make_samples

from feedrate.index import Index, count_samples, read_index, read_places, write_index
from feedrate.sample import Sample, TextInstance

ODD = Sample(
    key="été, [1] 合計.jpg",
    image_path=Path("images/été, [1] 合計.jpg"),
    width=0,
    height=0,
    instances=(
        TextInstance(np.empty((0, 2)), True, "###"),
        TextInstance(np.array([[np.nan, np.inf]]), False, 'a "b",\r\n\0'),
        TextInstance(QUAD[[0, 1, 2, 3, 2]] + 0.1, False, ""),
    ),
    annotation="box/1.csv",
    declared_size=(3, 4),
)


def same(one: Sample, other: Sample) -> bool:
    fields = ("key", "image_path", "width", "height", "annotation", "declared_size")
    assert [getattr(one, name) for name in fields] == [getattr(other, name) for name in fields]
    for a, b in zip(one.instances, other.instances, strict=True):
        np.testing.assert_array_equal(a.polygon, b.polygon, strict=True)
        assert (a.ignore, a.text) == (b.ignore, b.text)
    return True


def test_samples_come_back_in_order(tmp_path: Path) -> None:
    samples = [
        ODD,
        *reversed(make_samples(tmp_path / "images", 3)),
        Sample("bare", Path("b"), 1, 2),
    ]
    write_index(tmp_path / "new/samples.parquet", samples)
    found = read_index(tmp_path / "new/samples.parquet")
    assert all(same(a, b) for a, b in zip(samples, found, strict=True))


def test_no_samples(tmp_path: Path) -> None:
    write_index(tmp_path / "samples.parquet", [])
    assert read_index(tmp_path / "samples.parquet") == []


def test_equal_samples_give_equal_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_index(tmp_path / name, [ODD])
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_failed_write_leaves_the_old_index(tmp_path: Path) -> None:
    path = tmp_path / "samples.parquet"
    write_index(path, [ODD])
    with pytest.raises(UnicodeEncodeError):
        write_index(path, [Sample("\ud800", Path("x"), 1, 1)])
    assert same(read_index(path)[0], ODD)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("content", [b"", b"no parquet at all", b"PAR1" * 10])
def test_other_file_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "samples.parquet").write_bytes(content)
    with pytest.raises(ValueError, match=r"samples\.parquet: not an index"):
        read_index(tmp_path / "samples.parquet")


def test_other_table_is_refused_by_name(tmp_path: Path) -> None:
    pq.write_table(pa.table({"width": ["wide"]}), tmp_path / "samples.parquet")
    with pytest.raises(ValueError, match=r"samples\.parquet: not an index"):
        read_index(tmp_path / "samples.parquet")


def test_places_are_read_from_the_row_groups_they_lie_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feedrate.index.ROWS_AT_ONCE", 3)
    path = tmp_path / "samples.parquet"
    assert write_index(path, (Sample(f"{n}.jpg", Path("x"), n, 1) for n in range(10))) == 10
    assert pq.ParquetFile(path).num_row_groups == 4
    assert [sample.width for sample in read_places(path, [0, 4, 5, 9])] == [0, 4, 5, 9]
    assert read_places(path, []) == []
    with pytest.raises(IndexError, match="10 samples, 10 asked for"):
        read_places(path, [3, 10])


def test_an_index_is_gone_through_more_than_once(tmp_path: Path) -> None:
    path = tmp_path / "samples.parquet"
    write_index(path, [ODD, ODD])
    index = Index(path)
    assert len(index) == count_samples(path) == 2
    assert [sample.key for sample in (*index, *index)] == [ODD.key] * 4
