rule build_maps:
    input:
        rules.accept_dataset.output.accepted,
    output:
        directory("results/maps/{dataset}/{codec}/{shard}"),
    log:
        "logs/build_maps/{dataset}/{codec}/{shard}.log",
    conda:
        ENVIRONMENT
    params:
        targets=TARGETS,
        transform=TRANSFORM,
        plugins=PLUGINS,
        shards=STUDY.maps.shards,
        code=code_of_maps,
    shell:
        "feedrate --log {log} build-maps --codec {wildcards.codec} --shard {wildcards.shard}"
        " --shards {params.shards} --targets {params.targets:q} --transform {params.transform:q}"
        " --plugins {params.plugins:q} --code {params.code} {input} {output}"


rule verify_maps:
    input:
        accepted=rules.accept_dataset.output.accepted,
        shards=lambda wildcards: [
            f"results/maps/{wildcards.dataset}/{wildcards.codec}/{shard}"
            for shard in range(STUDY.maps.shards)
        ],
    output:
        "results/maps/{dataset}/{codec}.json",
    log:
        "logs/verify_maps/{dataset}/{codec}.log",
    conda:
        ENVIRONMENT
    threads: 2
    params:
        targets=TARGETS,
        transform=TRANSFORM,
        plugins=PLUGINS,
        code=code_of_maps,
        recompute=STUDY.maps.verify,
        checker=code_hash("feedrate.verification"),
    shell:
        "feedrate --log {log} verify-maps --dataset {wildcards.dataset} --codec {wildcards.codec}"
        " --targets {params.targets:q} --transform {params.transform:q}"
        " --plugins {params.plugins:q} --code {params.code} --recompute {params.recompute}"
        " {input.accepted} {output} {input.shards}"
