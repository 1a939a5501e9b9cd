"""Every generator makes what the `seed_json` reader reads, and tells its progress."""

import pytest

from feedrate.formats.seed_json import read
from feedrate.registry import REGISTRIES, resolve
from feedrate.sample import Sample


@pytest.mark.parametrize("name", REGISTRIES["generators"])
def test_a_generator_makes_images_and_annotations(name, tmp_path):
    told = []
    resolve("generators", name)(tmp_path, 2, 3, told.append)
    samples = list(read(tmp_path / "images", tmp_path / "annotations.json"))
    assert len(samples) == 2
    assert all(isinstance(item, Sample) and item.width and item.instances for item in samples)
    assert told[-1] == 2
