# It starts a clock: what a store costs to build is part of what it has to earn.
rule build_store:
    input:
        rules.accept_dataset.output.accepted,
    output:
        folder=directory("results/stores/{dataset}/{store}"),
        manifest="results/stores/{dataset}/{store}.json",
    log:
        "logs/build_store/{dataset}/{store}.log",
    conda:
        ENVIRONMENT
    threads: workflow.cores
    params:
        recipe=recipe_of_store,
        plugins=PLUGINS,
        machine=machine_id(),
        code=code_of_store,
    shell:
        "feedrate --log {log} build-store --dataset {wildcards.dataset} --store {wildcards.store}"
        " --recipe {params.recipe:q} --plugins {params.plugins:q} --code {params.code}"
        " {input} {output.folder} {output.manifest}"
