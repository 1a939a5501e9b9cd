"""Every decoder on the same images, in turn: how fast, how exact, and whether it blocks others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from feedrate.index import count_samples, read_places
from feedrate.intervals import MIN_PAIRS, signed_rank_interval
from feedrate.machine import fingerprint
from feedrate.pipeline import decode_sample
from feedrate.registry import Plugins, names, resolve, target_of
from feedrate.sample import Image, Sample
from feedrate.speed.differences import RESIZED_BY, Differences, shrink_like
from feedrate.speed.libraries import libjpeg_of, version_of
from feedrate.speed.readings import Reading, read_both_in_turn
from feedrate.speed.stalls import judge_stall, measure_controls, measure_stall
from feedrate.work import work_order

SCHEMA = 1
ROUNDS = 4
SHORTEST_MS = 5.0
"""A reading lasts at least so long; what is read is the median of the rounds."""

REFERENCE = "pillow"
"""The decoder that the others are compared with: the one of most training code."""


@dataclass(frozen=True)
class Setting:
    """What is asked of the decoders.

    Attributes:
        images: How many images are drawn; all where the dataset has fewer.
        at_least: The longer side (px) that is enough.
        seed: Draws the images.
        plugins: The config's own plug-ins.
    """

    images: int
    at_least: int
    seed: int
    plugins: Plugins = field(default_factory=dict)


@dataclass
class Seen:
    """What was seen of one decoder so far.

    Attributes:
        decode: The decoder.
        times: Milliseconds a decode by the image's number; none where it was refused.
        scales: How often it decoded at which share of the size.
        differences: From the reference's pixels.
        refusals: Why it refused images.
    """

    decode: Callable[..., Image]
    times: dict[int, Reading] = field(default_factory=dict)
    scales: Counter[str] = field(default_factory=Counter)
    differences: Differences = field(default_factory=Differences)
    refusals: list[str] = field(default_factory=list)

    def decodes(self, data: bytes, whole: Image, at_least: int) -> bool:
        """Decode an image once, and compare it with the whole one; tell whether it could."""
        try:
            image = self.decode(data, at_least)
        except ValueError as error:
            self.refusals.append(str(error))
            return False
        self.scales[scale_of(image, whole)] += 1
        self.differences.add(image, shrink_like(whole, image))
        return True


def bench_decoders(
    dataset: str, index: Path, setting: Setting, progress: Callable[[int, int], None]
) -> dict[str, Any]:
    """Decode images of a dataset with every decoder that can be used here, one thread, in turn.

    Args:
        dataset: Its name.
        index: Its accepted samples.
        setting: What is asked of the decoders.
        progress: Told the number of images done and to do.

    Returns:
        The content of ``results/speed/decoders/{dataset}.json``: a row a decoder, and why others
        have none. ``cpu`` and ``wall`` hold milliseconds a megapixel *of the file*, whatever is
        delivered, and how many times as fast as the reference a typical image is decoded, with
        its interval over images. ``stall`` is the share of a decode for which it keeps another
        thread waiting, beside those of two controls.

    Raises:
        ValueError: The reference refuses an image; the message names it.
    """
    available = count_samples(index)
    places, _ = work_order(available, min(setting.images, available), 0, setting.seed)
    samples = read_places(index, places)
    usable, unavailable = find_decoders(setting.plugins)
    seen = {name: Seen(decode) for name, decode in usable.items()}
    megapixels = []
    for number, sample in enumerate(samples):
        megapixels.append(_bench_image(number, sample, seen, setting.at_least))
        progress(number + 1, len(samples))
    controls = measure_controls()
    rows = []
    for name, one in seen.items():
        if not one.times:
            unavailable[name] = f"reads none of these images: {one.refusals[0]}"
            continue
        row = _row(name, one, seen[REFERENCE].times, megapixels, setting.plugins)
        stall = _stall(one, samples, megapixels, setting.at_least)
        rows.append({**row, "stall": stall, "holds_gil": judge_stall(stall, controls)})
    return {
        "schema": SCHEMA,
        "dataset": dataset,
        "images": len(samples),
        "at_least": setting.at_least,
        "seed": setting.seed,
        "rounds": ROUNDS,
        "reference": REFERENCE,
        "resized_by": RESIZED_BY,
        "machine": fingerprint(),
        "megapixels": megapixels,
        "controls": controls,
        "decoders": rows,
        "unavailable": unavailable,
    }


def find_decoders(plugins: Plugins) -> tuple[dict[str, Callable[..., Image]], dict[str, str]]:
    """List the decoders that can be used here, and of the others the reason why not, by name."""
    usable, reasons = dict[str, Callable[..., Image]](), dict[str, str]()
    for name in names("decoders", plugins):
        reason = getattr(_module(name, plugins), "unavailable", lambda: None)()
        if reason:
            reasons[name] = reason
        else:
            usable[name] = resolve("decoders", name, plugins)
    return usable, reasons


def scale_of(image: Image, whole: Image) -> str:
    """Say at which share of its size an image was decoded: ``1``, ``1/2``; in eighths."""
    return str(Fraction(round(8 * max(image.shape[:2]) / max(whole.shape[:2])), 8))


def compare_times(
    ours: Sequence[float], theirs: Sequence[float], megapixels: Sequence[float]
) -> dict[str, float | None]:
    """Sum up times of the same images, and say how many times as fast ours are.

    The ratio is the Hodges-Lehmann centre of the images' log-ratios with its 95 % interval: of a
    typical image, however large. With fewer images than an interval needs there is none.
    """
    summed = {
        "ms_per_megapixel": sum(ours) / sum(megapixels),
        "median_ms_per_megapixel": median(
            ms / size for ms, size in zip(ours, megapixels, strict=True)
        ),
    }
    if len(ours) < MIN_PAIRS:
        return {**summed, "ratio": None, "low": None, "high": None}
    found = signed_rank_interval(np.log(np.divide(theirs, ours)))
    bounds = {"ratio": found.centre, "low": found.low, "high": found.high}
    return {**summed, **{name: float(np.exp(value)) for name, value in bounds.items()}}


def _bench_image(number: int, sample: Sample, seen: Mapping[str, Seen], at_least: int) -> float:
    """Time all decoders on one image; returns its megapixels."""
    data = Path(sample.image_path).read_bytes()
    whole = decode_sample(sample, seen[REFERENCE].decode, data)
    calls = {
        name: [partial(one.decode, data, at_least)]
        for name, one in seen.items()
        if one.decodes(data, whole, at_least)
    }
    for name, readings in read_both_in_turn(calls, ROUNDS, SHORTEST_MS).items():
        cpu_ms, wall_ms = (median(values) for values in zip(*readings, strict=True))
        seen[name].times[number] = Reading(cpu_ms, wall_ms)
    height, width = whole.shape[:2]
    return float(height * width) / 1e6


def _row(
    name: str,
    one: Seen,
    reference: Mapping[int, Reading],
    megapixels: Sequence[float],
    plugins: Plugins,
) -> dict[str, Any]:
    library = getattr(_module(name, plugins), "LIBRARY", name)
    sizes = [megapixels[number] for number in one.times]
    clocks = {
        clock: compare_times(
            [getattr(each, f"{clock}_ms") for each in one.times.values()],
            [getattr(reference[number], f"{clock}_ms") for number in one.times],
            sizes,
        )
        for clock in ("cpu", "wall")
    }
    return {
        "decoder": name,
        "library": library,
        "version": version_of(library),
        "libjpeg": libjpeg_of(library),
        "images": len(one.times),
        "refused": len(one.refusals),
        "first_refusal": next(iter(one.refusals), None),
        **clocks,
        "difference": one.differences.summed_up(),
        "scales": dict(sorted(one.scales.items())),
        "readings": {str(number): reading._asdict() for number, reading in one.times.items()},
    }


def _stall(
    one: Seen, samples: Sequence[Sample], megapixels: Sequence[float], at_least: int
) -> float:
    """Measure on the largest image it decodes: the longer a decode, the finer the share."""
    largest = max(one.times, key=lambda number: megapixels[number])
    data = Path(samples[largest].image_path).read_bytes()
    return measure_stall(partial(one.decode, data, at_least))


def _module(name: str, plugins: Plugins) -> Any:
    return import_module(target_of("decoders", name, plugins).partition(":")[0])
