# Which file a job reads, and which files there are of a kind.
RECORDS = [
    f"results/trials/{dataset}/{cell.experiment}/{cell.name}.json"
    for dataset in DATASETS
    for cell in CELLS
]


# How the generated data compare with real ones: measured where a study names both, else as kept.
LIKENESS_MEASURED = (
    ["results/speed/likeness.json"]
    if STUDY.likeness.generated and STUDY.likeness.real
    else []
)
LIKENESS = LIKENESS_MEASURED or ["docs/records/likeness.json"]


# What the instrument found out about itself: measured where a study asks for it, else as kept.
SELFTEST_MEASURED = ["results/selftest/summary.json"] if STUDY.selftest else []
SELFTEST = SELFTEST_MEASURED or ["docs/records/selftest/summary.json"]


# What an experiment of steps could reach at most, and whether it does.
LIMITS = [
    f"results/limits/{dataset}/{experiment}.json"
    for dataset in DATASETS
    for experiment in FINISHED
]
SPEED_GOALS = ["results/speed/goals.json"] if FINISHED else []


# How costs grow: only where a study asks for it.
SCALE = ["results/scale/sweep.json"] if STUDY.scale else []


# Pictures that belong to no dataset, and the tables beside them.
PREVIEWS = [
    *(f"results/previews/signs/{name}.png" for name in ("scene", "curved")),
    *(
        f"results/previews/presets/{name}.png"
        for name in ["exhibits", "distance", *PRESETS]
    ),
    *(f"results/previews/presets/{name}.csv" for name in ("choices", "outcomes")),
]


def store_files(dataset, store):
    return [
        f"results/stores/{dataset}/{store}",
        f"results/stores/{dataset}/{store}.json",
    ]


def records_of(wildcards):
    folder = f"results/trials/{wildcards.dataset}/{wildcards.experiment}/"
    return [path for path in RECORDS if path.startswith(folder)]


def batches_of(wildcards):
    """The tables beside the records: the steady rate is found in them."""
    return [
        path.removesuffix("json") + "batches.parquet" for path in records_of(wildcards)
    ]


def verified_maps(dataset, codecs):
    return [f"results/maps/{dataset}/{codec}.json" for codec in codecs]


def maps_of_cell(wildcards):
    return verified_maps(wildcards.dataset, cell_of(wildcards).codecs)


def stores_of_cell(wildcards):
    return [
        path
        for store in cell_of(wildcards).stores
        for path in store_files(wildcards.dataset, store)
    ]


def of_every_experiment(kind):
    return [
        f"results/{kind}/{dataset}/{experiment}.csv"
        for dataset in DATASETS
        for experiment in EXPERIMENTS
    ]


MANIFESTS = [
    f"results/stores/{dataset}/{store}.json" for dataset in DATASETS for store in STORES
]


def shown_in(wildcards):
    """The experiments a figure is drawn from: its own, or all."""
    return [wildcards.figure] if wildcards.figure in EXPERIMENTS else EXPERIMENTS


def profile_of_figure(wildcards):
    if wildcards.figure != "stages":
        return []
    return [
        f"results/stages/{wildcards.dataset}.json",
        f"results/maps/{wildcards.dataset}/npz.json",
    ]


def of_every_dataset(*patterns):
    return [pattern.format(name) for pattern in patterns for name in DATASETS]


INTAKES = of_every_dataset(
    "results/datasets/{}/source.json",
    "results/validation/{}.csv",
    "results/validation/{}.parquet",
    "results/validation/{}.json",
    "results/galleries/{}",
)


def shown_by_notebook(wildcards):
    """What a notebook is made from: the findings, the data, or the maps and their speed."""
    if wildcards.notebook == "1_dataset":
        return [*INTAKES, *LIKENESS]
    if wildcards.notebook == "2_targets":
        pictures = of_every_dataset("results/previews/{}.png")
        return [*pictures, *PREVIEWS, "results/speed/targets.json"]
    return [path for paths in FINDINGS.values() for path in paths]
