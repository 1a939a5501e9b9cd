"""Every judge changes its mind when the data do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from records import make_record
from studies import CLAIMS, build_study

from feedrate import claims, judges
from feedrate.report import Study


def row_of(study: Study, claim: str) -> dict[str, Any]:
    return dict(study.claims.set_index("id").loc[claim])


def verdict(folder: Path, claim: str, record: dict[str, Any], **stages: float) -> str:
    """The verdict in a study of one cell."""
    return str(row_of(build_study(folder, [record], **stages), claim)["verdict"])


@pytest.mark.parametrize(
    ("claim", "experiment", "cell", "speed_up", "expected"),
    [
        ("precomputed_maps_5_to_8x", "targets", "targets~reference", 1 / 6.5, "supported"),
        ("precomputed_maps_5_to_8x", "targets", "targets~reference", 1 / 1.9, "refuted"),
        ("precomputed_maps_5_to_8x", "targets", "targets~reference", 1 / 5, "inconclusive"),
        ("ram_slower_than_disk", "ram_vs_disk", "targets~npz_ram", 0.8, "supported"),
        ("ram_slower_than_disk", "ram_vs_disk", "targets~npz_ram", 1.3, "refuted"),
        ("ram_slower_than_disk", "ram_vs_disk", "targets~npz_ram", 1.0, "refuted"),
        ("max_gain_of_maps_1_05x", "targets", "targets~none", 1.04, "supported"),
        ("max_gain_of_maps_1_05x", "targets", "targets~none", 1.5, "refuted"),
        ("turbojpeg_faster", "decoders", "decoder~simplejpeg", 1.3, "supported"),
        ("turbojpeg_faster", "decoders", "decoder~simplejpeg", 1.0, "refuted"),
    ],
)
def test_an_effect_is_judged_by_its_interval(
    tmp_path: Path, claim: str, experiment: str, cell: str, speed_up: float, expected: str
) -> None:
    made = make_record(cell, experiment, speed_up)
    assert verdict(tmp_path, claim, made) == expected


@pytest.mark.parametrize(
    ("claim", "experiment", "cell", "speed_up"),
    [
        ("ram_slower_than_disk", "ram_vs_disk", "targets~npz_ram", 0.95),
        ("turbojpeg_faster", "decoders", "decoder~simplejpeg", 1.05),
        ("max_gain_of_maps_1_05x", "targets", "targets~none", 1.10),
    ],
)
def test_noise_leaves_a_claim_open(
    tmp_path: Path, claim: str, experiment: str, cell: str, speed_up: float
) -> None:
    made = make_record(cell, experiment, speed_up, noise=0.06)
    assert verdict(tmp_path, claim, made) == "inconclusive"


@pytest.mark.parametrize(
    ("speed_up", "stored", "expected"),
    [
        (1.0, 4e8, "supported"),  # without maps nothing is gained
        (1.4, 0.0, "supported"),  # maps cost, but nothing came from storage
        (1.4, 4e8, "refuted"),  # maps cost, and the trials read from storage
        (1.4, 6e7, "inconclusive"),  # some did
    ],
)
def test_the_disk_is_blamed_only_where_it_was_read(
    tmp_path: Path, speed_up: float, stored: float, expected: str
) -> None:
    made = make_record("targets~none", "targets", speed_up)
    for trial in made["trials"]:
        trial["os"]["storage_read_bytes"] = stored
    assert verdict(tmp_path, "disk_io_not_the_bottleneck", made) == expected


@pytest.mark.parametrize(
    ("extra_s", "expected"), [(0.8, "supported"), (3.0, "refuted"), (0.1, "refuted")]
)
def test_a_preload_is_scaled_by_maps(tmp_path: Path, extra_s: float, expected: str) -> None:
    made = make_record(extra_startup_s=extra_s)
    assert verdict(tmp_path, "preload_2_to_3_s", made) == expected


def test_clocked_figures_say_over_how_many_processes(tmp_path: Path) -> None:
    study = build_study(tmp_path, [make_record()])
    for claim in ("npz_load_0_1_to_0_2_ms", "time_split_30_25_5_35_5"):
        assert "6 processes" in row_of(study, claim)["measured"]


def test_the_split_is_judged_stage_by_stage(tmp_path: Path) -> None:
    as_claimed = {
        **{"read": 2.0, "decode": 28.0, "transform": 25.0, "targets": 5.0},
        **{"consume": 35.0, "filter": 1.0, "collate": 4.0},
    }
    claim = "time_split_30_25_5_35_5"
    assert verdict(tmp_path / "a", claim, make_record(), **as_claimed) == "supported"
    assert verdict(tmp_path / "b", claim, make_record(), consume=410.0) == "refuted"


def test_stages_and_memory_flip(tmp_path: Path) -> None:
    study = build_study(tmp_path, [make_record()])
    stages = dict(study.stages["receipts"])
    stages["alternatives"] = {"targets": {"npz": 0.15}}
    stages["alternatives_intervals_ms"] = {"targets": {"npz": [0.14, 0.17]}}
    stages["map_bytes_in_memory_per_image"] = 200e6 / 404
    again = claims.judge(CLAIMS, study.summaries, {"receipts": stages}, study.maps, study.trials)
    found = again.set_index("id")["verdict"]
    assert found["npz_load_0_1_to_0_2_ms"] == found["memory_200_mb"] == "supported"
    before = study.claims.set_index("id")["verdict"]
    assert before["npz_load_0_1_to_0_2_ms"] == before["memory_200_mb"] == "refuted"
    assert "1.32 GB" in row_of(study, "memory_200_mb")["measured"]


@pytest.mark.parametrize(
    ("four", "expected"), [(1.4, "supported"), (0.7, "refuted"), (1.0, "inconclusive")]
)
def test_worker_counts_are_compared_where_both_were_measured(
    tmp_path: Path, four: float, expected: str
) -> None:
    made = [
        make_record("workers~4", "workers", four),
        make_record("workers~8", "workers", 1.0),
    ]
    assert row_of(build_study(tmp_path, made), "four_workers_not_eight")["verdict"] == expected


def test_what_was_not_measured_is_not_testable(tmp_path: Path) -> None:
    made = [make_record("workers~4", "workers", 0.97), make_record("workers~0", "workers", 0.6)]
    found = row_of(build_study(tmp_path, made), "four_workers_not_eight")
    assert found["verdict"] == "not testable here"
    assert "workers~8 was not measured" in found["measured"]
    assert "workers~4: 4" in found["measured"]


def test_an_invalid_cell_judges_nothing(tmp_path: Path) -> None:
    made = make_record(failures=("nothing was cached",))
    study = build_study(tmp_path, [made])
    assert set(study.claims[study.claims["kind"] == "effect"]["verdict"]) == {"not testable here"}
    assert "invalid" in row_of(study, "ram_slower_than_disk")["measured"]


def test_without_stages_their_claims_are_not_testable(tmp_path: Path) -> None:
    study = build_study(tmp_path, [make_record()])
    found = claims.judge(CLAIMS, study.summaries, {}, {}, study.trials).set_index("id")["verdict"]
    assert found["npz_load_0_1_to_0_2_ms"] == "not testable here"
    assert found["ram_slower_than_disk"] == "refuted"


def test_a_cell_that_is_not_available_judges_nothing(tmp_path: Path) -> None:
    found = row_of(
        build_study(tmp_path, [make_record(unavailable="tmpfs")]), "ram_slower_than_disk"
    )
    assert found["verdict"] == "not testable here"
    assert "not available (tmpfs)" in found["measured"]


def test_each_machine_is_judged_by_its_own_data(tmp_path: Path) -> None:
    made = [make_record("decoder~simplejpeg", "decoders", 1.3)]
    made += [make_record("targets~none", "targets", 1.5, machine_id="another")]
    table = build_study(tmp_path, made).claims
    assert set(table["machine_id"]) == {"1234e56789ab", "another"}
    decoder = table[table["id"] == "turbojpeg_faster"].set_index("machine_id")["verdict"]
    assert dict(decoder) == {"1234e56789ab": "supported", "another": "not testable here"}
    clocked = table[table["id"] == "memory_200_mb"].set_index("machine_id")["verdict"]
    assert dict(clocked) == {"1234e56789ab": "refuted", "another": "not testable here"}


def test_each_dataset_is_judged_by_its_own_data(tmp_path: Path) -> None:
    made = [make_record(speed_up=1.3), make_record(speed_up=0.8, dataset="other")]
    table = build_study(tmp_path, made).claims
    found = table[table["id"] == "ram_slower_than_disk"].set_index("dataset")["verdict"]
    assert dict(found) == {"receipts": "refuted", "other": "supported"}


def test_the_ledger_has_ten_claims_and_every_judge_is_used() -> None:
    ledger = claims.read_claims(CLAIMS)
    assert len(ledger) == 10
    assert {claim.judge for claim in ledger} == set(judges.JUDGES)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"judge": "guess"}, "judge 'guess'; known are"),
        ({"colour": "red"}, "colour: Extra inputs"),
        ({"quote": None}, "quote: "),
    ],
)
def test_a_wrong_ledger_is_named(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    entry = {"id": "x", "kind": "effect", "quote": "q", "tested": "t", "judge": "slower"}
    path = tmp_path / "claims.yaml"
    path.write_text(yaml.safe_dump({"claims": [entry | change]}), encoding="utf-8")
    with pytest.raises(claims.ClaimsError, match=message) as error:
        claims.read_claims(path)
    assert "claims.yaml" in str(error.value)
