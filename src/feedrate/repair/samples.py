"""One sample: its frame, then each of its outlines, then those that stand there twice."""

from __future__ import annotations

from dataclasses import replace

from feedrate.repair.dropping import find_twins
from feedrate.repair.frames import Verdict, carry_back, find_frame, turned_size
from feedrate.repair.outlines import Size
from feedrate.repair.rows import LEFT_ALONE, Deed, Options, Repaired, Row
from feedrate.repair.steps import act, repair_polygon
from feedrate.sample import Polygon, Sample, TextInstance

Numbered = tuple[int, TextInstance]
"""An instance with its number in the annotation, from 1."""


def repair_sample(sample: Sample, orientation: int, options: Options) -> Repaired:
    """Repair the polygons of one sample.

    Args:
        sample: As its reader delivered it.
        orientation: EXIF orientation of its picture, 1 where no viewer turns it.
        options: What may be done.

    Returns:
        The sample, with the picture's size as declared size where its frame is known, so that the
        validation notices what is not; and what was done and left alone.
    """
    verdict = _find_frame(sample, orientation, options)
    placed, size, turned = _place(sample, orientation, verdict)
    items, reshaped = _reshape(placed, size, options)
    kept, dropped = _drop_twins(placed, items, options)
    instances = tuple(instance for _, instance in kept)
    return Repaired(replace(placed, instances=instances), (*turned, *reshaped, *dropped))


def _find_frame(sample: Sample, orientation: int, options: Options) -> Verdict:
    if orientation == 1:
        return find_frame(sample, orientation)
    # What is no text, or a spike of one, tells nothing of the frame that the texts lie in.
    items, _ = _reshape(sample, None, options)
    texts = replace(sample, instances=tuple(instance for _, instance in items))
    verdict = find_frame(texts, orientation, options.exif_frame)
    if verdict.frame == "turned" and "turn" not in options.actions:
        return verdict._replace(frame=None, reason=f"{verdict.reason}; turn is switched off")
    return verdict


def _place(
    sample: Sample, orientation: int, verdict: Verdict
) -> tuple[Sample, Size | None, list[Row]]:
    """Bring polygons into the stored frame; its size is None where they may lie in another."""
    size = (sample.width, sample.height)
    deed = Deed(LEFT_ALONE, verdict.check, "", "", verdict.reason)
    rows = [_row(sample, deed)] if verdict.check else []
    if verdict.frame is None:
        return sample, None, rows
    placed = replace(sample, declared_size=size)
    if verdict.frame == "stored":
        return placed, size, rows
    before, after = (f"in {w} x {h}" for w, h in (turned_size(size, orientation), size))
    instances = tuple(
        replace(item, polygon=carry_back(item.polygon, size, orientation))
        for item in sample.instances
    )
    done = deed._replace(action="turn", before=before, after=after)
    return replace(placed, instances=instances), size, [_row(sample, done)]


def _reshape(
    sample: Sample, size: Size | None, options: Options
) -> tuple[list[Numbered], list[Row]]:
    items, rows = list[Numbered](), list[Row]()
    for number, instance in enumerate(sample.instances, start=1):
        parts, deeds = repair_polygon(instance.polygon, size, options.actions)
        items += [(number, replace(instance, polygon=part)) for part in parts]
        rows += [_row(sample, deed, number) for deed in deeds]
    return items, rows


def _drop_twins(
    sample: Sample, items: list[Numbered], options: Options
) -> tuple[list[Numbered], list[Row]]:
    kept, rows = list[Numbered](), list[Row]()
    twins = find_twins(items)
    for position, (number, instance) in enumerate(items):
        parts: tuple[Polygon, ...] = (instance.polygon,)
        if position in twins:
            parts, deed = act("drop", twins[position], instance.polygon, options.actions)
            rows.append(_row(sample, deed, number))
        kept += [(number, instance) for _ in parts]
    return kept, rows


def _row(sample: Sample, deed: Deed, number: int | None = None) -> Row:
    place = sample.annotation or sample.key
    return Row(sample.key, f"{place}: instance {number}" if number else place, *deed)
