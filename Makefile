# Every target sets up what it needs: python >= 3.11 is all that must be there.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
TOOLS := .venv/.infrastructure

# Compiled modules are kept: a test run starts hundreds of processes, each of which would compile Dagster anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo dev test test-unit test-unit-gated test-nightly eval bench bench-quick images recovery lint format lock clean secrets

demo: $(READY) ## one full hourly tick on simulated weather (ARGS=--fake-llm: with a stand-in for OpenAI)
	@$(BIN)/flightsched demo $(ARGS)

dev: $(READY) ## the demo in the Dagster UI, with the daemon, until Ctrl-C (PORT=3001: another port; your own data: flightsched dev)
	@$(BIN)/flightsched --demo dev $(if $(PORT),--port $(PORT)) $(ARGS)

test: $(TOOLS) ## everything, with the coverage gates
	$(BIN)/python -m slipcover -m pytest -n 3 --dist worksteal
	$(BIN)/python -m flightsched_pipelines_tests.coverage_gate

test-unit: $(READY) ## what needs no server, but for the long laws, in seconds
	$(BIN)/python -m pytest -q -n 2 --dist worksteal -m "not long" flightsched_pipelines_tests/unit

test-unit-gated: $(READY) ## those tests, with the coverage gates of what is pure: domain, messages, reporting
	$(BIN)/python -m slipcover -m pytest -q -n 2 --dist worksteal -m "not long" flightsched_pipelines_tests/unit
	$(BIN)/python -m flightsched_pipelines_tests.coverage_gate unit

test-nightly: $(READY) ## every law with a hundred times as many examples, for hours
	HYPOTHESIS_PROFILE=nightly $(BIN)/python -m pytest -q -n 2 --dist worksteal flightsched_pipelines_tests/unit

eval: $(READY) ## how well alternatives are ranked and explained: planner, stand-in, and OpenAI when its key is set
	@$(BIN)/python -m evaluation.run $(ARGS)

bench: $(READY) ## every measurement of docs/reference/benchmarks.md, in one table beside the committed figures: an hour
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r benchmarks/requirements.lock
	$(BIN)/python -m benchmarks.table $(ARGS)
	$(BIN)/python -m benchmarks.hour.scale
	$(BIN)/python -m benchmarks.readers.run
	$(BIN)/python -m benchmarks.portal.run
	$(BIN)/python -m benchmarks.year.run --rows 13000000

bench-quick: $(READY) ## smaller runs of those that matter most, in two minutes: fails where one became twice as bad
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r benchmarks/requirements.lock
	$(BIN)/python -m benchmarks.table --quick $(ARGS)

images: $(READY) ## the pictures of README and docs, from the demo and the browser tests (needs Chromium; about three minutes)
	$(BIN)/python docs/images/make.py
	PORTAL_PICTURES=$(CURDIR)/docs/images $(BIN)/python -m pytest -q flightsched_pipelines_tests/integration/portal/browser/test_pictures.py

recovery: $(READY) ## everything killed with -9 at twenty moments, about an hour (ARGS="--kills 5": fewer)
	$(BIN)/python -m benchmarks.recovery.run $(ARGS)

lint: $(TOOLS)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/vulture
	$(BIN)/actionlint
	$(BIN)/zizmor --offline --quiet --persona=pedantic .github
	$(BIN)/dg check defs
	$(BIN)/pyright --warnings

format: $(READY)
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

SECRETS ?= secrets
secrets: ## files with new passwords and keys for docker-compose.yml; existing ones stay
	@mkdir -p $(SECRETS) && chmod 700 $(SECRETS)
	@random() { head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n'; }; \
		cd $(SECRETS); \
		[ -e postgres_password ] || random > postgres_password; \
		[ -e database_url ] || printf 'postgresql://flightsched:%s@postgres:5432/flightsched' "$$(cat postgres_password)" > database_url; \
		[ -e secret_key ] || random > secret_key; \
		chmod 644 postgres_password database_url secret_key # read by the containers' users; the folder is yours alone

lock: $(READY) ## after a change of dependencies in pyproject.toml (needs uv in the path)
	uv pip compile --universal --generate-hashes --no-header --extra dev pyproject.toml -o requirements.lock
	uv pip compile --universal --generate-hashes --no-header --extra build -c requirements.lock pyproject.toml \
		-o requirements.runtime.lock
	uv pip compile --universal --generate-hashes --no-header -c requirements.lock benchmarks/requirements.in -o benchmarks/requirements.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header -c requirements.lock \
		infrastructure/requirements.in -o infrastructure/requirements.lock

clean: ## stop the embedded databases and remove what was made here, but for your own data
	@if [ -x $(BIN)/flightsched ]; then $(BIN)/flightsched --demo db stop || true; $(BIN)/flightsched db stop || true; fi
	rm -rf .venv .flightsched/demo .hypothesis .pytest_cache .ruff_cache coverage.json
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@rmdir .flightsched 2>/dev/null || { [ ! -e .flightsched ] || echo "your data stay in .flightsched"; }

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "python 3.11 or newer is needed, this is " + sys.version.split()[0] + "; set PYTHON=/path/to/python3.11")'
	@echo "Setting up .venv (once, about a minute) ..."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-compile --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(TOOLS): $(READY) infrastructure/requirements.lock
	@echo "Setting up what checks infrastructure/ and the workflows (once, about a minute) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-compile --require-hashes -r infrastructure/requirements.lock
	@touch $@
