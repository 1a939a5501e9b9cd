# What was clocked and a few declared cells, put together: it predicts all the others.
rule fit_model:
    input:
        trials=lambda wildcards: [
            f"results/tables/{wildcards.dataset}/{name}.csv" for name in EXPERIMENTS
        ],
        summaries=lambda wildcards: [
            f"results/summary/{wildcards.dataset}/{name}.csv" for name in EXPERIMENTS
        ],
        stages="results/stages/{dataset}.json",
        maps="results/maps/{dataset}/npz.json",
        samples=lambda wildcards: [
            f"results/trials/{wildcards.dataset}/{cell.experiment}/{cell.name}.samples.parquet"
            for cell in CALIBRATION[:1]
        ],
    output:
        "results/model/{dataset}.json",
    log:
        "logs/fit_model/{dataset}.log",
    conda:
        ENVIRONMENT
    params:
        experiments=" ".join(EXPERIMENTS),
        calibration=json.dumps(STUDY.model.calibration),
        samples=lambda wildcards, input: " ".join(
            f"--samples {path}" for path in input.samples
        ),
        code=code_hash("feedrate.model.study", "feedrate.report.study"),
    shell:
        "feedrate --log {log} fit-model --datasets {wildcards.dataset}"
        " --experiments {params.experiments:q} --calibration {params.calibration:q}"
        " {params.samples} {output}"
