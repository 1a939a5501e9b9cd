"""No command line is built from data without quoting it."""

import re
from pathlib import Path

import pytest

RULES = sorted((Path(__file__).parents[2] / "workflow/rules").glob("*.smk"))

CONSTRAINED = re.compile(r'^    (\w+)=(?:"\[[-a-z0-9_]+\][+]"|NAME),', re.MULTILINE)
"""A wildcard that can be nothing but letters, digits, and what stands in a cell's name."""

HARMLESS = {
    "log": "made of constrained wildcards",
    "input": "made of constrained wildcards",
    "output": "made of constrained wildcards",
    "params.confidence": "a number, the config's model says so",
    "params.margin": "a number, the config's model says so",
    "params.seed": "a whole number, the config's model says so",
    "params.size": "a whole number, the config's model says so",
    "params.tuned_on": "a whole number, the config's model says so",
    "params.images_count": "a whole number, the config's model says so",
    "params.on_error": "one of a few words, the config's model says so",
    "params.code": "hexadecimal digits",
    "params.also": "flags and paths made of constrained wildcards",
    "params.folder": "a path made of constrained wildcards",
    "params.recompute": "a number or the word all, the config's model says so",
    "params.shards": "a whole number, the config's model says so",
    "params.samples": "a path made of constrained wildcards",
}
"""What may stand in a command unquoted, and why."""


def commands():
    """Every shell command of the rules, with its rule."""
    for path in RULES:
        text = path.read_text(encoding="utf-8")
        for rule, body in re.findall(
            r"^ *rule ?(\w*):\n(.*?)(?=^ *rule ?\w*:|\Z)", text, re.MULTILINE | re.DOTALL
        ):
            shell = re.search(r"    shell:\n((?: +\"[^\n]*\n)+)", body)
            if shell:
                yield rule, shell[1]


def constrained():
    text = next(path for path in RULES if path.name == "common.smk").read_text(encoding="utf-8")
    block = text[text.index("wildcard_constraints:") :].partition("\n\n\n")[0]
    return {f"wildcards.{name}" for name in CONSTRAINED.findall(block)}


def unquoted(command):
    fields = re.findall(r"(?<!\{)\{([^{}]+)\}(?!\})", command)
    harmless = set(HARMLESS) | constrained()
    return [
        field
        for field in fields
        if not field.endswith(":q")
        and field not in harmless
        and field.partition(".")[0] not in ("input", "output")
    ]


def test_the_commands_are_found():
    assert len(list(commands())) > 25
    assert {"wildcards.dataset", "wildcards.cell", "wildcards.shard"} <= constrained()


@pytest.mark.parametrize(("rule", "command"), list(commands()))
def test_nothing_but_what_is_harmless_stands_unquoted(rule, command):
    assert unquoted(command) == []


@pytest.mark.parametrize("field", ["params.title", "wildcards.anything", "config[name]"])
def test_what_a_user_may_write_is_noticed(field):
    assert unquoted(f'"feedrate {{{field}}} {{output}}"') == [field]
    assert unquoted(f'"feedrate {{{field}:q}} {{output}}"') == []
