"""What was found out about somebody's own loader, in lines of text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from feedrate import phrases
from feedrate.foreign.tryout import Tried, Tryout
from feedrate.forkserver import ALLOCATORS


def say_tryout(found: Tryout) -> str:
    """Say everything: how it is, where its time goes, what was tried, what to do."""
    return "\n".join(_lines(found))


def _lines(found: Tryout) -> Iterator[str]:
    now = found.now
    yield f"The loader as it is ({found.kind})"
    yield (
        f"  {now['batches_per_s']:.2f} batches a second over {now['batches']} batches; the loop "
        f"waits {phrases.percent(now['stall_fraction'])} of the time, "
        f"{phrases.seconds(now['first_s'])} for the first batch"
    )
    yield f"  {now['cause']}"
    yield ""
    yield "Where the time of a sample goes, in one process"
    stages_ms: Mapping[str, float] = found.stages["stages_ms"]
    whole_ms = sum(stages_ms.values())
    for stage, ms in stages_ms.items():
        share = phrases.percent(ms / whole_ms) if whole_ms else ""
        yield f"  {stage:<10} {phrases.milliseconds(ms):>9}  {share}"
    if found.stages["why"]:
        yield f"  {found.stages['why']}"
    if found.tried:
        yield ""
        yield "What was tried, in pairs with the loader as it is"
        for each in found.tried:
            yield f"  {_tried(each)}"
    yield ""
    yield from _advice(found)


def _tried(each: Tried) -> str:
    interval = f"95 % interval {each.low:.2f} to {each.high:.2f}, {each.pairs} pairs"
    other = "" if each.change.same else "; batches are not the same: you would have to make them so"
    return f"{each.change.name:<18} {phrases.ratio(each.ratio)} as fast ({interval}{other})"


def _advice(found: Tryout) -> Iterator[str]:
    yield "What to do"
    best = found.confirmed
    if best is None and found.tried:
        yield "  Leave its settings alone: none that was tried gains more than 5 %."
        yield from _largest(found.stages["stages_ms"])
    elif best is None:
        yield "  Nothing was tried: its settings are its own."
    elif best.gains:
        yield f"  {best.change.name}: confirmed on fresh pairs, {_gain(best)}."
        yield from _snippet(best)
    else:
        yield f"  {best.change.name} looked faster, and was not on fresh pairs: {_gain(best)}."
        yield "  Leave its settings alone."
    if found.now["stall_fraction"] < 0.05:
        yield "  The loop hardly waits: a faster loader gains nothing where this one is used."


def _largest(stages_ms: Mapping[str, float]) -> Iterator[str]:
    """Where less work would gain, since no setting does."""
    if stages_ms:
        stage = max(stages_ms, key=lambda name: stages_ms[name])
        share = phrases.percent(stages_ms[stage] / sum(stages_ms.values()))
        yield f"  Less work an image is what gains: {share} of it is its {stage}."


def _gain(best: Tried) -> str:
    return f"{phrases.ratio(best.ratio)} as fast ({best.low:.2f} to {best.high:.2f})"


def _snippet(best: Tried) -> Iterator[str]:
    """The change, ready to be copied."""
    if best.change.settings:
        arguments = ", ".join(f"{key}={value}" for key, value in best.change.settings.items())
        yield f"    DataLoader(..., {arguments})"
    for name, value in ALLOCATORS[best.change.allocator].items():
        yield f"    export {name}={value}"
