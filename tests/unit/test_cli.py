"""The command line: every verb of a rule exists, and a failure is one line."""

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from feedrate.cli import GROUPS, VERBS, feedrate

ROOT = Path(__file__).parents[2]


def run(*arguments, folder=ROOT):
    command = [sys.executable, "-c", "from feedrate.cli import main; main()", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(verb):
    done = CliRunner().invoke(feedrate, [verb, "--help"])
    assert done.exit_code == 0
    assert done.output.count("\n") > 3


def test_every_verb_that_a_rule_calls_exists():
    rules = (ROOT / "workflow/rules").glob("*.smk")
    called = {
        verb
        for path in rules
        for verb in re.findall(r'"feedrate --log \{log\} ([a-z-]+)', path.read_text("utf-8"))
    }
    assert len(called) > 10
    assert called <= set(VERBS)


def test_a_rule_is_named_as_its_verb():
    for path in (ROOT / "workflow/rules").glob("*.smk"):
        for rule, body in re.findall(
            r"^rule (\w+):\n(.*?)(?=^rule |\Z)", path.read_text(), re.M | re.S
        ):
            verb = re.search(r'"feedrate --log \{log\} ([a-z-]+)', body)
            assert verb is None or verb[1].replace("-", "_") == rule


def test_a_known_failure_is_one_line_and_its_traceback_goes_to_the_log(tmp_path):
    log = tmp_path / "logs" / "a.log"
    done = run("--log", str(log), "check-manifest", str(tmp_path / "absent.json"))
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "absent.json" in done.stderr
    assert "Traceback" in log.read_text()


def test_a_wrong_flag_says_so():
    done = run("plan", "--nonsense")
    assert done.returncode == 2
    assert "No such option" in done.stderr


def test_plan_prints_cells_pairs_seconds_and_the_total():
    done = run("plan", "--trials", "nowhere")
    assert done.returncode == 0
    assert "targets~npz_ram" in done.stdout
    assert re.search(r"12 cells, about 84 pairs: about\s+\d+ min", done.stdout)


def test_plan_refuses_a_config_that_is_not_there():
    done = run("plan", "--configfile", "absent.yaml")
    assert done.returncode == 1
    assert done.stderr == "feedrate: config: absent.yaml: No such file or directory\n"


def command_of(verb):
    command = feedrate.get_command(click.Context(feedrate), verb)
    assert command is not None
    return command


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_says_what_it_does_in_a_sentence(verb):
    first = (command_of(verb).help or "").partition("\n\n")[0].strip()
    assert re.fullmatch(r"[A-Z][^.]*\w.*\.", first, re.DOTALL), first


@pytest.mark.parametrize("verb", VERBS)
def test_every_option_says_what_it_is(verb):
    options = [item for item in command_of(verb).params if isinstance(item, click.Option)]
    wrong = [item.opts for item in options if not re.fullmatch(r"\S.*[.)]", item.help or "")]
    assert wrong == []


def test_the_verbs_are_listed_in_groups_and_none_is_cut_short():
    said = CliRunner().invoke(feedrate, ["--help"]).output
    places = [said.index(f"{title}:") for title in GROUPS]
    assert places == sorted(places)
    listed = [re.search(rf"^  {verb} ", said, re.MULTILINE) for verb in VERBS]
    assert all(listed)
    assert "..." not in said[places[0] :]


def test_a_verb_stands_in_one_group():
    assert len(VERBS) == sum(len(verbs) for verbs in GROUPS.values())
