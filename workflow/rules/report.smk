# What the page and the notebooks are made from.
FINDINGS = {
    "trials": of_every_experiment("tables"),
    "summaries": of_every_experiment("summary"),
    **{
        kind: expand(f"results/{kind}/{{dataset}}.json", dataset=DATASETS)
        for kind in PROBES
    },
    "maps": expand("results/maps/{dataset}/npz.json", dataset=DATASETS),
    "stores": MANIFESTS,
    "decoders": expand("results/speed/decoders/{dataset}.json", dataset=DATASETS),
    "claims": [rules.judge_claims.output.claims],
    "published": [rules.judge_claims.output.published],
}


ALSO = " ".join(
    [
        *(f"--goals {path}" for path in SPEED_GOALS),
        *(f"--scale {path}" for path in SCALE),
    ]
)


rule render_validation:
    input:
        source=rules.prepare_dataset.output.source,
        findings=rules.validate_dataset.output.findings,
        facts=rules.validate_dataset.output.facts,
        gallery=rules.draw_gallery.output,
        likeness=LIKENESS,
    output:
        report(
            "results/validation/{dataset}.html",
            caption="../report/validation.rst",
            category="Data",
            labels={"dataset": "{dataset}", "what": "what came in, and what is wrong"},
        ),
    log:
        "logs/render_validation/{dataset}.log",
    conda:
        ENVIRONMENT
    params:
        targets=TARGETS,
        code=code_hash("feedrate.report.dataset"),
    shell:
        "feedrate --log {log} render-validation --name {wildcards.dataset} --source {input.source}"
        " --facts {input.facts} --findings {input.findings} --gallery {input.gallery}"
        " --likeness {input.likeness} --targets {params.targets:q} {output}"


rule run_notebook:
    input:
        shown_by_notebook,
        notebook="notebooks/{notebook}.ipynb",
    output:
        "results/notebooks/{notebook}.ipynb",
    log:
        "logs/run_notebook/{notebook}.log",
    conda:
        ENVIRONMENT
    params:
        datasets=" ".join(DATASETS),
        experiments=" ".join(EXPERIMENTS),
        code=code_hash(
            "feedrate.report",
            "feedrate.control",
            "feedrate.notebook",
            "feedrate.target_figures",
            "feedrate.stage_figures",
            "feedrate.dataset_figures",
        ),
    shell:
        "papermill --kernel python3 --no-progress-bar --cwd . -p results results"
        " -p datasets {params.datasets:q} -p experiments {params.experiments:q}"
        " {input.notebook} {output} 2>&1 | tee {log}"


rule render_notebook:
    input:
        rules.run_notebook.output,
    output:
        report(
            "results/notebooks/{notebook}.html",
            caption="../report/notebook.rst",
            category="Notebooks",
            labels={"notebook": "{notebook}"},
        ),
    log:
        "logs/render_notebook/{notebook}.log",
    conda:
        ENVIRONMENT
    params:
        code=code_hash("feedrate.notebook"),
    shell:
        "feedrate --log {log} render-notebook {input} {output}"


rule build_report:
    input:
        **FINDINGS,
        validation=expand(
            "results/validation/{dataset}.{suffix}",
            dataset=DATASETS,
            suffix=["csv", "html"],
        ),
        accepted=expand("results/validation/{dataset}.json", dataset=DATASETS),
        previews=expand("results/previews/{dataset}.png", dataset=DATASETS),
        goals=SPEED_GOALS,
        scale=SCALE,
    output:
        report(
            "results/report/index.html",
            caption="../report/page.rst",
            category="Answer",
            labels={"page": "report"},
        ),
    log:
        "logs/build_report.log",
    conda:
        ENVIRONMENT
    params:
        title=STUDY.title,
        questions=json.dumps(
            {name: item.question for name, item in STUDY.experiments.items()}
        ),
        datasets=" ".join(DATASETS),
        experiments=" ".join(EXPERIMENTS),
        also=ALSO,
        code=code_hash("feedrate.report"),
    shell:
        "feedrate --log {log} build-report --title {params.title:q}"
        " --questions {params.questions:q} --datasets {params.datasets:q}"
        " --experiments {params.experiments:q} {params.also} {output}"


# The figures of the report's further sections; which there are depends on what was measured.
rule draw_sections:
    input:
        **FINDINGS,
        goals=SPEED_GOALS,
        scale=SCALE,
    output:
        report(
            directory("results/sections/{dataset}"),
            patterns=["{section}.svg"],
            caption="../report/section.rst",
            category="Figures",
            subcategory="Sections",
            labels={"dataset": "{dataset}", "figure": "{section}"},
        ),
    log:
        "logs/draw_sections/{dataset}.log",
    conda:
        ENVIRONMENT
    params:
        experiments=" ".join(EXPERIMENTS),
        also=ALSO,
        code=code_hash("feedrate.report"),
    shell:
        "feedrate --log {log} draw-sections --datasets {wildcards.dataset}"
        " --experiments {params.experiments:q} {params.also} {output}"


# What can be changed, what it gained in this study and what it costs.
rule build_guide:
    input:
        **FINDINGS,
        stored=[path for dataset in DATASETS for path in verified_maps(dataset, CODECS)],
    output:
        report(
            "results/report/guide.html",
            caption="../report/guide.rst",
            category="Answer",
            labels={"page": "guide"},
        ),
    log:
        "logs/build_guide.log",
    conda:
        ENVIRONMENT
    params:
        title=STUDY.title,
        base=STUDY.base.model_dump_json(),
        datasets=" ".join(DATASETS),
        experiments=" ".join(EXPERIMENTS),
        code=code_hash("feedrate.report"),
    shell:
        "feedrate --log {log} build-guide --title {params.title:q} --base {params.base:q}"
        " --datasets {params.datasets:q} --experiments {params.experiments:q} {output}"


rule write_manifest:
    input:
        ARTEFACTS,
    output:
        "results/manifest.json",
    log:
        "logs/write_manifest.log",
    conda:
        ENVIRONMENT
    params:
        code=code_hash("feedrate.manifest"),
    shell:
        "feedrate --log {log} write-manifest {output} {input}"
