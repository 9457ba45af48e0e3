# Every entry point; continuous integration runs these and nothing else.
PYTHON ?= python3
PORT ?= 8000
ARGS ?=
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary :all:

# Short, because a socket's path may not be long; one a checkout, so that two never meet.
TEST_NAME := gatehouse-test-$(shell id -u)-$(shell pwd | cksum | cut -d' ' -f1)
TEST_DATA_DIR := /tmp/$(TEST_NAME)
EMBEDDED = GATEHOUSE_FAST=1 DATA_DIR=$(TEST_DATA_DIR) exec $(BIN)/python -m governance.embedded
TEMPLATES = find templates -name '*.html' -print0 | xargs -0 -r
BENCHES := $(patsubst benchmarks/bench_%.py,bench-%,$(wildcard benchmarks/bench_*.py))

.DEFAULT_GOAL := help
.PHONY: help run demo test check check-deploy fix bench prove-decide docs shell $(BENCHES)

help:  ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

run: .venv/runtime  ## Run everything at http://127.0.0.1:8000 (PORT, DATA_DIR, DEMO=0)
	@PORT=$(PORT) exec $(BIN)/python manage.py run --with-parent

demo: .venv/runtime  ## Load the demo people, data and requests
	@$(BIN)/python manage.py migrate --database owner --verbosity 0
	@$(BIN)/python manage.py demo

# In memory where there is room: after each test that commits, a database of 800 files is cloned.
MEMORY := $(shell df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 && $$4 > 3000000 {print "/dev/shm"}')
test: TEST_DATA_DIR := $(or $(MEMORY),/tmp)/$(TEST_NAME)
test: .venv/development  ## Run the whole suite (ARGS="-k name" for a part)
	@TMPDIR=$(or $(MEMORY),/tmp) $(EMBEDDED) $(BIN)/python -m pytest -n 2 --dist worksteal $(ARGS)

check: .venv/development check-deploy  ## Lint, types, layers, migrations, generated docs, deployment
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(EMBEDDED) $(BIN)/mypy .
	$(BIN)/lint-imports
	$(TEMPLATES) $(BIN)/djade --check
	$(EMBEDDED) $(BIN)/python manage.py makemigrations --check --dry-run
	$(EMBEDDED) $(BIN)/python manage.py docs --check

# The names are those of production; the values are made up for this one command.
RANDOM = $(shell $(BIN)/python -c 'import base64, secrets; print(base64.b64encode(secrets.token_bytes(48)).decode())')
check-deploy: .venv/development
	@echo "manage.py check --deploy"
	@GATEHOUSE_ENV=production SECRET_KEY=$(RANDOM) API_KEY_PEPPERS=1:$(RANDOM) \
	DATABASE_URL=postgres://gatehouse_app:app@127.0.0.1/gatehouse \
	DATABASE_OWNER_URL=postgres://gatehouse_owner:owner@127.0.0.1/gatehouse \
	REDIS_URL=redis://127.0.0.1:6379/0 PUBLIC_URL=https://gatehouse.example.org \
	ALLOWED_HOSTS=gatehouse.example.org TRUSTED_PROXY_COUNT=1 \
	EMAIL_URL=smtp://mail.example.org:25 DEFAULT_FROM_EMAIL=gatehouse@example.org \
	$(BIN)/python manage.py check --deploy --fail-level WARNING

fix: .venv/development  ## Format and repair what tools can repair
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(TEMPLATES) $(BIN)/djade || true  # it exits 1 when it changed a file

# Ten million events of its own: 14 GB of disk and half an hour (TRAIL_ROWS makes it smaller).
bench-trail: TEST_DATA_DIR := $(TEST_DATA_DIR)-trail

bench: $(BENCHES)  ## Run every benchmark (bench-NAME runs one)

$(BENCHES): bench-%: .venv/development
	@$(EMBEDDED) $(BIN)/python -m benchmarks.bench_$* $(ARGS)

RANDOM_WORLDS = $(patsubst %,tests/accounts/test_%.py,agreement asof preview point alone at_once)
prove-decide: .venv/development  ## Races and differences of the decision, in their large size
	@$(EMBEDDED) $(BIN)/python -m benchmarks.prove_decide $(ARGS)
	@WORLDS=20 $(EMBEDDED) $(BIN)/python -m pytest $(RANDOM_WORLDS)

docs: .venv/development  ## Write the generated pages of docs/
	@$(EMBEDDED) $(BIN)/python manage.py docs

shell: .venv/runtime  ## Open a Python shell on the data of `make run`
	@$(BIN)/python manage.py shell

.venv/created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Gatehouse needs Python 3.11 or newer, and $(PYTHON) is not: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -m venv .venv || { \
	  echo "Python cannot make .venv (on Debian: apt install python3-venv)." >&2; exit 1; }
	@touch $@

.venv/runtime: requirements.txt .venv/created
	@echo "Installing requirements.txt into .venv ..."
	@$(PIP) -r requirements.txt
	@touch $@

.venv/development: requirements-dev.txt .venv/runtime
	@echo "Installing requirements-dev.txt into .venv ..."
	@$(PIP) -r requirements-dev.txt
	@touch $@
