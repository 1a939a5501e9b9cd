"""A small DBNet training loop of the usual kind, for `DBCollate` to drop into."""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import numba.core.event as numba_event
import numpy as np
import torch
from numba.core.dispatcher import Dispatcher
from torch.utils.data import Dataset

from feedrate.collate import DBCollate
from feedrate.targets import TargetParams
from feedrate.targets.reference import build_reference

HEIGHT, WIDTH = SIZE = (96, 128)
WORD = np.array([[10.0, 10.0], [60.0, 12.0], [60.0, 34.0], [10.0, 32.0]])
ARC = np.array([[20, 90], [30, 60], [64, 45], [98, 60], [108, 90], [90, 92], [64, 70], [38, 92]])
TINY = np.array([[100.0, 5.0], [105.0, 5.0], [105.0, 9.0], [100.0, 9.0]])
POLYGONS: tuple[Sequence[Any], ...] = (
    [WORD, np.add(WORD, (60.5, 40.25))],
    [],
    [ARC[np.newaxis], TINY[np.newaxis].astype(np.float32)],  # as albumentations chains have them
    [WORD.astype(np.int32), np.add(WORD, (70, 5)).astype(np.float32)],
)


class Words(Dataset[dict[str, Any]]):
    """Items as the usual collate function takes them."""

    def __len__(self) -> int:
        return len(POLYGONS)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return {
            "image": torch.full((3, *SIZE), float(index)),
            "image_filename": f"{index}.jpg",
            "polygons": POLYGONS[index],
            "inverse_matrix": np.eye(3) * index,
        }


class UsualCollate:
    """What `DBCollate` replaces: maps of each image, then stacks of copies; no masks."""

    inference_mode = False
    params = TargetParams()

    def __call__(self, items: Sequence[dict[str, Any]]) -> OrderedDict[str, Any]:
        batch: OrderedDict[str, Any] = OrderedDict(
            images=torch.stack([item["image"] for item in items]),
            image_filename=[item["image_filename"] for item in items],
            inverse_matrix=[item["inverse_matrix"] for item in items],
        )
        if self.inference_mode:
            return batch
        polygons = [item["polygons"] for item in items]
        maps = [reference_of(each, self.params) for each in polygons]
        batch["polygons"] = polygons
        batch["prob_maps"] = torch.stack(
            [torch.tensor(each.shrink_map, dtype=torch.float32).unsqueeze(0) for each in maps]
        )
        batch["thresh_maps"] = torch.stack(
            [torch.tensor(each.threshold_map).unsqueeze(0) for each in maps]
        )
        return batch


def reference_of(
    polygons: Sequence[Any],
    params: TargetParams,
    ignore: Sequence[bool] | None = None,
    size: tuple[int, int] = SIZE,
) -> Any:
    outlines = [np.asarray(each, np.float64).reshape(-1, 2) for each in polygons]
    return build_reference(outlines, ignore or [False] * len(outlines), size, params)


class Loss(torch.nn.Module):
    """As usual: it asks for masks by name, and does without where there are none."""

    def forward(self, prediction: dict[str, torch.Tensor], **batch: Any) -> torch.Tensor:
        prob, thresh = batch["prob_maps"], batch["thresh_maps"]
        prob_mask = batch.get("prob_mask")
        thresh_mask = batch.get("thresh_mask")
        prob_mask = torch.ones_like(prob) if prob_mask is None else prob_mask
        thresh_mask = torch.ones_like(thresh) if thresh_mask is None else thresh_mask
        entropy = torch.nn.functional.binary_cross_entropy(
            prediction["prob_maps"], prob, reduction="none"
        )
        distance = (prediction["thresh_maps"] - thresh).abs()
        return (entropy * prob_mask).sum() / (prob_mask.sum() + 1e-6) + 10 * (
            distance * thresh_mask
        ).sum() / (thresh_mask.sum() + 1e-6)


class Model(torch.nn.Module):
    """Two maps out of an image."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.head = torch.nn.Conv2d(3, 2, 1)

    def forward(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        maps = torch.sigmoid(self.head(images))
        return {"prob_maps": maps[:, :1], "thresh_maps": maps[:, 1:]}


class Watched(DBCollate):
    """Tells in each batch what numba had to compile, or to load late, in the batch's process."""

    def __setstate__(self, state: dict[str, Any]) -> None:
        watch()
        super().__setstate__(state)

    def __call__(self, items: Sequence[Any]) -> dict[str, Any]:
        before = signatures()
        batch = super().__call__(items)
        late = sorted(signatures() - before)
        shared = [key for key, value in batch.items() if _is_shared(value)]
        return batch | {"compiled": list(COMPILED), "late": late, "shared": shared}


COMPILED: list[str] = []


class Recorder(numba_event.Listener):
    def on_start(self, event: Any) -> None:
        COMPILED.append(str(event.data["dispatcher"]))

    def on_end(self, event: Any) -> None:
        """Nothing: the start of a compilation is enough."""


RECORDER = Recorder()


def watch(worker: int = 0) -> None:
    """Record from here on what numba compiles in this process; a ``worker_init_fn``."""
    numba_event.register("numba:compile", RECORDER)


def signatures() -> set[str]:
    """Everything of our kernel that is compiled or loaded in this process."""
    return {
        f"{value.py_func.__module__}.{value.py_func.__name__}{signature}"
        for name, module in list(sys.modules.items())
        if name.startswith("feedrate.")
        for value in list(vars(module).values())
        if isinstance(value, Dispatcher)
        for signature in value.signatures
    }


def _is_shared(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and value.is_shared()
