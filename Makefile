# What people type. `make demo` and `make test` set everything up by themselves.
PYTHON ?= python3
AGGREGATOR = .venv/bin/aggregator
DB ?= aggregator.db

.PHONY: help setup demo run serve explore test test-real check lock bench clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup: .venv/.run ## .venv with the locked packages and the aggregator command

demo: .venv/.run ## the whole way once, over a sample federation on this machine
	@$(AGGREGATOR) demo

run: .venv/.run ## visit what is due in sources.yaml, publish to feeds/
	@$(AGGREGATOR) run

serve: .venv/.run ## keep running: visits on schedule, feeds over HTTP
	@$(AGGREGATOR) serve

explore: .venv/.explore ## Datasette on a copy of the store (another one: make explore DB=feeds/demo/aggregator.db)
	@mkdir -p .explore
	@$(AGGREGATOR) export --format sqlite --db $(DB) --output .explore/aggregator.db
	@.venv/bin/datasette serve --immutable .explore/aggregator.db --metadata datasette.yaml --open \
	  --setting sql_time_limit_ms 20000 --setting facet_time_limit_ms 2000

test: .venv/.dev ## all checks and all tests
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports
	@.venv/bin/pytest

test-real: .venv/.dev ## discover and run against real software on this machine (Debian: installs WordPress, MariaDB, site generators)
	@tests/real/install.sh
	@.venv/bin/pytest tests/real

bench: .venv/.dev ## speed and memory beside peers (minutes; see benchmarks/README.md)
	@.venv/bin/python -m benchmarks

lock: ## renew requirements/*.txt from pyproject.toml (needs uv)
	uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-annotate requirements/build.in -o requirements/build.txt
	uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-annotate pyproject.toml -o requirements/run.txt
	uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-annotate pyproject.toml --extra dev -c requirements/run.txt -o requirements/dev.txt
	uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-annotate pyproject.toml --extra explore -c requirements/dev.txt -o requirements/explore.txt

clean: ## remove what was set up (not the store, not the feeds)
	rm -rf .venv .explore .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache tests/calendar_readers/node_modules

# The stamp of the larger set serves the smaller one.
.venv/.run: requirements/run.txt requirements/build.txt pyproject.toml
	@if [ -e .venv/.dev ] && [ .venv/.dev -nt requirements/dev.txt ]; then touch $@; else $(PYTHON) tools/setup.py run && touch $@; fi

.venv/.dev: requirements/dev.txt requirements/build.txt pyproject.toml
	@$(PYTHON) tools/setup.py dev && touch .venv/.run $@

.venv/.explore: requirements/explore.txt .venv/.run
	@if [ ! -e .venv/.dev ] || [ .venv/.dev -ot requirements/dev.txt ]; then \
	  echo "setting up .venv (explore) …"; .venv/bin/python -m pip -qq --disable-pip-version-check install --require-hashes -r $<; fi
	@touch $@
