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


# The settings that are expected to be fastest, measured beside the base on pairs of their own.
rule recommend:
    input:
        rules.fit_model.input,
        rules.fit_model.output,
    output:
        "results/recommendation/{dataset}.candidate.json",
    log:
        "logs/recommend/{dataset}.log",
    conda:
        ENVIRONMENT
    params:
        experiments=" ".join(EXPERIMENTS),
        calibration=json.dumps(STUDY.model.calibration),
        samples=lambda wildcards: " ".join(
            f"--samples results/trials/{wildcards.dataset}/{cell.experiment}/{cell.name}"
            ".samples.parquet"
            for cell in CALIBRATION[:1]
        ),
        base=STUDY.base.model_dump_json(),
        advice=STUDY.advice.model_dump_json(),
        code=code_hash(
            "feedrate.advice.candidates",
            "feedrate.model.study",
            "feedrate.report.study",
        ),
    shell:
        "feedrate --log {log} recommend --datasets {wildcards.dataset}"
        " --experiments {params.experiments:q} --calibration {params.calibration:q}"
        " {params.samples} --base {params.base:q} --advice {params.advice:q} {output}"


rule confirm_recommendation:
    input:
        accepted=rules.accept_dataset.output.accepted,
        candidate=rules.recommend.output,
        maps=lambda wildcards: verified_maps(wildcards.dataset, CODECS),
        stores=lambda wildcards: [
            path for store in STORES for path in store_files(wildcards.dataset, store)
        ],
    output:
        record="results/confirmation/{dataset}.json",
        batches="results/confirmation/{dataset}.batches.parquet",
        samples="results/confirmation/{dataset}.samples.parquet",
    log:
        "logs/confirm_recommendation/{dataset}.log",
    conda:
        ENVIRONMENT
    threads: workflow.cores
    params:
        base=STUDY.base.model_dump_json(),
        conditions=matrix.Conditions.of(STUDY).model_dump_json(),
        machine=machine_id(),
        code=code_hash(
            "feedrate.pairs",
            "feedrate.trial",
            *sorted({module for cell in CELLS for module in cell.modules}),
        ),
    shell:
        "feedrate --log {log} confirm-recommendation --dataset {wildcards.dataset}"
        " --base {params.base:q} --conditions {params.conditions:q}"
        " --candidate {input.candidate} {input.accepted} {output.record}"


rule write_recommendation:
    input:
        record=rules.confirm_recommendation.output.record,
        batches=rules.confirm_recommendation.output.batches,
    output:
        patch="results/recommendation/{dataset}.yaml",
        told="results/recommendation/{dataset}.json",
    log:
        "logs/write_recommendation/{dataset}.log",
    conda:
        ENVIRONMENT
    params:
        base=STUDY.base.model_dump_json(),
        advice=STUDY.advice.model_dump_json(),
        judging=STUDY.judging.model_dump_json(),
        seed=STUDY.seed,
        code=code_hash("feedrate.advice.recommendation"),
    shell:
        "feedrate --log {log} write-recommendation --dataset {wildcards.dataset}"
        " --base {params.base:q} --advice {params.advice:q} --judging {params.judging:q}"
        " --seed {params.seed} {input.record} {output.patch} {output.told}"
