# `make` alone prints the targets. Everything installs what it misses; a second run costs nothing.
.DEFAULT_GOAL := help
.PHONY: help install start demo demo-kill webapp test unit faults api canvas truth lint check format bench clean requirements programs test-programs truth-programs environments
.NOTPARALLEL:

# The system's Python comes first: one in a home directory cannot be read by the user that a service runs as.
PYTHON ?= $(firstword $(wildcard /usr/bin/python3) python3)
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
INSTALLED_DEV := $(VENV)/.installed-dev
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
PIN := $(BIN)/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe --no-header --no-annotate \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host $(UPGRADE)
# seconds that all tests together may take; a quarter of that on a quiet machine
TEST_LIMIT := 3000
# so many processes share the tests, each with servers of its own; tests/conftest.py says what stays together, and the order
PROCESSES ?= 2
AT_ONCE := --numprocesses=$(PROCESSES) --no-loadscope-reorder

help: ## print this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-10s %s\n", $$1, $$2 }'

install: programs $(INSTALLED) environments ## install CRobot into .venv, and the tools it runs (as root; others are told what is missing)

start: install ## run head, beat, callbacks, a node, Flower and the HTTP API here (see Procfile) until Ctrl-C
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/honcho start

demo: programs $(INSTALLED) ## send real reads through two calculation nodes and watch; KEEP=1 leaves it open until Ctrl-C
	$(BIN)/python -m demo $(if $(KEEP),--keep)

demo-kill: programs $(INSTALLED) ## kill a node in the middle of an assembly, and see the job end once
	$(BIN)/python -m demo kill

webapp: install ## open the example web app on a cluster of its own, until Ctrl-C (port WEBAPP_PORT, 5557)
	$(BIN)/python -m demo webapp

test: test-programs lint ## run all checks: lint, then unit, integration and smoke tests
	$(BIN)/python -m pytest -m "not full" --session-timeout=$(TEST_LIMIT) $(AT_ONCE)

unit: $(INSTALLED_DEV) ## run the tests that need no servers
	$(BIN)/python -m pytest tests/unit

faults: test-programs $(INSTALLED_DEV) ## run all fault scenarios, and those with tables of a million jobs, also what takes too long for `make test` (an hour)
	$(BIN)/python -m pytest tests/smoke/faults tests/integration/db/large_tables $(AT_ONCE) --faults-at-once

api: test-programs $(INSTALLED_DEV) ## ask the HTTP API whatever its description allows, and what it does not (schemathesis; 5 minutes)
	$(BIN)/python -m pytest -s tests/integration/crobot_tasks/web/api/test_described.py

canvas: test-programs $(INSTALLED_DEV) ## run Celery's own tests of canvas over plain tasks and over jobs, and name those that differ (20 minutes)
	$(BIN)/python -m tests.celery_suite

truth: truth-programs install $(INSTALLED_DEV) ## compare results with published ones, and print one table (20 minutes)
	$(BIN)/python -m pytest -q tests/truth tests/integration/db/nomenclature/test_numbering_at_once.py

lint: $(INSTALLED_DEV) ## check format, style, import contracts and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/mypy --strict

check: test ## the same as test: the one list of checks that CI and pre-commit call

format: $(INSTALLED_DEV) ## format the code, and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

requirements: $(INSTALLED_DEV) ## pin again what pyproject.toml asks for, with hashes; `make requirements UPGRADE=--upgrade` takes newer versions
	$(PIN) --output-file=requirements.txt pyproject.toml
	$(PIN) --output-file=requirements-embedded.txt --extra=embedded --constraint=requirements.txt pyproject.toml
	$(PIN) --output-file=requirements-dev.txt --extra=embedded --extra=dev --constraint=requirements.txt pyproject.toml

bench: install $(INSTALLED_DEV) ## run the benchmarks; only by hand, on a quiet machine
	$(BIN)/python -m benchmarks

clean: ## remove what make made here; databases and results stay
	rm -rf $(VENV) $(VENV)-* build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Tools whose Python packages do not agree with ours: .venv-serotyping.
environments: $(INSTALLED)
	@$(BIN)/python -m workers.environments

# Asked each time, before anything else is done: programs come and go without make's knowledge.
programs:
	@PYTHON=$(PYTHON) tools/debian-packages

test-programs:
	@PYTHON=$(PYTHON) tools/debian-packages --test

truth-programs:
	@PYTHON=$(PYTHON) tools/debian-packages --truth

$(INSTALLED): requirements-embedded.txt pyproject.toml
	$(PYTHON) -m venv --clear $(VENV)
	$(PIP) --requirement requirements-embedded.txt
	$(PIP) --no-deps --editable .
	@touch $@

$(INSTALLED_DEV): requirements-dev.txt $(INSTALLED)
	$(PIP) --requirement requirements-dev.txt
	@touch $@
