"""Whatever a training loop has of its data: a folder, an index, samples, lists."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tiny import QUAD, make_index, make_samples

from feedrate.feeding.sources import gather_samples

FORMS = [
    QUAD,
    QUAD.tolist(),
    QUAD[np.newaxis],
    QUAD.astype(np.float32),
    QUAD.astype(np.int32),
    torch.from_numpy(QUAD),
]


def write_icdar(folder: Path, count: int = 3) -> list[Path]:
    """A dataset of a known format: images, and a text file beside each."""
    samples = make_samples(folder / "images", count)
    (folder / "gts").mkdir()
    for sample in samples:
        lines = [
            ",".join(f"{int(value)}" for value in item.polygon.ravel()) + f",{text}"
            for item, text in zip(sample.instances, ("total", "###"), strict=True)
        ]
        path = folder / "gts" / f"gt_{sample.image_path.stem}.txt"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return [sample.image_path for sample in samples]


def test_a_folder_is_read_in_the_format_that_it_has(tmp_path: Path) -> None:
    paths = write_icdar(tmp_path)
    for source in (tmp_path, str(tmp_path)):
        samples = gather_samples(source)
        assert [sample.image_path for sample in samples] == paths
        assert [item.ignore for item in samples[0].instances] == [False, True]
        np.testing.assert_allclose(samples[0].instances[0].polygon, QUAD)


def test_what_is_wrong_with_a_folder_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_icdar(tmp_path)
    bad = tmp_path / "gts" / "gt_picture_1.txt"
    bad.write_text("1,2,three\n", encoding="utf-8")
    with caplog.at_level(logging.WARNING, "feedrate"):
        samples = gather_samples(tmp_path)
    assert len(samples) == 3
    assert "1 findings while reading, the first: picture_1.jpg" in caplog.text
    assert "`feedrate validate` lists all" in caplog.text


def test_a_sound_folder_says_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_icdar(tmp_path)
    gather_samples(tmp_path)
    assert caplog.text == ""


def test_an_index_is_read(tmp_path: Path) -> None:
    assert len(gather_samples(make_index(tmp_path, 4))) == 4


def test_samples_stay_as_they_are(tmp_path: Path) -> None:
    samples = make_samples(tmp_path, 2)
    assert gather_samples(samples) == samples


@pytest.mark.parametrize("form", FORMS, ids=lambda form: type(form).__name__)
def test_lists_become_samples(form: Any) -> None:
    paths: list[str | Path] = ["a/1.jpg", Path("b/2.jpg")]
    first, second = gather_samples(paths, [[form, form], None], [[False, 1], None])
    assert [item.ignore for item in first.instances] == [False, True]
    assert first.instances[0].polygon.dtype == np.float64
    assert np.array_equal(first.instances[1].polygon, QUAD)
    assert (second.key, second.instances) == ("2.jpg", ())
    assert first.image_path == Path("a/1.jpg")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((["a.jpg"],), "images without polygons: give `polygons`"),
        ((["a.jpg", "b.jpg"], [[]]), "2 images, 1 lists of polygons and 2 of ignore flags"),
        ((["a.jpg"], [[QUAD]], [[]]), r"a\.jpg: 1 polygons but 0 ignore flags"),
        ((["a.jpg"], [[QUAD[0]]]), r"a\.jpg: a polygon has the shape \(2,\), must be \(N, 2\)"),
        (([], []), "there are no images to load"),
    ],
)
def test_lists_that_do_not_fit_are_refused(arguments: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        gather_samples(*arguments)


def test_polygons_are_refused_where_the_source_has_its_own(tmp_path: Path) -> None:
    samples = make_samples(tmp_path, 1)
    with pytest.raises(ValueError, match="samples have their own"):
        gather_samples(samples, [[QUAD]])
    with pytest.raises(ValueError, match="a folder or an index has its own"):
        gather_samples(tmp_path, [[QUAD]])
    with pytest.raises(ValueError, match="either samples or paths"):
        gather_samples([samples[0], "a.jpg"], [[], []])  # type: ignore[list-item]


def test_a_folder_without_a_dataset_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no images with annotations"):
        gather_samples(tmp_path)
    with pytest.raises(FileNotFoundError):
        gather_samples(tmp_path / "nowhere")
