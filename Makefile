# Broadsheet: `make` shows what there is.
.DEFAULT_GOAL := help
.PHONY: help run test fast check fix bench eval train screenshots sbom lock clean
SHELL := /bin/sh

BIN := .venv/bin
PORT ?= 7860
HOST ?= 127.0.0.1
ARTICLES ?=
SHARED ?= ../shared
OPTIONS ?=

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile
	@echo '  Options of run: ARTICLES=/path PORT=7860 HOST=127.0.0.1'

run: .venv/installed ## Index the articles and serve the page
	@exec $(BIN)/python app.py --host "$(HOST)" --port "$(PORT)" $(if $(ARTICLES),--articles "$(ARTICLES)") $(OPTIONS)

test: check chromium ## Check, then run every test
	$(BIN)/python -m pytest

fast: .venv/installed-dev ## Run the tests that need no language model, browser or second process
	$(BIN)/python -m pytest -m "not slow"

check: .venv/installed-dev ## Lint, format, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy index rag web evals training broadsheet app.py
	$(BIN)/lint-imports

fix: .venv/installed-dev ## Repair what ruff can repair
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/installed-dev ## Run the benchmarks, but for large_index, which needs a large archive
	@for script in $$(grep -l __main__ benchmarks/[!_]*.py | grep -v large_index); do \
		echo "== $$script"; $(BIN)/python -m "benchmarks.$$(basename $$script .py)" || exit 1; done

eval: .venv/installed-dev ## Ask 30 questions of the sample archive and print how many answers are right
	$(BIN)/python -m evals run evals/sets/sample_archive.jsonl --articles articles --sample 30

train: .venv/installed-dev ## Collect rows for the judge (about 3 hours, resumable) and fit its heads
	$(BIN)/python -m training collect $(SHARED)/corpora/bbc-news-2225.tar.xz \
		--set $(SHARED)/evals/bbcqa_dev.jsonl --made 300
	$(BIN)/python -m training collect $(SHARED)/corpora/realtimeqa-2022-2024.jsonl.xz \
		--set $(SHARED)/evals/news_open.jsonl --set $(SHARED)/evals/realtimeqa_dev.jsonl --made 300
	$(BIN)/python -m training collect articles --set evals/sets/sample_archive.jsonl
	$(BIN)/python -m training fit --write

screenshots: .venv/installed-dev chromium ## Take the pictures of the documentation
	PYTHONPATH=. $(BIN)/python docs/screenshots.py

sbom: .venv/installed ## List all that is installed, with versions and licences, in build/sbom.json
	@test -x build/sbom/bin/cyclonedx-py || { $(BIN)/python -m venv build/sbom && \
		build/sbom/bin/python -m pip install --disable-pip-version-check -q cyclonedx-bom==7.5.0; }
	build/sbom/bin/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible \
		-o build/sbom.json $(BIN)/python

lock: .venv/bin/python ## Pin and hash all packages anew, after a change of requirements*.txt
	@test -x build/lock/bin/uv || { $(BIN)/python -m venv build/lock && \
		build/lock/bin/python -m pip install --disable-pip-version-check -q uv==0.13.9; }
	build/lock/bin/python docs/lock.py

clean: ## Remove the environment, the index and what tools left; models stay
	rm -rf .venv .data .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .benchmarks build *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/python:
	@python=$$(command -v python3.11 || command -v python3 || echo none); \
	"$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null || { \
		echo "Broadsheet needs Python 3.11, 3.12 or 3.13; found: $$($$python --version 2>&1)." >&2; \
		echo "Install python3.11 and run make again." >&2; exit 1; }; \
	"$$python" -m venv .venv || { rm -rf .venv; \
		echo "Python's venv is missing; on Debian: apt-get install python3-venv" >&2; exit 1; }

# The locks name all that is installed, so that pip looks for nothing else (--no-deps).
INSTALL := $(BIN)/python -m pip install --disable-pip-version-check -q --no-deps
LOCKED := $(INSTALL) --require-hashes --only-binary :all: -r

.venv/installed: requirements.lock requirements-torch.lock requirements-torch-cpu.lock | .venv/bin/python
	$(LOCKED) requirements.lock
	@$(LOCKED) requirements-torch-cpu.lock 2>/dev/null || { \
		echo "pip finds no PyTorch without CUDA; installing PyPI's (README.md, Start)"; \
		$(LOCKED) requirements-torch.lock; }
	$(INSTALL) --no-build-isolation -e .
	@touch $@

.venv/installed-dev: requirements-dev.lock .venv/installed
	$(LOCKED) requirements-dev.lock
	@touch $@

# The browser tests want Debian's Chromium; where apt-get cannot bring it they say why they skip.
.PHONY: chromium
chromium:
	@test -x /usr/bin/chromium || { command -v apt-get >/dev/null && { \
		if [ "$$(id -u)" = 0 ]; then root=; else root="sudo -n"; fi; \
		echo "Installing chromium for the browser tests"; \
		export DEBIAN_FRONTEND=noninteractive; \
		{ $$root apt-get install -y -qq --no-install-recommends chromium \
		|| { $$root apt-get update -qq && $$root apt-get install -y -qq --no-install-recommends chromium; }; } \
		>/dev/null; }; } || echo "No chromium: the browser tests will skip."
