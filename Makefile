# Everything starts from a plain python3 (3.11 or newer), git and make.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.synced
BENCH_STAMP := $(VENV)/.synced-bench
UV_VERSION := 0.13.9
GRAPH ?= sqlite
TEST_GRAPHS ?= memory,sqlite,neo4j
ARGS ?=
SEED ?= 1
ROWS ?=

export UV_PROJECT_ENVIRONMENT := $(CURDIR)/$(VENV)
export UV_PYTHON_DOWNLOADS := never
unexport VIRTUAL_ENV

.PHONY: help quickstart test stress check format bench neo4j serve clean

help: ## list what make can do
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

quickstart: $(STAMP) ## see the whole job done on real runs (GRAPH=neo4j for a real Neo4j)
	@$(BIN)/python -m examples.quickstart --graph $(GRAPH)

test: $(STAMP) ## run every test (TEST_GRAPHS=sqlite to leave Neo4j out)
	$(BIN)/python -m pytest -q --graph=$(TEST_GRAPHS) $(ARGS)

stress: $(STAMP) ## every fault at its whole size (SEED=N repeats a run, ROWS="F1 F2" chooses)
	$(BIN)/python -m tests.stress --seed $(SEED) $(ROWS)
	LINEPROOF_TEST_VERDICTS=500 $(BIN)/python -m pytest -q tests/governance/test_scenarios.py -k scenario_4 --graph=$(TEST_GRAPHS)

check: $(STAMP) ## lint, types, architecture, container and CI files
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/pyright
	$(BIN)/mypy
	$(BIN)/hadolint Dockerfile
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-actions integrations/github-action/action.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows examples/ci/github-workflow.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.gitlab-ci --data-transform gitlab-ci \
		integrations/gitlab/lineproof.gitlab-ci.yml examples/ci/gitlab-ci.yml

format: $(STAMP) ## rewrite the code in the house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(BENCH_STAMP) ## wall time and memory delta, beside a peer in the same run
	$(BIN)/python -m benchmarks

neo4j: $(STAMP) ## start a development Neo4j by hand (no Docker)
	$(BIN)/python -m tests.neo4j_server --port 7687

serve: $(STAMP) ## serve ./data on a loopback port
	$(BIN)/lineproof serve --data data

clean: ## remove what was built and installed
	rm -rf $(VENV) .pytest_cache .ruff_cache .mypy_cache .hypothesis .import_linter_cache dist

$(BIN)/uv:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Lineproof needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

$(STAMP): pyproject.toml uv.lock | $(BIN)/uv
	$(BIN)/uv sync --quiet --frozen
	@touch $@

$(BENCH_STAMP): $(STAMP)
	$(BIN)/uv sync --quiet --frozen --group bench
	@touch $@
