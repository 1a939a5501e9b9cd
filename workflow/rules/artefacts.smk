# Everything that a study makes: what `all` asks for.


def of_dataset(name):
    """Every file that a study makes of one dataset."""
    found = [
        *(f"results/datasets/{name}/{file}" for file in DATASET_FILES),
        *(
            f"results/validation/{name}.{suffix}"
            for suffix in ("csv", "parquet", "json", "html")
        ),
        f"results/galleries/{name}",
        f"results/previews/{name}.png",
        *(f"results/{kind}/{name}.json" for kind in PROBES),
        f"results/speed/decoders/{name}.json",
        f"results/recommendation/{name}.yaml",
        *(f"results/confirmation/{name}.{suffix}" for suffix in CONFIRMED),
        *(f"results/maps/{name}/{codec}.json" for codec in CODECS),
        *(path for store in STORES for path in store_files(name, store)),
        *(
            f"results/maps/{name}/{codec}/{shard}"
            for codec in CODECS
            for shard in range(STUDY.maps.shards)
        ),
        *(
            f"results/{kind}/{name}/{item}.csv"
            for kind in TABLES
            for item in EXPERIMENTS
        ),
        *(f"results/figures/{name}/{figure}.svg" for figure in FIGURES),
        f"results/sections/{name}",
    ]
    if STUDY.datasets[name].generator is not None:
        folder = f"results/generated/{name}"
        found += [f"{folder}/annotations.json", f"{folder}/images"]
    if STUDY.datasets[name].url is not None:
        found.append(f"results/fetched/{name}")
    return found


# All of them are asked for by name: Snakemake does not miss a deleted file while what was made
# from it is there.
ARTEFACTS = [
    *(path for name in DATASETS for path in of_dataset(name)),
    *RECORDS,
    *(
        path.removesuffix("json") + f"{rows}.parquet"
        for path in RECORDS
        for rows in ROWS
    ),
    *PREVIEWS,
    "results/speed/targets.json",
    *LIKENESS_MEASURED,
    *LIMITS,
    *SPEED_GOALS,
    *SCALE,
    "results/claims.csv",
    "results/published.json",
    *(
        f"results/notebooks/{name}.{suffix}"
        for name in NOTEBOOKS
        for suffix in ("ipynb", "html")
    ),
    *SELFTEST_MEASURED,
    "results/report/selftest.html",
    "results/report/guide.html",
    "results/report/index.html",
]
