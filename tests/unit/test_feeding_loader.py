"""`feedrate.build_loader`: the batches of the usual pipeline, whatever is done with them."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from PIL import Image
from tiny import QUAD, make_index, make_samples

from feedrate import build_loader
from feedrate.cell import Cell
from feedrate.collate.batch import Batch, Collate
from feedrate.feeding.crew import THREAD_NAME
from feedrate.feeding.loader import Order
from feedrate.pipeline import Setting, build_pipeline
from feedrate.sample import Sample, TextInstance
from feedrate.targets import TargetParams
from feedrate.transforms.albumentations import build as build_albumentations
from feedrate.transforms.letterbox import Letterbox

SIZE = 64
COUNT = 7
MAPS = {
    "prob_maps": "shrink_maps",
    "thresh_maps": "threshold_maps",
    "prob_mask": "shrink_masks",
    "thresh_mask": "threshold_masks",
}
USUAL = Cell.model_validate({"targets": "reference"})


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> list[Sample]:
    """Upright, wide and square pictures, so that padding lies on all sides in turn."""
    folder = tmp_path_factory.mktemp("tiny")
    made = make_samples(folder, COUNT)
    for number, size in ((2, (160, 90)), (4, (64, 64)), (5, (31, 40)), (6, (130, 130))):
        path = made[number].image_path
        with Image.open(path) as image:
            image.resize(size).save(path)
        made[number] = Sample(path.name, path, *size, made[number].instances)
    odd = TextInstance(QUAD[:2]), TextInstance(QUAD * np.nan), TextInstance(QUAD / 7)
    made[3] = Sample(
        made[3].key, made[3].image_path, made[3].width, 160, (*made[3].instances, *odd)
    )
    return made


def usual_batch(samples: list[Sample], params: TargetParams | None = None) -> Batch:
    """All images in one batch of the published pipeline: Pillow, albumentations, the reference."""
    setting = Setting(None, SIZE, params or TargetParams())
    pipeline = build_pipeline(USUAL, samples, range(len(samples)), setting)
    return Collate()([pipeline[index] for index in range(len(samples))])


@pytest.fixture(scope="module")
def usual(samples: list[Sample]) -> Batch:
    return usual_batch(samples)


def assert_usual(batch: dict[str, Any], usual: Batch, indices: list[int]) -> None:
    """Bits of the images, the shrink map and the masks; the kernel's rounding of the other map."""
    assert batch["indices"] == indices
    assert torch.equal(batch["images"], usual.images[indices])
    assert_maps(batch, usual, indices)


def assert_maps(batch: dict[str, Any], usual: Batch, indices: list[int]) -> None:
    for key, field in MAPS.items():
        theirs = getattr(usual, field)[indices].reshape(len(indices), 1, SIZE, SIZE)
        assert batch[key].dtype == theirs.dtype
        assert batch[key].shape == theirs.shape
        assert batch[key].is_contiguous()
        assert (batch[key].float() - theirs.float()).abs().max() <= 1e-6, key


def threads() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name.startswith(THREAD_NAME)]


@pytest.mark.parametrize("workers", [0, 1, 3])
@pytest.mark.parametrize("batch_size", [1, 2, 7, 9])
def test_batches_are_those_of_the_usual_pipeline(
    samples: list[Sample], usual: Batch, workers: int, batch_size: int
) -> None:
    with build_loader(samples, batch_size=batch_size, image_size=SIZE, workers=workers) as loader:
        for _ in range(3):  # memory is used again from the second batch or epoch on
            seen: list[int] = []
            for batch in loader:
                indices = list(range(len(seen), min(len(seen) + batch_size, COUNT)))
                assert_usual(batch, usual, indices)
                seen += indices
            assert seen == list(range(COUNT))
        assert len(loader) == -(-COUNT // batch_size)


@pytest.mark.parametrize("preset", ["feedrate", "db", "seed"])
def test_maps_are_drawn_as_asked(samples: list[Sample], preset: Any) -> None:
    params = TargetParams(preset=preset, shrink_ratio=0.5, thresh_min=0.2)
    loader = build_loader(samples, batch_size=COUNT, image_size=SIZE, workers=1, params=params)
    assert_usual(next(iter(loader)), usual_batch(samples, params), list(range(COUNT)))


@pytest.mark.parametrize("payload", ["float32", "uint8"])
def test_padding_is_right_in_memory_used_again(
    samples: list[Sample], usual: Batch, payload: Any
) -> None:
    """One place, in which wide and upright pictures follow one another in any order."""
    order = [int(index) for index in np.random.default_rng(0).integers(0, COUNT, 80)]
    loader = build_loader(
        samples, batch_size=1, image_size=SIZE, workers=0, payload=payload, sampler=order
    )
    places = set()
    for index, batch in zip(order, loader, strict=True):
        places.add(batch["images"].data_ptr())
        if payload == "float32":
            assert_usual(batch, usual, [index])
        else:
            square = batch["images"][0].permute(1, 2, 0).numpy().copy()
            sample = samples[index]
            inside = Letterbox.of((sample.height, sample.width), SIZE).inside(square)
            assert inside.max() > 0
            inside[...] = 0
            assert square.max() == 0
        del batch
    assert len(places) <= 2


def test_batches_that_are_held_never_change(samples: list[Sample], usual: Batch) -> None:
    with build_loader(samples, batch_size=2, image_size=SIZE, workers=2) as loader:
        held = [batch for _ in range(4) for batch in loader]
        parts = [(batch["indices"], batch["images"][-1:].numpy()) for batch in loader]
        masks = [(batch["indices"], batch["prob_mask"][0, 0, 3:]) for batch in loader]
        for _ in range(3):
            assert sum(1 for _ in loader) == 4
    for number, batch in enumerate(held):
        start = 2 * (number % 4)
        assert_usual(batch, usual, list(range(start, min(start + 2, COUNT))))
    for indices, image in parts:
        assert np.array_equal(image[0], usual.images[indices[-1]].numpy())
    for indices, mask in masks:
        assert usual.shrink_masks is not None
        assert torch.equal(mask, usual.shrink_masks[indices[0], 3:])


def test_memory_is_used_again_once_a_batch_is_let_go(samples: list[Sample]) -> None:
    with build_loader(samples, batch_size=1, image_size=SIZE, workers=2, ahead=2) as loader:
        places = set()
        for _ in range(4):
            for batch in loader:
                places.add(batch["images"].data_ptr())
        assert len(places) <= 4  # two ahead, one in the loop's hands, the one it asks for


def test_what_else_a_batch_holds(samples: list[Sample]) -> None:
    batch = next(iter(build_loader(samples, batch_size=COUNT, image_size=SIZE, workers=1)))
    assert batch["image_filename"] == [sample.image_path.name for sample in samples]
    assert batch["image_path"] == [str(sample.image_path) for sample in samples]
    assert batch["ignore"][0] == [False, True]
    assert batch["left_out"][0] == {"ignore_tag": 1}
    assert batch["left_out"][3]["too_few_points"] == 1
    assert batch["left_out"][3]["not_finite"] == 1
    for sample, polygons, inverse in zip(
        samples, batch["polygons"], batch["inverse_matrix"], strict=True
    ):
        for item, polygon in zip(sample.instances[:2], polygons[:2], strict=True):
            points = np.c_[polygon, np.ones(len(polygon))] @ inverse.T
            np.testing.assert_allclose(points[:, :2], item.polygon, atol=1e-3)


def test_scaled_pixels_have_the_same_maps_and_say_how_they_differ(
    samples: list[Sample], usual: Batch, capsys: pytest.CaptureFixture[str]
) -> None:
    options = {"batch_size": COUNT, "image_size": SIZE, "workers": 2, "payload": "uint8"}
    loader = build_loader(samples, exact=False, **options)
    told = capsys.readouterr().err
    batch = next(iter(loader))
    assert batch["images"].dtype == torch.uint8
    assert batch["images"].shape == (COUNT, 3, SIZE, SIZE)
    assert_maps(batch, usual, list(range(COUNT)))
    assert told == f"feedrate: {loader.difference.describe()}\n"
    apart = difference_to(usual, batch["images"])
    assert loader.difference.compared == loader.difference.of == COUNT
    assert loader.difference.largest == apart.max() > 0
    area = sum(min(1.0, min(each.width, each.height) / max(each.width, each.height))
               for each in samples) / COUNT  # fmt: skip
    assert loader.difference.mean * area == pytest.approx(apart.mean(), rel=0.05)
    assert apart[[4, 5]].max() == 0  # too small to be scaled


def difference_to(usual: Batch, images: torch.Tensor) -> np.ndarray:
    """Grey levels between a uint8 batch and a normalised one."""
    mean, deviation = (np.array(each).reshape(3, 1, 1) for each in STATISTICS)
    exact = np.rint((usual.images.numpy() * deviation + mean) * 255)
    return np.abs(exact - images.numpy().astype(np.float64))


STATISTICS = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def test_normalising_afterwards_gives_the_usual_numbers(samples: list[Sample]) -> None:
    options = {"batch_size": COUNT, "image_size": SIZE, "workers": 2, "exact": False}
    loader = build_loader(samples, payload="uint8", **options)
    batch = next(iter(loader))
    done = loader.normalise(batch)
    beforehand = next(iter(build_loader(samples, **options)))
    assert torch.equal(beforehand["images"], done["images"])
    expected = build_albumentations(SIZE)
    for place in range(COUNT):
        square = np.ascontiguousarray(batch["images"][place].permute(1, 2, 0).numpy())
        theirs = expected.normalise(square).transpose(2, 0, 1)
        assert np.array_equal(done["images"][place].numpy(), theirs)
    assert done["images"].is_contiguous()
    assert done["prob_maps"] is batch["prob_maps"]
    assert loader.normalise(done)["images"] is done["images"]
    short = loader.normalise({"images": batch["images"][:2]})["images"]
    assert torch.equal(short, done["images"][:2])
    with pytest.raises(ValueError, match=r"images are torch.int64 .* must be torch.uint8"):
        loader.normalise({"images": batch["images"].long()})


def test_bytes_of_whole_images_are_the_usual_numbers_once_they_are_normalised(
    samples: list[Sample], usual: Batch
) -> None:
    options = {"batch_size": COUNT, "image_size": SIZE, "workers": 2}
    loader = build_loader(samples, payload="uint8", **options)
    assert loader.difference is None
    assert_usual(loader.normalise(next(iter(loader))), usual, list(range(COUNT)))


def test_another_payload_is_refused(samples: list[Sample]) -> None:
    with pytest.raises(ValueError, match="payload is 'bf16', must be one of float32, uint8"):
        build_loader(samples, batch_size=1, payload="bf16")  # type: ignore[arg-type]


def test_arithmetic_and_table_agree_to_the_bit() -> None:
    from feedrate.feeding.normalising import compute
    from feedrate.feeding.painting import TABLE

    ramp = torch.arange(256, dtype=torch.uint8).reshape(1, 1, 1, 256).expand(1, 3, 1, 256)
    assert np.array_equal(compute(ramp)[0, :, 0].numpy(), TABLE)


def test_without_targets_no_polygons_are_needed(samples: list[Sample], usual: Batch) -> None:
    paths = [sample.image_path for sample in samples]
    loader = build_loader(paths, batch_size=COUNT, image_size=SIZE, workers=1, targets=False)
    batch = next(iter(loader))
    assert torch.equal(batch["images"], usual.images)
    assert not set(MAPS) & set(batch)


def test_shuffled_epochs_differ_and_come_again(samples: list[Sample]) -> None:
    def epochs(seed: int, start: int = 0) -> list[list[int]]:
        loader = build_loader(
            samples, batch_size=2, image_size=SIZE, workers=1, shuffle=True, seed=seed
        )
        loader.epoch = start
        with loader:
            return [[i for batch in loader for i in batch["indices"]] for _ in range(3)]

    first = epochs(1)
    assert all(sorted(order) == list(range(COUNT)) for order in first)
    assert len({tuple(order) for order in first}) == 3
    assert epochs(1) == first
    assert epochs(1, start=1)[:2] == first[1:]
    assert epochs(2) != first


def test_an_order_may_be_given_and_the_rest_left_out() -> None:
    assert Order(7, 3, drop_last=True).batches(0) == [[0, 1, 2], [3, 4, 5]]
    assert len(Order(7, 3, drop_last=True)) == 2
    given = Order(7, 2, sampler=[6, 0, 0])
    assert given.batches(5) == [[6, 0], [0]]
    assert len(given) == 2
    with pytest.raises(IndexError, match="the sampler gives 7; there are 7 images"):
        Order(7, 2, sampler=[7]).batches(0)
    with pytest.raises(ValueError, match="shuffle=True and a sampler"):
        Order(7, 2, shuffle=True, sampler=[0])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 0}, "batch_size is 0, must be 1 or more"),
        ({"workers": -1}, "workers is -1, must be 0 or more"),
        ({"image_size": 0}, "image_size is 0, must be 1 or more"),
        ({"ahead": -1}, "ahead is -1, must be 0 or more"),
    ],
)
def test_numbers_out_of_range_are_refused(
    samples: list[Sample], options: dict[str, int], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        build_loader(samples, **{"batch_size": 2, **options})


@pytest.fixture
def broken(tmp_path: Path) -> list[Sample]:
    made = make_samples(tmp_path, COUNT)
    data = made[3].image_path.read_bytes()
    made[3].image_path.write_bytes(data[: len(data) // 2])
    return made


def test_a_damaged_file_is_named_where_its_batch_would_come(broken: list[Sample]) -> None:
    loader = build_loader(broken, batch_size=2, image_size=SIZE, workers=2)
    for _ in range(2):
        iterator = iter(loader)
        assert next(iterator)["indices"] == [0, 1]
        with pytest.raises(ValueError, match=r"picture_3\.jpg: truncated JPEG"):
            next(iterator)


def test_a_file_that_went_or_changed_is_named(broken: list[Sample]) -> None:
    Image.new("RGB", (50, 60)).save(broken[1].image_path)
    broken[2].image_path.unlink()
    loader = build_loader(broken, batch_size=1, image_size=SIZE, workers=0, sampler=[1])
    with pytest.raises(ValueError, match=r"picture_1.jpg: is 50 x 60 px, but its sample was made"):
        next(iter(loader))
    loader = build_loader(broken, batch_size=1, image_size=SIZE, workers=2, sampler=[2])
    with pytest.raises(FileNotFoundError, match=r"picture_2\.jpg"):
        next(iter(loader))


def test_png_is_read_too(tmp_path: Path, samples: list[Sample]) -> None:
    path = tmp_path / "page.png"
    with Image.open(samples[0].image_path) as image:
        image.convert("RGBA").save(path)
    page = Sample(path.name, path, samples[0].width, samples[0].height, samples[0].instances)
    batch = next(iter(build_loader([page], batch_size=1, image_size=SIZE, workers=1)))
    assert_usual(batch, usual_batch([page]), [0])


def test_an_iteration_may_be_abandoned(samples: list[Sample], usual: Batch) -> None:
    with build_loader(samples, batch_size=2, image_size=SIZE, workers=2) as loader:
        for _ in range(5):
            held = next(iter(loader))
        assert_usual(held, usual, [0, 1])
        both = zip(loader, loader, strict=True)
        for number, (one, other) in enumerate(both):
            indices = list(range(2 * number, min(2 * number + 2, COUNT)))
            assert_usual(one, usual, indices)
            assert_usual(other, usual, indices)
            assert one["images"].data_ptr() != other["images"].data_ptr()


def test_threads_stay_between_epochs_and_end_with_the_block(samples: list[Sample]) -> None:
    before = threads()
    with build_loader(samples, batch_size=2, image_size=SIZE, workers=2) as loader:
        list(loader)
        first = set(threads()) - set(before)
        list(loader)
        assert set(threads()) - set(before) == first
        assert len(first) == 2
    assert not set(threads()) & first
    with pytest.raises(RuntimeError, match="this loader is closed"):
        next(iter(loader))


def test_a_loader_that_nobody_knows_leaves_no_threads(samples: list[Sample]) -> None:
    before = set(threads())
    loader = build_loader(samples, batch_size=2, image_size=SIZE, workers=2)
    batch = next(iter(loader))
    started = set(threads()) - before
    assert started
    del loader
    gc.collect()
    for thread in started:
        thread.join(20)
        assert not thread.is_alive()
    assert batch["images"].isfinite().all()


def test_an_index_of_a_study_is_read(tmp_path: Path) -> None:
    loader = build_loader(make_index(tmp_path, 3), batch_size=3, image_size=SIZE, workers=1)
    expected = usual_batch(make_samples(tmp_path / "images", 3))
    assert_usual(next(iter(loader)), expected, [0, 1, 2])


def test_importing_feedrate_loads_nothing_heavy() -> None:
    code = (
        "import sys, feedrate; heavy = {'torch', 'numpy', 'cv2', 'numba'} & set(sys.modules);"
        "from feedrate import build_loader; print(sorted(heavy), 'numba' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["[]", "True"]


@pytest.fixture(autouse=True)
def _opencv_threads() -> Iterator[None]:
    before = cv2.getNumThreads()
    yield
    assert cv2.getNumThreads() == before, "a loader must not change how others use OpenCV"


@pytest.mark.skipif("FEEDRATE_DATA" not in os.environ, reason="FEEDRATE_DATA names no real data")
def test_real_receipts_are_exact() -> None:
    folder = Path(os.environ["FEEDRATE_DATA"]) / "sroie"
    with build_loader(folder, batch_size=8, image_size=640, workers=2) as loader:
        setting = Setting(None, 640, TargetParams())
        cell = USUAL.with_levels({"targets": "kernel"})
        pipeline = build_pipeline(cell, loader.samples, [], setting)
        for number, batch in zip(range(4), loader, strict=False):
            theirs = Collate()([pipeline[8 * number + place] for place in range(8)])
            assert torch.equal(batch["images"], theirs.images)
            for key, field in MAPS.items():
                own = getattr(theirs, field).reshape(batch[key].shape)
                assert torch.equal(batch[key], own), key
