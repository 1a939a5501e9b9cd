CONFIDENCE = STUDY.judging.confidence
MARGIN = STUDY.judging.margin
PRIMARY = {name: experiment.primary for name, experiment in STUDY.experiments.items()}


def summaries(dataset):
    return [
        f"results/summary/{dataset}/{experiment}.csv"
        for experiment in STUDY.experiments
    ]


rule collect_trials:
    input:
        records_of,
    output:
        "results/tables/{dataset}/trials.csv",
    log:
        "logs/collect_trials/{dataset}.log",
    conda:
        ENVIRONMENT
    params:
        primary=json.dumps(PRIMARY),
        code=code_hash("feedrate.tables"),
    shell:
        "feedrate --log {log} collect-trials --primary {params.primary:q} {output} {input}"


rule summarise_experiment:
    input:
        rules.collect_trials.output,
    output:
        "results/summary/{dataset}/{experiment}.csv",
    log:
        "logs/summarise_experiment/{dataset}/{experiment}.log",
    conda:
        ENVIRONMENT
    params:
        confidence=CONFIDENCE,
        margin=MARGIN,
        seed=STUDY.seed,
        code=code_hash("feedrate.stats"),
    shell:
        "feedrate --log {log} summarise-experiment --experiment {wildcards.experiment}"
        " --confidence {params.confidence} --margin {params.margin} --seed {params.seed}"
        " {input} {output}"


rule judge_claims:
    input:
        claims="config/claims.yaml",
        trials=expand(rules.collect_trials.output, dataset=DATASETS),
        summaries=[path for dataset in DATASETS for path in summaries(dataset)],
        stages=expand("results/stages/{dataset}.json", dataset=DATASETS),
        maps=expand("results/maps/{dataset}/npz.json", dataset=DATASETS),
    output:
        "results/claims.csv",
    log:
        "logs/judge_claims.log",
    conda:
        ENVIRONMENT
    params:
        datasets=DATASETS,
        code=code_hash("feedrate.claims"),
    shell:
        "feedrate --log {log} judge-claims {input.claims} {output} {params.datasets}"


rule plot_figure:
    input:
        trials=rules.collect_trials.output,
        summaries=lambda wildcards: summaries(wildcards.dataset),
        stages="results/stages/{dataset}.json",
    output:
        report(
            "results/figures/{dataset}/{figure}.svg",
            caption="../report/figure.rst",
            category="Figures",
            labels={"dataset": "{dataset}", "figure": "{figure}"},
        ),
    log:
        "logs/plot_figure/{dataset}/{figure}.log",
    conda:
        ENVIRONMENT
    params:
        code=code_hash("feedrate.figures"),
    shell:
        "feedrate --log {log} plot-figure --dataset {wildcards.dataset}"
        " --figure {wildcards.figure} {output}"


# One target an experiment: `snakemake --cores 8 ram_vs_disk` measures and answers that question.
for experiment in STUDY.experiments:

    rule:
        name:
            experiment
        input:
            [f"results/summary/{dataset}/{experiment}.csv" for dataset in DATASETS],
            [f"results/figures/{dataset}/{experiment}.svg" for dataset in DATASETS],
