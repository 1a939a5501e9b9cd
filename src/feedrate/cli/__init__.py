"""The command line: one verb a rule. A verb parses flags, calls one function, writes files.

Represents: what a user or a rule types. Layer: 6. Depends on: everything below, loaded lazily.
"""

from __future__ import annotations

import importlib
import signal
import sys
import traceback
from pathlib import Path
from types import FrameType

import click

from feedrate import __version__

VERBS = {
    "plan": "study",
    "advise": "advising",
    "document": "study",
    "validate": "checking",
    "repair": "repairing",
    "datasets": "fetching",
    "generate-dataset": "data",
    "fetch-dataset": "fetching",
    "prepare-dataset": "data",
    "validate-dataset": "data",
    "accept-dataset": "data",
    "build-maps": "maps",
    "verify-maps": "maps",
    "build-store": "stores",
    "draw-gallery": "intake",
    "render-validation": "intake",
    "preview-targets": "previews",
    "preview-signs": "previews",
    "preview-presets": "previews",
    "measure-cell": "measuring",
    "profile-stages": "profiling",
    "measure-memory": "memory",
    "measure-losses": "losses",
    "run-seed-harness": "harness",
    "selftest": "selftest",
    "judge-selftest": "selftest",
    "render-selftest": "selftest",
    "bench-targets": "speed",
    "bench-decoders": "speed",
    "compare-datasets": "speed",
    "measure-limits": "speed",
    "judge-speed": "speed",
    "sweep-scale": "scale",
    "collect-trials": "analysis",
    "summarise-experiment": "analysis",
    "fit-model": "model",
    "recommend": "recommending",
    "confirm-recommendation": "recommending",
    "write-recommendation": "recommending",
    "judge-claims": "analysis",
    "plot-figure": "analysis",
    "render-notebook": "reporting",
    "build-report": "reporting",
    "build-guide": "reporting",
    "draw-sections": "reporting",
    "write-manifest": "reporting",
    "check-manifest": "reporting",
    "check-report": "checking_report",
    "keep-record": "reporting",
}
"""Verb: the module of ``feedrate.cli`` that holds it."""


class Verbs(click.Group):
    """Imports a verb's module only when the verb is called: a rule's job starts quickly."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the verbs, in the order of the workflow."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the verb's command, None where there is no such verb."""
        if cmd_name not in VERBS:
            return None
        module = importlib.import_module(f"feedrate.cli.{VERBS[cmd_name]}")
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command


@click.group(cls=Verbs)
@click.version_option(__version__)
@click.option(
    "--log", type=click.Path(path_type=Path), help="Where a failure leaves its traceback."
)
@click.pass_context
def feedrate(context: click.Context, log: Path | None) -> None:
    """Find out where the time of a detector's input pipeline goes and what changing it gains."""
    context.obj = log


def main() -> None:
    """Run a verb. A failure is one line on standard error, its traceback goes to the log."""
    # Terminated means: leave through the context managers, so that no child is left behind.
    signal.signal(signal.SIGTERM, _leave)
    log = _log_path(sys.argv)
    if log:
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text("", encoding="utf-8")
    try:
        feedrate.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(130)
    except Exception as error:  # noqa: BLE001  told in one line, kept whole in the log
        _tell(error, log)
        sys.exit(1)


def _tell(error: Exception, log: Path | None) -> None:
    known = isinstance(error, ValueError | OSError | RuntimeError)
    if log:
        log.write_text(traceback.format_exc(), encoding="utf-8")
    elif not known:
        traceback.print_exc()
    kind = "" if known else f"{type(error).__name__}: "
    print(f"feedrate: {kind}{error}", file=sys.stderr)


def _log_path(arguments: list[str]) -> Path | None:
    if "--log" not in arguments[:-1]:
        return None
    return Path(arguments[arguments.index("--log") + 1])


def _leave(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)
