"""The names of stored maps, and what ties them to their polygons."""

from __future__ import annotations

import string

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedrate.targets.layout import file_names, polygons_hash

BOX = np.array([[10.0, 10.0], [60.5, 12.0], [59.0, 36.0], [8.5, 34.0]])
parts = st.lists(st.sampled_from(["a", "b", "jpg", "png", "npz"]), min_size=1, max_size=5)
texts = st.text(string.printable.replace("/", ""), min_size=1)  # a key has no folder
keys = st.sets(parts.map(".".join) | texts, max_size=20)


def test_files_are_named_by_the_stem() -> None:
    assert file_names(["b.png", "a.x.jpg"], ".npz") == {"b.png": "b.npz", "a.x.jpg": "a.x.npz"}
    folders = file_names(["x/a.jpg", "y/a.jpg", "y.z/a"], ".npz")
    assert folders == {"x/a.jpg": "x/a.npz", "y/a.jpg": "y/a.npz", "y.z/a": "y.z/a.npz"}


def test_the_second_key_of_a_stem_is_named_whole() -> None:
    names = {"a.jpg": "a.npz", "a.png": "a.png.npz"}
    assert file_names(["a.jpg", "a.png"], ".npz") == names
    assert file_names(["a.png", "a.jpg"], ".npz") == names


@settings(deadline=None, derandomize=True, max_examples=300)
@given(keys)
def test_no_two_keys_share_a_file(keys: set[str]) -> None:
    names = file_names(keys, ".npz")
    assert set(names) == keys
    assert len(set(names.values())) == len(keys)


def test_the_hash_tells_polygons_and_flags_apart() -> None:
    two = polygons_hash([BOX[:2], BOX[2:]], [False, False])
    assert len({two, polygons_hash([BOX], [False]), polygons_hash([BOX], [True])}) == 3


def test_the_hash_wants_one_flag_a_polygon() -> None:
    with pytest.raises(ValueError, match="zip"):
        polygons_hash([BOX], [])
