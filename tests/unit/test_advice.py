"""A recommendation: chosen among what is allowed, judged on fresh pairs, written to be applied."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from planted import CALIBRATION, UNSEEN, fitted, measured
from records import make_record
from studies import make_trials

from feedrate.advice.candidates import allowed_levels, choose
from feedrate.advice.recommendation import (
    fed_gpus,
    judge_confirmation,
    say,
    write_patch,
    write_snippet,
)
from feedrate.cell import Cell

CELLS = [*CALIBRATION, *UNSEEN]


def summaries(equivalence: dict[str, str] | None = None, **memory: float) -> pd.DataFrame:
    """Rows on memory of all planted cells; a level's name says where its batches differ."""
    rows = [
        {
            "experiment": each.experiment,
            "cell": each.cell,
            "estimand": "pss_bytes",
            "equivalence": next(
                (word for level, word in (equivalence or {}).items() if level in each.cell),
                "identical",
            ),
            "cell_median": next(
                (size for level, size in memory.items() if level in each.cell), 1e9
            ),
        }
        for each in CELLS
    ]
    return pd.DataFrame(rows)


def test_the_candidate_is_what_the_model_expects_most_of() -> None:
    found = choose(fitted(), CELLS, summaries({"targets~none": "different by design"}), Cell())
    assert found is not None
    changes = dict(part.split("~") for part in found.name.split("+"))
    assert changes["decoder"] == "simplejpeg"
    assert changes["targets"] == "kernel"
    assert changes["transform"] == "fused"
    assert found.expected.low < found.expected.ratio < found.expected.high
    assert [ratio for _, ratio in found.steps] == sorted(ratio for _, ratio in found.steps)


def test_what_changes_pixels_is_not_chosen_unless_it_is_allowed() -> None:
    other = {"simplejpeg": "pixels differ", "targets~none": "different by design"}
    careful = choose(fitted(), CELLS, summaries(other), Cell())
    assert careful is not None
    assert "decoder~opencv" in careful.name
    bold = choose(fitted(), CELLS, summaries(other), Cell(), pixels="any")
    assert bold is not None
    assert "decoder~simplejpeg" in bold.name


def test_a_bound_on_memory_is_kept() -> None:
    table = summaries({"targets~none": "different by design"}, simplejpeg=9e9)
    found = choose(fitted(), CELLS, table, Cell(), most_bytes=2e9)
    assert found is not None
    assert "simplejpeg" not in found.name


def test_where_nothing_gains_nothing_is_chosen() -> None:
    best = Cell(decoder="simplejpeg", targets="kernel", transform="fused", payload="uint8")
    table = summaries({"targets~none": "different by design", "workers": "pixels differ"})
    assert choose(fitted(), CELLS, table, best) is None


def test_a_level_that_once_delivered_other_pixels_alone_is_not_allowed() -> None:
    cells = [measured("a", {"decoder": "opencv"}), measured("b", {"decoder": "simplejpeg"})]
    table = pd.DataFrame(
        [
            {"experiment": "a", "cell": "decoder~opencv", "estimand": "pss_bytes",
             "equivalence": "pixels differ", "cell_median": 1e9},
            {"experiment": "b", "cell": "decoder~simplejpeg", "estimand": "pss_bytes",
             "equivalence": "identical", "cell_median": 1e9},
        ]
    )  # fmt: skip
    assert set(allowed_levels(cells, table, "identical", 0.0)) == {("decoder", "simplejpeg")}
    assert len(set(allowed_levels(cells, table, "any", 0.0))) == 2


def test_the_task_itself_is_never_changed() -> None:
    cells = [measured("a", {"ablate": "decode"}), measured("b", {"consumer": "sleep:10"})]
    table = pd.DataFrame(
        [
            {"experiment": each.experiment, "cell": each.cell, "estimand": "pss_bytes",
             "equivalence": "identical", "cell_median": 1e9}
            for each in cells
        ]
    )  # fmt: skip
    assert set(allowed_levels(cells, table, "any", 0.0)) == set()


def confirmed(folder: Path, speed_up: float, **changes: Any) -> Any:
    made = make_record("decoder~simplejpeg+workers~4", "confirmation", speed_up, **changes)
    trials = make_trials(folder, [made])
    return judge_confirmation(trials, Cell(), 0.95, 0.05, 7)


def test_a_confirmed_gain_is_a_patch_that_can_be_applied(tmp_path: Path) -> None:
    found = confirmed(tmp_path, 1.5)
    assert found.confirmed
    patch = write_patch(found, "receipts")
    changes = yaml.safe_load(patch)["base"]
    assert changes == {"decoder": "simplejpeg", "workers": 4}
    assert Cell().with_levels(changes).workers == 4
    assert "# receipts: An epoch is 1." in patch
    assert "num_workers=4" in write_snippet(found, Cell())
    assert "# decoder: simplejpeg" in write_snippet(found, Cell())


def test_feedrates_own_loader_is_told_as_code(tmp_path: Path) -> None:
    found = replace(confirmed(tmp_path, 1.5), changes={"loader": "feedrate"})
    assert "from feedrate import build_loader" in write_snippet(found, Cell())


def test_another_loader_is_not_told_as_one_of_torch(tmp_path: Path) -> None:
    found = replace(confirmed(tmp_path, 1.5), changes={"loader": "threads"})
    snippet = write_snippet(found, Cell())
    assert "DataLoader" not in snippet
    assert "# loader: threads" in snippet


@pytest.mark.parametrize(("speed_up", "word"), [(1.0, "equivalent"), (0.8, "slower")])
def test_what_was_not_confirmed_is_not_recommended(
    tmp_path: Path, speed_up: float, word: str
) -> None:
    found = confirmed(tmp_path, speed_up)
    assert not found.confirmed
    assert yaml.safe_load(write_patch(found, "receipts")) == {"base": {}}
    assert word in say(found)[0]
    assert say(found)[0].startswith("Leave it as it is")
    assert write_snippet(found, Cell()) == ""


def test_without_a_candidate_nothing_is_recommended() -> None:
    found = judge_confirmation(None, Cell(), 0.95, 0.05, 7)
    assert "nothing that is allowed is expected to gain" in say(found)[0]


def test_a_price_is_told(tmp_path: Path) -> None:
    sentences = say(confirmed(tmp_path, 1.5, extra_startup_s=2.0))
    assert any("2.00 s more before the first epoch" in each for each in sentences)


def test_how_many_gpus_could_be_fed(tmp_path: Path) -> None:
    found = confirmed(tmp_path, 2.0)
    rate = found.rate["cell_median"]
    assert "could feed 4.0 of them, instead of 2.0" in fed_gpus(found, rate / 4)
    assert fed_gpus(found, 0.0) == ""


def test_a_cell_that_was_measured_faster_than_anything_expected_is_chosen_whole() -> None:
    quick = replace(measured("delivered", {"loader": "feedrate"}), ratio=50.0)
    row = {**summaries().iloc[0], "experiment": "delivered", "cell": quick.cell}
    table = pd.concat([summaries(), pd.DataFrame([row])])
    found = choose(fitted(), [*CELLS, quick], table, Cell())
    assert found is not None
    assert found.steps == (("loader~feedrate", 50.0),)
    differing = pd.concat([summaries(), pd.DataFrame([{**row, "equivalence": "pixels differ"}])])
    other = choose(fitted(), [*CELLS, quick], differing, Cell())
    assert other is not None
    assert other.name != "loader~feedrate"
