import json
import sys
from pathlib import Path
from typing import get_args

from snakemake.utils import validate

from feedrate import matrix
from feedrate.calibration import calibration_of
from feedrate.cell import NAME, split_level
from feedrate.codehash import code_hash
from feedrate.config import ConfigError
from feedrate.configfile import load_config, require_paths
from feedrate.files import folder_fingerprint
from feedrate.harness import harnessed_modules
from feedrate.machine import machine_id
from feedrate.profile import profiled_modules
from feedrate.registry import AUTO, FITTED_STORES, STORED_MAPS, names, target_of
from feedrate.targets.params import Preset

try:
    STUDY = load_config(config)
    require_paths(STUDY)
    CELLS = matrix.expand(STUDY)
    CALIBRATION = calibration_of(STUDY, CELLS)
except ConfigError as error:
    sys.exit(str(error))
validate(config, "../schemas/config.schema.json")

DATASETS = list(STUDY.datasets)
EXPERIMENTS = list(STUDY.experiments)
CODECS_OF_BASE = [
    STORED_MAPS[name] for name in [STUDY.base.targets] if name in STORED_MAPS
]
CODECS = sorted(
    {codec for cell in CELLS for codec in cell.codecs} | {"npz", *CODECS_OF_BASE}
)
STORES = sorted({store for cell in CELLS for store in cell.stores})
FIGURES = [*EXPERIMENTS, "stages", "control"]
NOTEBOOKS = ["1_dataset", "2_targets", "3_stages", "4_matrix", "5_findings"]
PRESETS = [name for name in get_args(Preset) if name != "feedrate"]
PROBES = ["stages", "memory", "harness", "losses", "model", "recommendation"]
TABLES = ["tables", "summary"]
CONFIRMED = ["json", "batches.parquet", "samples.parquet"]
ROWS = ["batches", "samples"]
DATASET_FILES = [
    "samples.parquet",
    "findings.csv",
    "source.json",
    "accepted.parquet",
]
TRANSFORM = STUDY.base.transform
TARGETS = STUDY.targets.model_dump_json()
PLUGINS = json.dumps(STUDY.plugins)
ENVIRONMENT = "../../envs/environment.yaml"

# Where an experiment of steps arrives: its limit is measured, and its speed judged.
FINISHED = matrix.finished_cells(STUDY)


wildcard_constraints:
    dataset="[a-z0-9_]+",
    store="[a-z0-9_]+",
    codec="[a-z0-9_]+",
    shard="[0-9]+",
    experiment="[a-z0-9_]+",
    cell=NAME,
    notebook="[0-9a-z_]+",
    figure="[a-z0-9_]+",


def dataset_of(wildcards):
    return STUDY.datasets[wildcards.dataset]


def cell_of(wildcards):
    return next(
        cell
        for cell in CELLS
        if (cell.experiment, cell.name) == (wildcards.experiment, wildcards.cell)
    )


def limited_of(wildcards):
    return next(
        cell
        for cell in CELLS
        if cell.experiment == wildcards.experiment
        and cell.cell == FINISHED[wildcards.experiment]
    )
