# Quanheng: `make help` lists what can be done.
# Of each version first the system's: it is built by its profile, and takes a tenth less time than what pyenv builds.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3.14 python3; do for at in /usr/bin/ ''; do \
	$$at$$p -c 'import sys, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$at$$p && break 2; \
	done; done)
PY := .venv/bin/python
PIP := $(PY) -m pip install -qq --disable-pip-version-check
# uv takes half of what pip takes, on two processors at once. Where pip is told of another index, uv cannot be had
# or does not get through, pip installs.
UV := UV_HTTP_TIMEOUT=5 UV_HTTP_RETRIES=0 .venv/bin/uv pip install --quiet --python $(PY)
QUICKLY = ! $(PY) -m pip config list | grep -q '\.index-url' && $(PIP) 'uv~=0.13' && $(UV)

# As often as promised takes longer than a test may otherwise; the counts that tests print are shown.
FAULTS := QUANHENG_FAULTS=full HUMAN_SECONDS=1.5 $(PY)
FAULTS_SHOWN := --timeout 7200 -rP
INSTALL_FAILED = { echo "Installing the packages failed: pip's own words are above." \
	"Check the network and the free disk space, then run make again." >&2; exit 1; }

# For two processors, all at once, so that none is ever idle: two processes on PostgreSQL, four on SQLite, where
# browsers, servers and clocks are often waited for, and one for the faults, which mostly wait, and on PostgreSQL
# also for those that read the server's files, which have one to themselves.
# File by file, in their order: the short ones of formulas come last.
SIDE_BY_SIDE := --dist loadfile --no-loadscope-reorder
# Only one of them is read while it runs: the others are said when all have ended.
said = build/test-$(1).txt
# What draws and sets type steps back by fifteen behind all others, and nineteen is the last: beside five busy
# processes of tests it would be left a seventieth of a processor. From ten it is left a twentieth.
AT_EASE := nice -n 10 $(PY)
# The files that hold tests of a mark: to import all others for them would take longer than many of these tests.
marked = $$(grep -rlE --include 'test_*.py' 'mark\.($(1))\b' tests | sort)

# Where nothing compiled is kept, each of the hundreds of processes that tests start, and each start of the product,
# compiles all modules anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run install test collected test-sqlite test-postgres test-faults check bench faults soak lock messages \
	clean
.DEFAULT_GOAL := help

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile | expand -t 18

run: .venv/.run ## start the product at http://127.0.0.1:$PORT (8000)
	@$(PY) -m config.launch --with-parent

install: .venv/.dev ## put all that running and testing need into .venv
	@$(PY) -m tests.chromium --install

# Once before all others: in a fresh clone each of seven processes would compile all modules, and read them for the
# constants that hypothesis tries.
collected: install
	@mkdir -p build; $(PY) -m pytest --collect-only -qq > $(call said,collected) 2>&1 \
		|| { cat $(call said,collected); exit 1; }

test: collected ## run every test, on PostgreSQL and on SQLite
	@$(MAKE) --no-print-directory --jobs 3 --keep-going test-postgres test-faults test-sqlite; \
		status=$$?; cat $(call said,faults) $(call said,postgres); exit $$status

test-sqlite:
	@$(AT_EASE) -m pytest -m "not faults" -n 4 $(SIDE_BY_SIDE)

test-postgres:
	@exec > $(call said,postgres) 2>&1; \
	$(AT_EASE) -m tests.postgres -m "postgres and not (faults or alone)" -n 2 $(SIDE_BY_SIDE) $(call marked,postgres)

test-faults:
	@exec > $(call said,faults) 2>&1; status=0; \
	$(AT_EASE) -m tests.postgres -m "postgres and (faults or alone)" $(call marked,faults|alone) || status=1; \
	$(AT_EASE) -m pytest -m faults $(call marked,faults) || status=1; \
	exit $$status

check: .venv/.dev ## ruff, mypy, import-linter, migrations, deployment settings
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports
	@$(PY) manage.py makemigrations --check --dry-run --skip-checks
	@QUANHENG_HTTPS=1 DJANGO_SECRET_KEY=$$($(PY) -c 'import secrets; print(secrets.token_urlsafe(64))') \
		$(PY) manage.py check --deploy --fail-level WARNING

bench: .venv/.dev .venv/peers ## time the product beside its floors and its peers: build/bench.json
	@QUANHENG_BENCH_PYTHON=$(CURDIR)/.venv/peers/bin/python $(PY) -m benchmarks

faults: install ## the tests that kill real processes, and that swap scores, as often as promised, on both databases
	@$(FAULTS) -m tests.postgres -m "postgres and faults" $(FAULTS_SHOWN) $(call marked,faults)
	@$(FAULTS) -m pytest -m faults $(FAULTS_SHOWN) $(call marked,faults)
	@$(FAULTS) -m pytest tests/test_blindness.py $(FAULTS_SHOWN)

soak: .venv/.dev ## a hundred experts save for ten minutes on each database, beside a bare view
	@$(PY) -m benchmarks.soak --database sqlite
	@$(PY) -m benchmarks.soak --database postgres

lock: .venv/.dev ## renew requirements-locked.txt: what the image installs, to the byte
	@$(PIP) 'uv~=0.13' && .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --upgrade \
		--generate-hashes --no-annotate --custom-compile-command "make lock" \
		requirements.txt --output-file requirements-locked.txt

messages: .venv/.dev ## collect the strings to translate (needs gettext)
	@$(PY) manage.py makemessages --locale zh_Hans --no-location --ignore .venv --ignore build

clean: ## remove everything built; the data in var/ stay
	@rm -rf .venv build staticfiles .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -prune -exec rm -rf {} +

.venv/.made:
	@test -n "$(PYTHON)" || { echo "Quanheng needs Python 3.11 or newer with its venv module (Debian: apt install" \
		"python3 python3-venv). Name another one with: make run PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -m venv .venv
	@touch $@

.venv/.run: requirements.txt | .venv/.made
	@echo "Installing the packages of requirements.txt into .venv ..."
	@{ $(QUICKLY) --compile-bytecode -r requirements.txt; } 2>/dev/null || $(PIP) -r requirements.txt || $(INSTALL_FAILED)
	@touch $@

# Other packages bring versions of their own, so they live in an environment of their own.
.venv/peers: requirements-bench.txt | .venv/.dev
	@$(PY) -m venv $@ && $@/bin/python -m pip install -qq --disable-pip-version-check -r $< || $(INSTALL_FAILED)
	@touch $@

# Of what the tests install nobody loads two thirds: the rest is compiled as it is loaded.
.venv/.dev: requirements-dev.txt requirements-parquet.txt requirements.txt | .venv/.made
	@echo "Installing the packages of requirements-dev.txt into .venv ..."
	@{ $(QUICKLY) -r requirements-dev.txt; } 2>/dev/null || $(PIP) --no-compile -r requirements-dev.txt || $(INSTALL_FAILED)
	@touch $@ .venv/.run
