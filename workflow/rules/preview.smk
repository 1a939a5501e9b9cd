rule preview_targets:
    input:
        rules.accept_dataset.output.accepted,
    output:
        report(
            "results/previews/{dataset}.png",
            caption="../report/preview.rst",
            category="Data",
            labels={"dataset": "{dataset}", "what": "image, polygons and target maps"},
        ),
    log:
        "logs/preview_targets/{dataset}.log",
    conda:
        ENVIRONMENT
    params:
        targets=TARGETS,
        transform=TRANSFORM,
        plugins=PLUGINS,
        code=code_hash("feedrate.preview", module_of("transforms", TRANSFORM)),
    shell:
        "feedrate --log {log} preview-targets --targets {params.targets:q}"
        " --transform {params.transform:q} --plugins {params.plugins:q} {input} {output}"


# What a dataset may not have, drawn from a seed: quads in perspective, and words along arcs.
rule preview_signs:
    output:
        scene=report(
            "results/previews/signs/scene.png",
            caption="../report/signs.rst",
            category="Target maps",
            labels={"what": "a scene"},
        ),
        curved=report(
            "results/previews/signs/curved.png",
            caption="../report/signs.rst",
            category="Target maps",
            labels={"what": "curved lines"},
        ),
    log:
        "logs/preview_signs.log",
    conda:
        ENVIRONMENT
    params:
        targets=TARGETS,
        transform=TRANSFORM,
        plugins=PLUGINS,
        code=code_hash("feedrate.preview", module_of("transforms", TRANSFORM)),
    shell:
        "feedrate --log {log} preview-signs --targets {params.targets:q}"
        " --transform {params.transform:q} --plugins {params.plugins:q}"
        " {output.scene} {output.curved}"


rule preview_presets:
    output:
        exhibits=report(
            "results/previews/presets/exhibits.png",
            caption="../report/presets.rst",
            category="Target maps",
            labels={"what": "shapes on which presets differ"},
        ),
        distance=report(
            "results/previews/presets/distance.png",
            caption="../report/presets.rst",
            category="Target maps",
            labels={"what": "thales against segment"},
        ),
        presets=[
            report(
                f"results/previews/presets/{preset}.png",
                caption="../report/presets.rst",
                category="Target maps",
                labels={"what": f"{preset} against feedrate"},
            )
            for preset in PRESETS
        ],
        tables=[
            "results/previews/presets/choices.csv",
            "results/previews/presets/outcomes.csv",
        ],
    log:
        "logs/preview_presets.log",
    conda:
        ENVIRONMENT
    params:
        folder=subpath(output.exhibits, parent=True),
        code=code_hash("feedrate.exhibits"),
    shell:
        "feedrate --log {log} preview-presets {params.folder}"


rule draw_gallery:
    input:
        samples=rules.prepare_dataset.output.samples,
        findings=rules.validate_dataset.output.findings,
    output:
        directory("results/galleries/{dataset}"),
    log:
        "logs/draw_gallery/{dataset}.log",
    conda:
        ENVIRONMENT
    params:
        code=code_hash("feedrate.gallery"),
    shell:
        "feedrate --log {log} draw-gallery {input.samples} {input.findings} {output}"
