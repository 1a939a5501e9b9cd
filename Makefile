# One command a duty, the same at home and in CI. Each makes .venv from envs/lock.txt when missing.
CORES ?= 8
TESTERS ?= 2
PYTHON ?= python3
PYTHONS ?= 3.11 3.12 3.13

BIN := .venv/bin
READY := .venv/.ready
SMK := Snakefile workflow/Snakefile workflow/rules/*.smk

# Rules call `feedrate`, `papermill` and `jupyter`: the environment's own must be found first.
export PATH := $(CURDIR)/$(BIN):$(PATH)

.DEFAULT_GOAL := all
.PHONY: all smoke report test test-all test-pythons check lock bench-targets site

all: $(READY)  ## the default study, to results/report/index.html
	$(BIN)/snakemake --cores $(CORES) all

smoke: $(READY)  ## the same on a tiny dataset, in minutes
	$(BIN)/snakemake --cores $(CORES) all --configfile config/smoke.yaml

report: all  ## Snakemake's own report, one file that works offline
	$(BIN)/snakemake --cores $(CORES) --report results/report/snakemake.html

test: $(READY)  ## the fast tests
	$(BIN)/pytest -m "not slow" -n $(TESTERS) --dist loadfile

test-all: $(READY)  ## all tests
	$(BIN)/pytest -n $(TESTERS) --dist loadfile

test-pythons:  ## the tests that need no clock, on every Python of PYTHONS that is here, each with the same pins
	$(PYTHON) envs/try_pythons.py $(PYTHONS)

check: $(READY)  ## style, types and the workflow's form; changes nothing
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/snakefmt --check $(SMK)
	$(BIN)/snakemake --lint

bench-targets: $(READY)  ## how fast target maps are made, stored and loaded here: a table
	$(BIN)/feedrate bench-targets results/speed/targets.json

site: .venv-site/.ready  ## the documentation as a site, in site/; a warning is an error
	NO_MKDOCS_2_WARNING=1 .venv-site/bin/mkdocs build --strict

lock:  ## pin everything anew: envs/lock.txt and envs/environment.yaml
	$(PYTHON) envs/make_lock.py

$(READY): envs/lock.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "feedrate needs Python >= 3.11, this is " + sys.version.split()[0] + "; try make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -r envs/lock.txt
	$(BIN)/pip install --no-deps -e .
	touch $@

.venv-site/.ready: envs/docs.txt
	$(PYTHON) -m venv .venv-site
	.venv-site/bin/pip install -r envs/docs.txt
	touch $@
