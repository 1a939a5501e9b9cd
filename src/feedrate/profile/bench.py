"""The bench of a profile: what a task works on, laid out before its clock starts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from feedrate.cell import Cell
from feedrate.clock import Clock
from feedrate.index import count_samples, read_places
from feedrate.pipeline import (
    Pipeline,
    Setting,
    build_pipeline,
    decode_sample,
    frame_polygons,
)
from feedrate.profile.openings import store_maps
from feedrate.registry import STORED_MAPS, resolve
from feedrate.sample import Sample
from feedrate.targets.params import TargetParams
from feedrate.transforms import build_transform, require_repeatable
from feedrate.work import TrialSpec, work_order


@dataclass(frozen=True)
class Bench:
    """Everything a task needs, read before its clock starts.

    Attributes:
        cell: The cell whose parts are profiled.
        setting: Of the pipeline.
        samples: The distinct images.
        order: Places in `samples`, in the order of delivery.
        folder: Where `store_maps` put the maps of the images delivered.
        part: The stage that is profiled alone, by the tasks that do so.
    """

    cell: Cell
    setting: Setting
    samples: Sequence[Sample]
    order: Sequence[int]
    folder: Path
    part: str

    @classmethod
    def set_up(cls, request: Mapping[str, Any]) -> Bench:
        """Read the samples and say what will run."""
        spec = TrialSpec(**request["spec"])
        index = Path(spec.index)
        chosen, order = work_order(count_samples(index), spec.images, spec.deliver, spec.seed)
        setting = Setting(
            maps_dir=Path(spec.maps_dir) if spec.maps_dir else None,
            image_size=spec.image_size,
            params=TargetParams(**spec.params),
            plugins=spec.plugins,
        )
        cell = Cell.model_validate(spec.levels)
        folder, part = Path(request["folder"]), request.get("part", "")
        return cls(cell, setting, read_places(index, chosen), order, folder, part)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the maps."""
        return (self.setting.image_size, self.setting.image_size)

    @property
    def delivered(self) -> list[Sample]:
        """The distinct samples delivered."""
        return [self.samples[place] for place in dict.fromkeys(self.order)]

    def pipeline(self, clock: Clock | None = None) -> Pipeline:
        """Build the pipeline; what preloads does it here, and compiled code is loaded."""
        return build_pipeline(self.cell, self.samples, self.order, self.setting, clock)

    def transform(self) -> Any:
        """Build the transform alone."""
        return build_transform(self.cell.transform, self.setting.image_size, self.setting.plugins)


def touched(pipeline: Pipeline, touch: Callable[[Any], None]) -> Pipeline:
    """Put a reader behind every part whose result leaves its stage."""

    def reading(part: Callable[..., Any]) -> Callable[..., Any]:
        def called(*arguments: Any) -> Any:
            result = part(*arguments)
            touch(result)
            return result

        return called

    transform = pipeline.transform
    return replace(
        pipeline,
        store=SimpleNamespace(read=reading(pipeline.store.read)),
        decode=reading(pipeline.decode),
        transform=SimpleNamespace(fit=transform.fit, normalise=reading(transform.normalise)),
        source=SimpleNamespace(fetch=reading(pipeline.source.fetch)),
    )


def decodes(bench: Bench) -> Iterator[Callable[[], Any]]:
    """Give one call an image that decodes it, its bytes being there."""
    decode = resolve("decoders", bench.cell.decoder, bench.setting.plugins)
    for sample in bench.delivered:
        yield partial(decode_sample, sample, decode, sample.image_path.read_bytes())


def fetches(bench: Bench) -> Iterator[Callable[[], Any]]:
    """Give one call an image that fetches its maps, its polygons being in their frame.

    Raises:
        ValueError: The maps are stored, and the transform is random (or does not say).
    """
    transform, name = bench.transform(), bench.cell.targets
    if name in STORED_MAPS:
        require_repeatable(transform, bench.cell.transform)
    codec = STORED_MAPS.get(name)
    keys = [sample.key for sample in bench.delivered]
    source = resolve("targets", name, bench.setting.plugins)(
        keys, bench.folder / codec if codec else None, bench.size, bench.setting.params
    )
    for sample in bench.delivered:
        yield partial(source.fetch, sample.key, *frame_polygons(sample, transform))


def store(bench: Bench) -> dict[str, Any]:
    """Store the maps of the images delivered, and read every image once: it is in memory then."""
    polygons_of = partial(frame_polygons, transform=bench.transform())
    store_maps(bench.delivered, polygons_of, bench.folder, bench.size, bench.setting.params)
    for sample in bench.samples:
        sample.image_path.read_bytes()
    return {}
