"""Seven tiny samples, their shards built and verified with any setting changed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from feedrate.maps import build_shard
from feedrate.sample import Polygon, Sample, TextInstance
from feedrate.targets import TargetParams
from feedrate.targets.codecs.npz import CODEC
from feedrate.verification import verify_maps

SIZE = (64, 96)
PARAMS = TargetParams()
CODE = "0123456789abcdef"
BOX = np.array([[10.0, 10.0], [60.5, 12.0], [59.0, 36.0], [8.5, 34.0]])


def sample(number: int, words: int) -> Sample:
    boxes = [BOX + np.array([number, 3.0 * word]) for word in range(words)]
    texts = tuple(TextInstance(box, ignore=word == 1) for word, box in enumerate(boxes))
    return Sample(f"{number:03}.jpg", Path(f"{number:03}.jpg"), 96, 64, texts)


SAMPLES = [sample(number, number % 4) for number in range(7)]  # the first has no text


def polygons_of(item: Sample) -> tuple[Sequence[Polygon], Sequence[bool]]:
    return [text.polygon for text in item.instances], [text.ignore for text in item.instances]


def build(directory: Path, samples: Sequence[Sample], **changed: Any) -> None:
    settings = {"codec": CODEC, "size": SIZE, "params": PARAMS, "code": CODE, **changed}
    build_shard(samples, polygons_of, directory, **settings)


def verify(maps_dir: Path, samples: Sequence[Sample] = SAMPLES, **changed: Any) -> dict[str, Any]:
    settings = {"codec": CODEC, "size": SIZE, "params": PARAMS, "code": CODE, **changed}
    settings.setdefault("polygons_of", polygons_of)
    shards = [maps_dir / str(shard) for shard in range(3)]
    return verify_maps(samples, shard_directories=shards, **settings)
