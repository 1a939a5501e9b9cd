rule collect_trials:
    input:
        records=records_of,
        batches=batches_of,
    output:
        "results/tables/{dataset}/{experiment}.csv",
    log:
        "logs/collect_trials/{dataset}/{experiment}.log",
    conda:
        ENVIRONMENT
    params:
        primary=lambda wildcards: json.dumps(
            {wildcards.experiment: STUDY.experiments[wildcards.experiment].primary}
        ),
        code=code_hash("feedrate.tables"),
    shell:
        "feedrate --log {log} collect-trials --primary {params.primary:q} {output} {input.records}"


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
        confidence=STUDY.judging.confidence,
        margin=STUDY.judging.margin,
        seed=STUDY.seed,
        code=code_hash("feedrate.stats"),
    shell:
        "feedrate --log {log} summarise-experiment --confidence {params.confidence}"
        " --margin {params.margin} --seed {params.seed} {input} {output}"


rule judge_claims:
    input:
        claims="config/claims.yaml",
        trials=of_every_experiment("tables"),
        summaries=of_every_experiment("summary"),
        stages=expand("results/stages/{dataset}.json", dataset=DATASETS),
        maps=expand("results/maps/{dataset}/npz.json", dataset=DATASETS),
        probes=expand(
            "results/{kind}/{dataset}.json",
            kind=["memory", "harness", "model"],
            dataset=DATASETS,
        ),
    output:
        claims="results/claims.csv",
        published="results/published.json",
    log:
        "logs/judge_claims.log",
    conda:
        ENVIRONMENT
    params:
        datasets=" ".join(DATASETS),
        experiments=" ".join(EXPERIMENTS),
        code=code_hash("feedrate.claims", "feedrate.published", "feedrate.report.study"),
    shell:
        "feedrate --log {log} judge-claims --datasets {params.datasets:q}"
        " --experiments {params.experiments:q} {input.claims} {output.claims} {output.published}"


rule plot_figure:
    input:
        trials=lambda wildcards: [
            f"results/tables/{wildcards.dataset}/{name}.csv"
            for name in shown_in(wildcards)
        ],
        summaries=lambda wildcards: [
            f"results/summary/{wildcards.dataset}/{name}.csv"
            for name in shown_in(wildcards)
        ],
        profile=profile_of_figure,
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
        experiments=lambda wildcards: " ".join(shown_in(wildcards)),
        code=code_hash("feedrate.figures", "feedrate.report.study"),
    shell:
        "feedrate --log {log} plot-figure --datasets {wildcards.dataset}"
        " --experiments {params.experiments:q} --figure {wildcards.figure} {output}"


# One target an experiment: `snakemake --cores 8 ram_vs_disk` measures and answers that question.
for experiment in EXPERIMENTS:

    rule:
        name:
            experiment
        input:
            [f"results/summary/{dataset}/{experiment}.csv" for dataset in DATASETS],
            [f"results/figures/{dataset}/{experiment}.svg" for dataset in DATASETS],
