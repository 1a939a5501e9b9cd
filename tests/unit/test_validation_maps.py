"""Maps made elsewhere are held against the annotation; texts are followed into the maps."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tiny import QUAD, make_samples
from validating import survey, validate

from feedrate.sample import Finding, Sample, TextInstance
from feedrate.targets import TargetParams, build_targets
from feedrate.targets.codecs import Drawn
from feedrate.targets.codecs.npz import CODEC
from feedrate.transforms.albumentations import build
from feedrate.validation import Limits
from feedrate.validation.texts import fit_polygons

SIDE = 160
LIMITS = Limits(image_size=SIDE, params=TargetParams(min_text_side=4))


def npz(sample: Sample, shift: float = 0.0, side: int = SIDE) -> bytes:
    polygons = [item.polygon + shift for item in sample.instances]
    fitted = fit_polygons(polygons, (sample.width, sample.height), side)
    ignore = [item.ignore for item in sample.instances]
    targets = build_targets(fitted, ignore, (side, side), LIMITS.params)
    return CODEC.encode(Drawn(fitted, ignore, (side, side), LIMITS.params, targets))


@pytest.fixture
def samples(tmp_path: Path) -> list[Sample]:
    return make_samples(tmp_path / "images", 3)


@pytest.fixture
def maps(tmp_path: Path, samples: list[Sample]) -> Path:
    folder = tmp_path / "maps"
    folder.mkdir()
    for sample in samples:
        (folder / f"{Path(sample.key).stem}.npz").write_bytes(npz(sample))
    return folder


def check(samples: list[Sample], maps: Path) -> list[Finding]:
    return validate(samples, limits=LIMITS, maps=maps)


def test_good_maps_give_no_finding(samples: list[Sample], maps: Path) -> None:
    assert check(samples, maps) == []


def test_nested_maps_and_flat_maps_are_both_found(samples: list[Sample], maps: Path) -> None:
    nested = [replace(sample, key=f"sub/{sample.key}") for sample in samples]
    assert check(nested, maps) == []
    (maps / "sub").mkdir()
    (maps / "picture_1.npz").rename(maps / "sub/picture_1.npz")
    (maps / "picture_2.npz").rename(maps / "sub/picture_2.jpg.npz")
    assert check(nested, maps) == []


def test_missing_and_orphan_maps_are_named(samples: list[Sample], maps: Path) -> None:
    (maps / "picture_1.npz").rename(maps / "other.npz")
    missing, orphan = check(samples, maps)
    assert (missing.key, missing.check) == ("picture_1.jpg", "missing_map")
    assert missing.location == str(maps / "picture_1.npz")
    assert (orphan.key, orphan.check) == ("other.npz", "orphan_map")
    assert orphan.location == str(maps / "other.npz")


def test_maps_need_a_folder(samples: list[Sample], tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="absent: no such folder"):
        check(samples, tmp_path / "absent")


def saved(**arrays: object) -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)  # type: ignore[arg-type]
    return stream.getvalue()


PLANE = np.zeros((1, SIDE, SIDE), np.float32)
STALE: dict[str, tuple[Callable[[Sample], bytes], str]] = {
    "another size": (lambda s: npz(s, side=128), r"\(128, 128\), must be \(160, 160\)"),
    "another key": (lambda s: saved(prob_map=PLANE), "thresh_map"),
    "another type": (
        lambda s: saved(prob_map=PLANE.astype(np.float64), thresh_map=PLANE),
        "must be float32",
    ),
    "pickled": (
        lambda s: saved(prob_map=np.array([{}], object), thresh_map=PLANE),
        "allow_pickle=False",
    ),
    "cut": (lambda s: npz(s)[:-99], "not an npz archive"),
    "no archive": (lambda s: b"\x1b[31m", "not an npz archive"),
    "one pixel aside": (lambda s: npz(s, shift=1), "of its text is not where the annotation and"),
    "empty": (lambda s: saved(prob_map=PLANE, thresh_map=PLANE), "100% of its text"),
}


@pytest.mark.parametrize("name", STALE)
def test_stale_maps_are_told_why(samples: list[Sample], maps: Path, name: str) -> None:
    make, words = STALE[name]
    (maps / "picture_2.npz").write_bytes(make(samples[2]))
    (finding,) = check(samples, maps)
    assert (finding.key, finding.check) == ("picture_2.jpg", "stale_map")
    assert finding.message.isprintable()
    assert finding.location == str(maps / "picture_2.npz")
    assert re.search(words, finding.message)


def test_maps_of_an_unreadable_image_are_read_only(samples: list[Sample], maps: Path) -> None:
    samples[0].image_path.write_bytes(b"")
    samples[0] = replace(samples[0], width=0, height=0)
    assert [item.check for item in check(samples, maps)] == ["unreadable_image"]


@pytest.mark.parametrize("size", [(120, 160), (333, 100), (1, 640), (97, 501), (1280, 720)])
def test_polygons_are_fitted_as_the_transform_fits_them(size: tuple[int, int]) -> None:
    width, height = size
    picture = np.zeros((height, width, 3), np.uint8)
    (expected,) = build(640).fit(picture, [QUAD]).polygons
    (fitted,) = fit_polygons([QUAD], size, 640)
    np.testing.assert_allclose(fitted, expected, rtol=1e-6, atol=1e-3)


def test_the_fate_of_every_text_is_counted(samples: list[Sample]) -> None:
    small = TextInstance(QUAD * (0.5, 0.05) + (0, 100))
    sliver = TextInstance(np.array([[10.0, 40], [60, 90], [60, 91], [10, 41]]))
    outside = TextInstance(QUAD + 500)
    sample = replace(samples[0], instances=(*samples[0].instances, small, sliver, outside))
    found, (facts,) = survey([sample])
    assert (facts.instances, facts.ignored, facts.drawn) == (5, 1, 1)
    assert (facts.too_small, facts.lost) == (1, 2)
    assert len(facts.text_sides) == 4
    (lost,) = [item.message for item in found if item.check == "lost_instance"]
    assert lost.endswith("texts not in the maps at 640 px: 2 of 5 (1 out of frame, 1 shrunk away)")


def test_a_text_is_as_small_as_the_input_makes_it(samples: list[Sample]) -> None:
    (finding,) = validate(samples[:1], limits=Limits(image_size=40))
    assert finding.check == "text_too_small"
    assert "texts below 8 px at 40 px: 1 of 2, the smallest has 6" in finding.message
    assert validate(samples[:1], limits=Limits(image_size=64)) == []
