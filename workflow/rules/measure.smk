# Every rule here starts a clock: `threads: workflow.cores` keeps all other jobs away meanwhile.
rule measure_cell:
    input:
        accepted=rules.accept_dataset.output.accepted,
        maps=maps_of_cell,
        stores=stores_of_cell,
    output:
        record="results/trials/{dataset}/{experiment}/{cell}.json",
        batches="results/trials/{dataset}/{experiment}/{cell}.batches.parquet",
        samples="results/trials/{dataset}/{experiment}/{cell}.samples.parquet",
    log:
        "logs/measure_cell/{dataset}/{experiment}/{cell}.log",
    conda:
        ENVIRONMENT
    threads: workflow.cores
    params:
        cell=lambda wildcards: cell_of(wildcards).model_dump_json(),
        machine=machine_id(),
        code=code_of_cell,
    shell:
        "feedrate --log {log} measure-cell --dataset {wildcards.dataset} --cell {params.cell:q}"
        " {input.accepted} {output.record}"


rule profile_stages:
    input:
        accepted=rules.accept_dataset.output.accepted,
        maps=lambda wildcards: verified_maps(wildcards.dataset, CODECS_OF_BASE),
    output:
        "results/stages/{dataset}.json",
    log:
        "logs/profile_stages/{dataset}.log",
    conda:
        ENVIRONMENT
    threads: workflow.cores
    params:
        base=STUDY.base.model_dump_json(),
        conditions=matrix.Conditions.of(STUDY).model_dump_json(),
        machine=machine_id(),
        code=code_hash(
            "feedrate.profile.study",
            "feedrate.profile.clocked",
            *profiled_modules(STUDY.base, STUDY.plugins),
        ),
    shell:
        "feedrate --log {log} profile-stages --dataset {wildcards.dataset} --base {params.base:q}"
        " --conditions {params.conditions:q} {input.accepted} {output}"


# Does each loader process duplicate a cache? Bytes, process by process.
rule measure_memory:
    input:
        accepted=rules.accept_dataset.output.accepted,
        maps="results/maps/{dataset}/npz.json",
    output:
        "results/memory/{dataset}.json",
    log:
        "logs/measure_memory/{dataset}.log",
    conda:
        ENVIRONMENT
    threads: workflow.cores
    params:
        base=STUDY.base.model_dump_json(),
        conditions=matrix.Conditions.of(STUDY).model_dump_json(),
        machine=machine_id(),
        code=code_hash(
            "feedrate.memory.study",
            "feedrate.memory.readings",
            module_of("targets", "npz_ram"),
            module_of("images", "ram"),
        ),
    shell:
        "feedrate --log {log} measure-memory --dataset {wildcards.dataset} --base {params.base:q}"
        " --conditions {params.conditions:q} {input.accepted} {output}"


# The published way of timing, to show what it measures: it decides no claim.
rule run_seed_harness:
    input:
        accepted=rules.accept_dataset.output.accepted,
        maps="results/maps/{dataset}/npz.json",
    output:
        "results/harness/{dataset}.json",
    log:
        "logs/run_seed_harness/{dataset}.log",
    conda:
        ENVIRONMENT
    threads: workflow.cores
    params:
        base=STUDY.base.model_dump_json(),
        conditions=matrix.Conditions.of(STUDY).model_dump_json(),
        machine=machine_id(),
        code=code_hash(
            "feedrate.harness",
            *harnessed_modules(STUDY.base, STUDY.plugins),
        ),
    shell:
        "feedrate --log {log} run-seed-harness --dataset {wildcards.dataset} --base {params.base:q}"
        " --conditions {params.conditions:q} {input.accepted} {output}"
