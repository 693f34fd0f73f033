# Everything a fresh machine with Python 3.11 and make needs. `make site` and `make test` do all the set-up themselves.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
SITE_READY := $(VENV)/.site-ready
TEST_READY := $(VENV)/.test-ready
export NO_MKDOCS_2_WARNING := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: install wheel zensical site serve test rehearse lint check schema bench bench-full clean help

help:
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

site: $(SITE_READY) ## build the site from the bundled data, offline, and print where it is
	$(BIN)/capewatch build

install: $(SITE_READY) ## set up .venv without building; EXTRAS=steer or EXTRAS=publish adds that extra
	$(if $(EXTRAS),$(BIN)/pip install --quiet -c constraints.txt -e '.[$(EXTRAS)]')

wheel: $(SITE_READY) ## build the wheel into dist/
	$(BIN)/pip wheel --quiet --no-deps --wheel-dir dist .

zensical: site ## build the generated pages with the successor of the site's builder
	$(BIN)/pip install --quiet -c constraints.txt zensical
	$(BIN)/zensical build --config-file build/mkdocs.yml

serve: $(SITE_READY) ## build, serve on this machine, rebuild on change
	$(BIN)/capewatch serve

check: $(SITE_READY) ## validate everything people wrote
	$(BIN)/capewatch check

schema: $(SITE_READY) ## write data/schema/ from the typed models
	$(BIN)/capewatch schema

test: $(TEST_READY) ## run the whole suite (Chromium, Node and torch included)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

rehearse: $(TEST_READY) ## play a month of the scheduled jobs and write its table into tests/README.md
	CAPEWATCH_REHEARSAL=write OMP_NUM_THREADS=1 $(BIN)/python -m pytest tests/rehearsal

lint: $(TEST_READY) ## formatting, lint, types and layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench/node_modules: bench/package.json
	npm --prefix bench install --no-audit --no-fund --silent --ignore-scripts
	touch $@

bench: $(TEST_READY) bench/node_modules ## measure, quick
	$(BIN)/python -m bench

bench-full: $(TEST_READY) bench/node_modules ## measure everything
	$(BIN)/python -m bench --full

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(SITE_READY): pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/pip install --quiet -c constraints.txt -e .
	touch $@

$(TEST_READY): pyproject.toml constraints.txt tests/package.json $(SITE_READY)
	$(BIN)/pip install --quiet -c constraints.txt torch==2.13.0
	$(BIN)/pip install --quiet -c constraints.txt -e '.[dev,steer]'
	npm --prefix tests install --no-audit --no-fund --silent
	sh tests/install-browser.sh
	touch $@

clean: ## remove what builds made; .venv stays
	rm -rf build site dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
