"""Every store of the registry: the right content, and the truth about where it came from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from feedrate.registry import REGISTRIES, resolve
from feedrate.sample import Prepared, Sample
from feedrate.stores import Store

Open = Callable[..., Store]


def prepare(index: int, data: bytes) -> Prepared:
    """A view whose pixels tell which sample and which bytes it was made of."""
    big = np.full((8, 8, 3), len(data), dtype=np.uint8)
    big[0] = index
    return Prepared(big[::2, ::2], (np.full((4, 2), float(index)),))


@pytest.fixture(params=REGISTRIES["images"])
def open_store(request: pytest.FixtureRequest) -> Open:
    return resolve("images", request.param)


@pytest.fixture
def samples(tmp_path: Path) -> list[Sample]:
    paths = [tmp_path / f"{index}.jpg" for index in range(3)]
    for index, path in enumerate(paths):
        path.write_bytes(bytes(range(10 * (index + 1))))
    return [Sample(path.name, path, 8, 8) for path in paths]


def test_reads_every_sample_in_any_order(open_store: Open, samples: list[Sample]) -> None:
    store = open_store(samples, prepare)
    assert len(store) == 3
    for index in (2, 0, 1, 2):
        payload, data = store.read(index).payload, samples[index].image_path.read_bytes()
        if isinstance(payload, bytes):
            assert payload == data
        else:
            np.testing.assert_array_equal(payload.image, prepare(index, data).image)
            np.testing.assert_array_equal(payload.polygons[0], np.full((4, 2), float(index)))


def test_the_origin_is_true(open_store: Open, samples: list[Sample]) -> None:
    store = open_store(samples, prepare)
    fetched = store.read(1)
    samples[1].image_path.unlink()
    if fetched.origin == "file":
        assert fetched.file_bytes == 20
        with pytest.raises(OSError, match=r"1\.jpg"):
            store.read(1)
    else:
        assert fetched.origin == "memory"
        assert fetched.file_bytes == 0
        assert store.read(1).payload is fetched.payload  # nothing is copied


def test_prepared_images_own_contiguous_pixels(open_store: Open, samples: list[Sample]) -> None:
    for index in range(3):
        payload = open_store(samples, prepare).read(index).payload
        if isinstance(payload, Prepared):
            assert payload.image.flags.c_contiguous
            assert payload.image.base is None
        else:
            assert isinstance(payload, bytes)


def test_preparing_is_part_of_opening(open_store: Open, samples: list[Sample]) -> None:
    calls: list[int] = []

    def counted(index: int, data: bytes) -> Prepared:
        calls.append(index)
        return prepare(index, data)

    store = open_store(samples, counted)
    opened = list(calls)
    payloads = [store.read(index).payload for index in range(3)]
    assert calls == opened
    assert opened == ([0, 1, 2] if isinstance(payloads[0], Prepared) else [])


def test_a_missing_file_is_named(open_store: Open, samples: list[Sample]) -> None:
    samples[2].image_path.unlink()
    with pytest.raises(OSError, match=r"2\.jpg"):
        open_store(samples, prepare).read(2)


def test_no_samples_make_an_empty_store(open_store: Open) -> None:
    assert len(open_store([], prepare)) == 0
