# `make run` starts everything on this machine; `make test` runs every test that it can run. Both install what they need.

PYTHON ?= python3
UV := $(or $(shell command -v uv),.uv/bin/uv)
BIN := .venv/bin
INSTALLED := .venv/.installed
MEMBERS := $(wildcard */pyproject.toml services/*/pyproject.toml deploy/local/pyproject.toml)

.PHONY: help install run check format test chaos gate quality fuzz schemas bench e2e-compose clean

help: ## This list
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## /  make \1\t/' | expand -t 22

install: $(INSTALLED) ## Everything that the other targets need, into .venv

# Python's own venv brings uv where the machine has none.
.uv/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Pressroom needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Set PYTHON=… to another one.")'
	$(PYTHON) -m venv .uv
	.uv/bin/pip install --quiet --disable-pip-version-check "uv>=0.13,<0.14"

$(INSTALLED): uv.lock pyproject.toml $(MEMBERS) | $(filter .uv/bin/uv,$(UV))
	$(UV) sync --frozen --quiet
	@touch $@

run: install ## Start everything here, with the sample newspaper: http://localhost:8080
	@exec $(BIN)/pressroom run

check: install ## Format, lint, types, import rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: install ## Write the code as `make check` wants it
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

test: install ## Every test that this machine can run
	$(BIN)/pytest -n 2 --dist loadfile $(TESTS)

chaos: install ## Workers and Redis killed, flushed, away: many minutes; QUICK=1 for two
	$(if $(QUICK),,PRESSROOM_CHAOS_FULL=1) $(BIN)/pytest tests/chaos

gate: install ## The long gate: 2,000 events about 500 articles, then the site byte for byte a full build
	$(BIN)/pytest tests/integration/render/test_pages_gate.py -m slow

quality: install ## Others' tools look at every kind of page: needs npm, Java, newsboat and Chromium
	$(UV) run --frozen --group quality python -m tests.e2e.quality.check

fuzz: install ## schemathesis against the editors' API, for longer than in `make test`
	PRESSROOM_FUZZ_EXAMPLES=200 $(BIN)/pytest tests/integration/ingest/test_fuzz.py

schemas: install ## Write the committed contracts, the merged OpenAPI document, docs/settings.md
	$(BIN)/python -m pressroom_shared.contracts shared/contracts
	$(BIN)/python -m tests.documents

bench: install ## Measure: ONLY=publish|streams|ingest|pages|cards|search|notify|scale, FULL=1 for the large sizes
	$(BIN)/python -m tests.bench $(ONLY) $(if $(FULL),--full)

e2e-compose: install ## The same under Docker Compose: from nothing to scaled, with containers killed
	$(BIN)/pytest tests/compose

clean: ## Remove what was installed and measured; the data folder stays
	rm -rf .venv .uv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache bench-results
