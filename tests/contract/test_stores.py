"""Every store of the registry: the right content, and the truth about where it came from."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import storing

from feedrate.registry import BUILT_STORES, FITTED_STORES, REGISTRIES, resolve
from feedrate.sample import Fetched, Prepared, Sample
from feedrate.stores import Store


def prepare(index: int, data: bytes) -> Prepared:
    """A view whose pixels tell which sample and which bytes it was made of."""
    big = np.full((8, 8, 3), len(data), dtype=np.uint8)
    big[0] = index
    return Prepared(big[::2, ::2], (np.full((4, 2), float(index)),))


def prepare_sample(sample: Sample, data: bytes) -> Prepared:
    return prepare(int(Path(sample.key).stem), data)


@dataclass(frozen=True)
class Plugin:
    """One store of the registry; a built one is built before it is opened."""

    name: str
    folder: Path

    @property
    def built(self) -> bool:
        return self.name in BUILT_STORES

    def says(self, name: str) -> bool:
        return bool(getattr(storing.module_of(self.name), name, False))

    def build(self, samples: list[Sample]) -> None:
        if self.built:
            storing.build(self.name, samples, self.folder, prepare=prepare_sample)

    def open(
        self, samples: list[Sample], prepare: Callable[[int, bytes], Prepared] = prepare
    ) -> Store:
        store: Store = resolve("images", self.name)(
            samples, prepare, self.folder if self.built else None
        )
        return store

    def stock(
        self, samples: list[Sample], prepare: Callable[[int, bytes], Prepared] = prepare
    ) -> Store:
        self.build(samples)
        return self.open(samples, prepare)


@pytest.fixture(params=REGISTRIES["images"])
def plugin(request: pytest.FixtureRequest, tmp_path: Path) -> Plugin:
    reason = getattr(storing.module_of(request.param), "unavailable", lambda: None)()
    if reason:
        pytest.skip(reason)
    return Plugin(request.param, tmp_path / "stores" / request.param)


@pytest.fixture
def samples(tmp_path: Path) -> list[Sample]:
    paths = [tmp_path / f"{index}.jpg" for index in range(3)]
    for index, path in enumerate(paths):
        path.write_bytes(bytes(range(10 * (index + 1))))
    return [Sample(path.name, path, 8, 8) for path in paths]


def content(fetched: Fetched[Any]) -> bytes:
    payload = fetched.payload
    if isinstance(payload, bytes):
        return payload
    return b"".join([payload.image.tobytes(), *(each.tobytes() for each in payload.polygons)])


def test_reads_every_sample_in_any_order(plugin: Plugin, samples: list[Sample]) -> None:
    store = plugin.stock(samples)
    assert len(store) == 3
    for index in (2, 0, 1, 2):
        payload, data = store.read(index).payload, samples[index].image_path.read_bytes()
        if isinstance(payload, Prepared):
            np.testing.assert_array_equal(payload.image, prepare(index, data).image)
            np.testing.assert_array_equal(payload.polygons[0], np.full((4, 2), float(index)))
        elif plugin.says("LOSSY"):
            assert payload.startswith(b"\xff\xd8\xff")
        else:
            assert payload == data


def test_some_of_the_samples_in_another_order(plugin: Plugin, samples: list[Sample]) -> None:
    plugin.build(samples)
    every = plugin.open(samples)
    if plugin.says("DECODED"):  # its `prepare` is told places in the list that was opened
        chosen, moved = [samples[2], samples[1]], lambda index, data: prepare(2 - index, data)
    else:
        chosen, moved = [samples[2], samples[1]], prepare
    some = plugin.open(chosen, moved)
    assert [content(some.read(0)), content(some.read(1))] == [
        content(every.read(2)),
        content(every.read(1)),
    ]


def test_the_origin_is_true(plugin: Plugin, samples: list[Sample]) -> None:
    store = plugin.stock(samples)
    fetched = store.read(1)
    assert fetched.origin == storing.module_of(plugin.name).ORIGIN
    assert (fetched.file_bytes > 0) == (fetched.origin == "file")
    samples[1].image_path.unlink()
    if fetched.origin == "memory":
        assert store.read(1).payload is fetched.payload  # nothing is copied
    elif plugin.built:
        assert content(store.read(1)) == content(fetched)  # the originals are left alone
    else:
        assert fetched.file_bytes == 20
        with pytest.raises(OSError, match=r"1\.jpg"):
            store.read(1)


def test_the_bytes_read_are_those_handed_over(plugin: Plugin, samples: list[Sample]) -> None:
    store = plugin.stock(samples)
    for index in range(3):
        fetched = store.read(index)
        payload = fetched.payload
        held = payload.image.nbytes if isinstance(payload, Prepared) else len(payload)
        assert fetched.file_bytes == (held if fetched.origin == "file" else 0)


def test_prepared_images_hold_no_more_than_their_pixels(
    plugin: Plugin, samples: list[Sample]
) -> None:
    store = plugin.stock(samples)
    for index in range(3):
        payload = store.read(index).payload
        assert isinstance(payload, Prepared) == plugin.says("DECODED")
        if isinstance(payload, Prepared):
            assert payload.image.flags.c_contiguous
            assert type(payload.image) is np.ndarray
            assert payload.image.base is None or plugin.says("MAPPED")


def test_preparing_is_part_of_opening(plugin: Plugin, samples: list[Sample]) -> None:
    calls: list[int] = []

    def counted(index: int, data: bytes) -> Prepared:
        calls.append(index)
        return prepare(index, data)

    store = plugin.stock(samples, counted)
    opened = list(calls)
    for index in range(3):
        store.read(index)
    assert calls == opened
    # A store that was built looks whether the first image is still the one it holds.
    expected = {"decoded_ram": [0, 1, 2], "decoded_mmap": [0]}
    assert opened == expected.get(plugin.name, [])


def test_a_copy_sent_to_another_process_reads_the_same(
    plugin: Plugin, samples: list[Sample]
) -> None:
    store = plugin.stock(samples)
    copy = pickle.loads(pickle.dumps(store))  # noqa: S301
    assert [content(copy.read(i)) for i in range(3)] == [content(store.read(i)) for i in range(3)]


def test_a_missing_file_is_named(plugin: Plugin, samples: list[Sample]) -> None:
    plugin.build(samples)
    samples[2].image_path.unlink()
    with pytest.raises(OSError, match=r"2\.jpg"):
        plugin.open(samples).read(2)


def test_no_samples_make_an_empty_store(plugin: Plugin) -> None:
    assert len(plugin.stock([])) == 0


def test_what_is_built_is_a_level_and_says_how(plugin: Plugin) -> None:
    module = storing.module_of(plugin.name)
    assert plugin.built == hasattr(module, "write_store") == hasattr(module, "files_of")
    assert plugin.built or plugin.name not in FITTED_STORES
