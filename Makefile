# Needs make and Python 3.11 or newer with pip; everything else goes into .venv.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

# The first Python that is new enough; PYTHON=... on the command line overrides it.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$p" && break; done)
BIN := .venv/bin
# Modules are compiled once, not at every start, whatever the shell says: it halves a start and a test's subprocesses.
export PYTHONDONTWRITEBYTECODE :=
UV := UV_PYTHON_DOWNLOADS=never $(BIN)/uv
UV_TARGET := --python $(BIN)/python
# Results first, then how the run went: what pytest gets besides the file names.
PYTEST_ARGS ?=
TESTS ?= tests

.PHONY: help
help: ## list these targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.PHONY: run
run: .venv/.run ## set up what is missing and serve on http://127.0.0.1:8080
	@exec $(BIN)/laurel serve

.PHONY: demo
demo: .venv/.run ## fill an empty database with a simulated organisation
	@exec $(BIN)/laurel demo

# Every test: in two processes, each with a PostgreSQL of its own; who has none left takes over half of what the other
# still has. A part starts sooner in one.
TEST_PROCESSES ?= $(if $(filter tests,$(TESTS)),2,0)

.PHONY: test
test: .venv/.dev ## run every test (TESTS=path, PYTEST_ARGS="-k name", TEST_PROCESSES=2)
	@$(BIN)/pytest -n $(TEST_PROCESSES) --dist worksteal $(TESTS) $(PYTEST_ARGS)

.PHONY: check
check: .venv/.dev ## formatting, lints, types, import directions, tidy tests
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/pytest -q tests/tidy

.PHONY: fix
fix: .venv/.dev ## format, and mend what can be mended
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

.PHONY: bench
bench: .venv/.dev ## measure against the limits in benchmarks/
	@$(BIN)/python -m benchmarks

# SCORECARD_SIZE=1 is the full size; FIGURES="R8 R10" measures some.
.PHONY: scorecard
scorecard: .venv/.dev ## measure reliability and isolation, each figure beside a build with a planted bug
	@$(BIN)/python -m tests.scorecard $(FIGURES)

.PHONY: conformance
conformance: .venv/.dev ## show credentials, feeds and statements to published verifiers and clients (needs Node.js, npm, PyPI)
	@$(BIN)/pytest -o python_files='*.py' tests/conformance $(PYTEST_ARGS)

.PHONY: lock
lock: $(BIN)/uv ## renew requirements/ from pyproject.toml (UPGRADE=1 takes the newest versions)
	@$(LOCK) --group build --output-file requirements/build.txt
	@$(LOCK) pyproject.toml --output-file requirements/run.txt
	@$(LOCK) pyproject.toml --group dev --group build --output-file requirements/dev.txt \
		--constraint requirements/run.txt --constraint requirements/build.txt

LOCK = $(UV) pip compile $(UV_TARGET) --quiet --universal --generate-hashes --python-version 3.11 --no-annotate \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" $(if $(UPGRADE),--upgrade)

.PHONY: clean
clean: ## remove the environment and every cache; the data directory stays
	@rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# ------------------------------------------------------------------------------------------------- the environment
# A Python without its ensurepip part (Debian's, for one) gets an environment through its own pip.
$(BIN)/uv: requirements/build.txt
	@test -n "$(PYTHON)" || { echo "Laurel needs Python 3.11 or newer on the PATH." >&2; exit 1; }
	@echo "Setting up .venv with $$($(PYTHON) --version)"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv >/dev/null 2>&1 || { rm -rf .venv; $(PYTHON) -m venv --without-pip .venv; }
	@if $(BIN)/python -m pip --version >/dev/null 2>&1; \
		then pip="$(BIN)/python -m pip"; else pip="$(PYTHON) -m pip --python $(BIN)/python"; fi; \
		$$pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/build.txt
	@touch $@

.venv/.run: $(BIN)/uv requirements/run.txt pyproject.toml
	@$(UV) pip install $(UV_TARGET) --quiet --require-hashes --requirement requirements/run.txt
	@$(UV) pip install $(UV_TARGET) --quiet --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.dev: $(BIN)/uv requirements/dev.txt pyproject.toml
	@$(UV) pip sync $(UV_TARGET) --quiet --require-hashes requirements/dev.txt
	@$(UV) pip install $(UV_TARGET) --quiet --no-deps --no-build-isolation --editable .
	@touch .venv/.run $@
