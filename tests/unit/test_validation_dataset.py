"""What only several samples show: twins, leaks, two annotations of one image, outliers."""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from tiny import QUAD, make_samples
from validating import survey, validate

from feedrate.sample import Sample, TextInstance
from feedrate.validation import CHECKS, Limits, stream_facts, write_facts
from feedrate.validation.facts import ImageFacts, digest_outlines
from feedrate.validation.outliers import fences
from feedrate.validation.pool import map_in_order

FACTS = ImageFacts(
    key="été.jpg",
    width=1 << 33,
    height=3,
    bytes=4,
    kind="JPEG",
    mode="RGB",
    sha256="a",
    pixels="b",
    outlines="c",
    instances=2,
    ignored=1,
    drawn=1,
    too_small=0,
    lost=0,
    text_sides=(8.5, 9.0),
)


def moved(sample: Sample, by: float) -> Sample:
    instances = tuple(replace(item, polygon=item.polygon + by) for item in sample.instances)
    return replace(sample, instances=instances)


def twin_of(sample: Sample, name: str, again: bool = False) -> Sample:
    """The same picture under another name: the same bytes, or only the same pixels."""
    path = sample.image_path.with_name(name)
    if again:
        stream = io.BytesIO()
        with PIL.Image.open(sample.image_path) as image:
            image.save(stream, "PNG")
        path.write_bytes(stream.getvalue())
    else:
        shutil.copy(sample.image_path, path)
    return replace(sample, key=name, image_path=path)


@pytest.mark.parametrize("again", [False, True], ids=["bytes", "pixels"])
def test_twins_are_found_on_all_but_the_first(tmp_path: Path, again: bool) -> None:
    samples = make_samples(tmp_path, 2)
    twin = twin_of(samples[0], "twin.png", again)
    backwards = replace(twin, instances=twin.instances[::-1])
    (finding,) = validate([*samples, backwards])
    assert (finding.key, finding.check) == ("twin.png", "duplicate_image")
    words = "the same pixels" if again else "the very bytes"
    assert finding.message == f"{words} of 'picture_0.jpg', with the same annotation"
    assert finding.location == str(twin.image_path)
    (conflict,) = validate([*samples, moved(twin, 1)])
    assert (conflict.key, conflict.check) == ("twin.png", "conflicting_twins")
    assert "different annotations" in conflict.message


def test_an_ignore_tag_makes_annotations_differ(tmp_path: Path) -> None:
    (sample,) = make_samples(tmp_path, 1)
    every = tuple(replace(item, ignore=True) for item in sample.instances)
    assert digest_outlines(sample) != digest_outlines(replace(sample, instances=every))
    assert digest_outlines(sample) == digest_outlines(
        replace(sample, instances=sample.instances[::-1])
    )
    split = (TextInstance(QUAD[:2]), TextInstance(QUAD[2:]))
    assert digest_outlines(replace(sample, instances=split)) != digest_outlines(
        replace(sample, instances=(TextInstance(QUAD),))
    )


def test_missing_files_are_no_twins(tmp_path: Path) -> None:
    samples = make_samples(tmp_path, 2)
    for sample in samples:
        sample.image_path.unlink()
    assert [item.check for item in validate(samples)] == ["unreadable_image"] * 2


def test_by_header_only_no_twin_is_seen(tmp_path: Path) -> None:
    (sample,) = make_samples(tmp_path, 1)
    twins = [sample, twin_of(sample, "twin.jpg")]
    assert validate(twins, limits=Limits(header_only=True)) == []


def test_a_second_annotation_is_found_at_its_place(tmp_path: Path) -> None:
    first, other = (replace(s, annotation=f"{s.key}.xml") for s in make_samples(tmp_path, 2))
    again = replace(first, annotation="again.xml")
    (finding,) = validate([first, again, other])
    assert (finding.key, finding.check) == ("picture_0.jpg", "annotated_twice")
    assert finding.location == "again.xml"
    assert "picture_0.jpg.xml" in finding.message
    (finding,) = validate([first, moved(again, 1), other])
    assert (finding.check, finding.location) == ("annotated_differently", "again.xml")


@pytest.mark.parametrize("again", [False, True], ids=["bytes", "pixels"])
def test_leaks_between_datasets_are_found(tmp_path: Path, again: bool) -> None:
    train = make_samples(tmp_path / "train", 3)
    leaked = twin_of(train[1], "val_1.png", again)
    held_out = make_samples(tmp_path / "val", 6)[3:]
    _, facts = survey(train)
    write_facts(tmp_path / "train.parquet", facts)
    apart = {"train": tmp_path / "train.parquet"}
    (finding,) = validate([leaked, *held_out], apart_from=apart)
    assert (finding.key, finding.check, finding.severity) == ("val_1.png", "leaked_image", "error")
    words = "the same pixels" if again else "the very bytes"
    assert finding.message == f"{words} of 'picture_1.jpg' of train"


def test_headers_alone_cannot_tell_leaks(tmp_path: Path) -> None:
    samples = make_samples(tmp_path, 2)
    headers = Limits(header_only=True)
    path = tmp_path / "train.parquet"
    write_facts(path, survey(samples)[1])
    with pytest.raises(ValueError, match=r"by header only .* of train"):
        validate(samples, limits=headers, apart_from={"train": path})
    write_facts(path, survey(samples, limits=headers)[1])
    with pytest.raises(ValueError, match=r"train\.parquet: 'picture_0\.jpg' was read by"):
        validate(samples, apart_from={"train": path})


def test_a_killed_process_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1})
    with pytest.raises(ChildProcessError, match=r"was killed while .* lower limit of megapixels"):
        list(map_in_order(os._exit, [3] * 40, 4))


def test_facts_come_back(tmp_path: Path) -> None:
    path = tmp_path / "new/facts.parquet"
    many = [replace(FACTS, key=str(number)) for number in range(1500)]
    write_facts(path, iter([FACTS, *many]))
    assert list(stream_facts(path)) == [FACTS, *many]
    write_facts(path, [])
    assert list(stream_facts(path)) == []


def test_other_files_are_no_facts(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("x" * 99)
    with pytest.raises(ValueError, match="text: not the facts"):
        list(stream_facts(tmp_path / "text"))
    index = tmp_path / "index.parquet"
    from feedrate.index import write_index

    write_index(index, make_samples(tmp_path, 1))
    with pytest.raises(ValueError, match=r"index\.parquet: not the facts.*columns"):
        list(stream_facts(index))


def crowd(folder: Path, sizes: Sequence[tuple[int, int]], counts: Sequence[int]) -> list[Sample]:
    """Grey pictures of these sizes, with as many texts each."""
    samples = []
    for number, ((width, height), count) in enumerate(zip(sizes, counts, strict=True)):
        path = folder / f"{number}.png"
        pixels = np.full((height, width, 3), number, np.uint8)
        PIL.Image.fromarray(pixels).save(path)
        texts = tuple(TextInstance(np.add(QUAD, (0, 2 * k))) for k in range(count))
        samples.append(Sample(path.name, path, width, height, texts))
    return samples


SIZES = [(100 + number, 120) for number in range(20)]
COUNTS = [4 + number % 3 for number in range(20)]


def outliers(folder: Path, size: tuple[int, int], count: int, usual: int = 20) -> list[str]:
    samples = crowd(folder, [*SIZES[:usual], size], [*COUNTS[:usual], count])
    found = validate(samples, limits=Limits(header_only=True))
    whole = [item for item in found if item.check.endswith("_outlier")]
    assert all(item.location.endswith(item.key) for item in whole)
    return [f"{item.key} {item.check} {item.message}" for item in whole]


def test_a_crowded_page_is_an_outlier(tmp_path: Path) -> None:
    (message,) = outliers(tmp_path, (100, 120), 40)
    assert message.startswith("20.png density_outlier 40 texts; the median is 5, the fences are ")


def test_a_wide_picture_is_an_outlier(tmp_path: Path) -> None:
    (message,) = outliers(tmp_path, (240, 60), 5)
    assert message.startswith("20.png aspect_outlier 4 times as wide as high; the median is 0.917")


def test_a_large_picture_is_an_outlier(tmp_path: Path) -> None:
    (message,) = outliers(tmp_path, (1000, 1200), 5)
    assert message.startswith("20.png size_outlier 1.2 megapixels, ")
    assert " bits a pixel; the median is 0.0132, the fences are " in message


def test_usual_samples_and_few_samples_have_no_outliers(tmp_path: Path) -> None:
    assert outliers(tmp_path, (110, 200), 8) == []
    assert outliers(tmp_path, (1000, 1200), 40, usual=18) == []


def test_fences_are_tukeys_and_never_near() -> None:
    values = np.exp([0, 0, 1, 2, 2])
    low, median, high = np.log(fences(values))
    assert (low, median, high) == pytest.approx((-6, 1, 8))
    assert fences(np.full(9, 5.0)) == pytest.approx((2.5, 5, 10))


def test_severities_of_what_the_whole_shows_are_the_tables(tmp_path: Path) -> None:
    (sample,) = make_samples(tmp_path, 1)
    (finding,) = validate([sample, twin_of(sample, "twin.jpg")])
    assert finding.severity == CHECKS["duplicate_image"].severity
    assert validate([sample, twin_of(sample, "twin.jpg")], (), {"duplicate_image": "off"}) == []
