"""Built stores for tests, made as the verb makes them."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from feedrate.cli.stores import preparer_of
from feedrate.files import write_text
from feedrate.records import write_json
from feedrate.registry import FITTED_STORES, target_of
from feedrate.sample import Sample
from feedrate.stores.building import build_store
from feedrate.stores.layout import Recipe

RECIPE = Recipe("pillow", "albumentations", 64)


def module_of(store: str) -> Any:
    return import_module(target_of("images", store).partition(":")[0])


def build(
    store: str, samples: Sequence[Sample], folder: Path, recipe: Recipe = RECIPE, **more: Any
) -> dict[str, Any]:
    """Build a store into a folder, with its manifest beside it; return the manifest."""
    used = recipe if store in FITTED_STORES else Recipe()
    write = module_of(store).write_store
    prepare = more.pop("prepare", None) or preparer_of(used, {})
    folder.parent.mkdir(parents=True, exist_ok=True)
    manifest = build_store(store, write, samples, prepare, folder, used, "code", **more)
    write_json(Path(f"{folder}.json"), manifest)
    return manifest


def append(path: Path, text: str = " ") -> None:
    """Make a file longer, as an edit would."""
    write_text(path, path.read_text(encoding="latin-1") + text)
