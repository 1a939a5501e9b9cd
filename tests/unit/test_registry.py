"""The registries name what exists, load lazily, and say what they know."""

from __future__ import annotations

import ast

import pytest

from feedrate.codehash import module_path
from feedrate.registry import REGISTRIES, UnknownPluginError, names, resolve, target_of

ENTRIES = [(kind, name) for kind, entries in REGISTRIES.items() for name in entries]


@pytest.mark.parametrize(("kind", "name"), ENTRIES)
def test_an_entry_points_at_something(kind: str, name: str) -> None:
    module, _, attribute = target_of(kind, name).partition(":")
    path = module_path(module)
    assert path is not None, f"{module} does not exist"
    body = ast.parse(path.read_text(encoding="utf-8")).body
    defined = {node.name for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    for node in body:
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            defined |= {target.id for target in targets if isinstance(target, ast.Name)}
    assert attribute in defined, f"{module} defines no {attribute}"


def test_a_users_alias_is_resolved() -> None:
    plugins = {"loaders": {"mine": "collections:OrderedDict"}}
    assert resolve("loaders", "mine", plugins).__name__ == "OrderedDict"
    assert names("loaders", plugins)[-1] == "mine"
    assert "mine" not in names("loaders")


def test_an_alias_may_stand_for_ours() -> None:
    plugins = {"loaders": {"torch": "collections:deque"}}
    assert target_of("loaders", "torch", plugins) == "collections:deque"


def test_an_unknown_name_lists_the_known() -> None:
    with pytest.raises(UnknownPluginError, match="decoders: 'pil' is unknown; known are pillow, "):
        resolve("decoders", "pil")


@pytest.mark.parametrize("target", ["no_such_module_of_mine:build", "collections:nothing"])
def test_an_alias_that_leads_nowhere(target: str) -> None:
    with pytest.raises(UnknownPluginError, match=f"loaders: 'mine' points at '{target}'"):
        resolve("loaders", "mine", {"loaders": {"mine": target}})
