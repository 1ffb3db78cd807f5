# Two commands for whoever arrives on a fresh machine: `make run` and `make test`.
.DEFAULT_GOAL := help
.PHONY: help setup page check-page run demo stop test coverage test-full matrix prove test-deploy lock check bench python ruff mypy imports migrations quick fast load-torn load-killed-backups

SHELL := /bin/bash
PYTHON ?= python3
# Where it is set, each run compiles and rewrites every module anew: seconds of each `make check`.
unexport PYTHONDONTWRITEBYTECODE
PY := .venv/bin/python
PID_FILE := run/panel.pid
# Two at a time: the real tests wait more than they work. A file's tests stay together, they share its panel.
PARALLEL := -n 2 --dist loadfile
NO_TOOLS := not docker and not restic and not redis and not browser and not process

help: ## Show this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

python:
	@PYTHON=$(PYTHON) setup/python.sh

lock: python ## Renew the lock files: `make lock` after a changed pin, `make lock ARGS=--upgrade` for all they bring
	@setup/lock.sh $(ARGS)

setup: python ## Install what is missing: .venv, Docker engine, Compose, restic; build the page
	@setup/engine.sh
	@setup/compose.sh
	@setup/restic.sh
	@setup/page.sh

page: python ## Build the page into page/dist, if it was not built from these very files
	@setup/page.sh

.PHONY: page-schema
page-schema: python ## Write the page's types of the API out of the API's own document
	@DJANGO_SETTINGS_MODULE=testing.settings $(PY) manage.py spectacular --format openapi-json | setup/page.sh npm run --silent schema

check-page: python ## Lint, types and unit tests of the page
	@setup/page.sh npm run check

# Without an engine the panel starts all the same and says what is missing, so these may fail here.
run: python ## Start the panel on http://127.0.0.1:5678 (Ctrl-C or `make stop` ends it)
	@for part in engine compose restic page; do \
	    setup/$$part.sh || echo "MC Admin starts without this part ($$part); the other parts work." >&2; done
	@$(PY) manage.py init
	@mkdir -p run && echo $$$$ > $(PID_FILE) && exec $(PY) manage.py serve $(ARGS)

demo: setup ## A panel and one Minecraft server that is ready to join; prints the owner's password once
	@$(PY) manage.py init
	@$(PY) setup/demo.py

stop: ## End the panel that `make run` or `make demo` started
	@setup/stop.sh $(PID_FILE)

test: setup ## All tests, on a real engine and a real restic
	@testbed/up.sh
	@MCADMIN_HOLD_FLOOR=1 $(PY) -m pytest -q $(PARALLEL) -m "not long" $(ARGS)
	@$(MAKE) --no-print-directory coverage

test-full: test ## `make test`, then what takes long, the files of deploy/, the other Pythons: an hour
	@$(PY) -m pytest -m long $(ARGS)
	@$(MAKE) --no-print-directory test-deploy
	@testbed/matrix.sh --others

matrix: setup ## All tests but the long ones on each of Python 3.11, 3.12 and 3.13: an hour
	@testbed/up.sh
	@testbed/matrix.sh

check: python ## Lint, types, import contracts, migrations, quick tests: under 10 s once mypy has its cache
	@$(MAKE) --no-print-directory -j3 --output-sync=target quick mypy ruff imports migrations

ruff:
	@.venv/bin/ruff check --quiet .

mypy:
	@.venv/bin/mypy --no-error-summary .

imports:
	@.venv/bin/lint-imports --no-logo --config pyproject.toml > .venv/lint-imports.log 2>&1 || { cat .venv/lint-imports.log; exit 1; }

migrations:
	@DJANGO_SETTINGS_MODULE=testing.settings $(PY) manage.py makemigrations --check --dry-run

# What a change breaks most often: the domain, the core and the rules, without a database. One process: two are slower.
quick:
	@$(PY) -m pytest -q -m "$(NO_TOOLS) and not slow" servers/tests/domain audit/tests/test_masking.py \
	    web/tests/test_config.py core/tests/test_tasks.py core/tests/test_paths.py mcadmin/tests/test_promises.py mcadmin/tests/test_requirements_locked.py mcadmin/tests/test_documented_names.py \
	    mcadmin/tests/test_lint_sizes.py mcadmin/tests/test_lint_edges.py mcadmin/tests/test_lint_memory.py mcadmin/tests/test_lint_paths.py mcadmin/tests/test_lint_shapes.py

coverage: python ## Which lines of the domain its own tests run; fails below the floor in pyproject.toml
	@$(PY) -m coverage run -m pytest -q -m "$(NO_TOOLS) and not slow" servers/tests/domain backups/tests/domain
	@$(PY) -m coverage report

fast: ## All tests that need no tool: minutes
	@$(PY) -m pytest -q -n 2 -m "$(NO_TOOLS)"

test-deploy: setup ## The files of deploy/, each on a real instance: image, nginx, Caddy, systemd unit
	@testbed/up.sh
	@testbed/proxies.sh
	@$(PY) -m pytest deploy/tests -s $(ARGS)

prove: setup ## Break what a promise to users rests on and watch its test fail: make prove P=2 (default: all)
	@testbed/up.sh
	@$(PY) -m testbed.prove $(P)

bench: setup ## Print latencies as ratios; never a pass or a fail
	@testbed/up.sh
	@$(PY) -m bench

.PHONY: load-files
load-files: python ## Uploads and downloads of 2 GiB, slow, broken and raced; writes docs/reports/files.md
	@$(PY) -m bench.files_load

.PHONY: load-cut-off
load-cut-off: python ## Downloads, uploads and sockets cut off at random moments; writes docs/reports/cut-off.md
	@$(PY) -m bench.cut_off $(ARGS)

.PHONY: load-half-sent
load-half-sent: setup ## 1,500 requests that never end, at the panel and through nginx; writes docs/reports/half-sent.md
	@testbed/proxies.sh
	@$(PY) -m bench.half_sent $(ARGS)

.PHONY: load-big-forms
load-big-forms: python ## 20 strangers who send the largest forms; writes docs/reports/big-forms.md
	@$(PY) -m bench.big_forms $(ARGS)

load-torn: setup ## Snapshots of running games, taken and made in four ways each, restored and verified: half an hour
	@testbed/up.sh
	@$(PY) -m bench.torn_worlds $(ARGS)
	@$(PY) -m bench.torn_forms $(ARGS)

.PHONY: load-public-files
load-public-files: setup ## Thirty compose files as people have them, adopted, saved, restored: a quarter of an hour
	@testbed/up.sh
	@$(PY) -m bench.public_files $(ARGS)

.PHONY: load-console load-rcon
load-console: python ## A console under load and a log flood; writes docs/reports/console.md
	@$(PY) -m bench.console_load

load-rcon: setup ## RCON to a real test server against docker exec; writes docs/reports/rcon.md
	@testbed/up.sh
	@$(PY) -m bench.rcon_load

.PHONY: load-accounts
load-accounts: setup ## Guesses at passwords and codes, crowds of strangers: minutes
	@$(PY) -m bench.accounts

load-killed-backups: setup ## SIGKILL to panel, restic and container in each step of a backup: minutes
	@testbed/up.sh
	@$(PY) -m bench.killed_backups

.PHONY: load-audit
load-audit: setup ## 20,000 requests by 20 clients: no audit event lost, and what the audit costs: minutes
	@$(PY) -m bench.audit_load

.PHONY: load-restore-kills load-restore-speed
load-restore-kills: setup ## A restore killed before each of its steps; writes docs/reports/restore-kills.md
	@testbed/up.sh
	@$(PY) -m bench.restore_kills

load-restore-speed: setup ## A restore of 5,000 files and 1 GiB against bare restic; writes docs/reports/restore-speed.md
	@$(PY) -m bench.restore_speed

.PHONY: load-races
load-races: setup ## A game that exchanges folders for links against restic, 50 times each way; writes docs/reports/races.md
	@testbed/up.sh
	@$(PY) -m bench.races

.PHONY: load-killed-changes
load-killed-changes: setup ## SIGKILL to the panel at 20 moments of up, down and a compose update: minutes
	@testbed/up.sh
	@$(PY) -m bench.killed_changes

.PHONY: load-soak
MINUTES ?= 30
load-soak: setup ## Everything at once for MINUTES=30, with deaths; writes docs/reports/soak.md
	@testbed/up.sh
	@$(PY) -m bench.soak --minutes $(MINUTES) $(ARGS)

.PHONY: load-rubbish
load-rubbish: setup ## Rubbish as fast as wrk -c 20 sends it, beside a console; writes docs/reports/rubbish.md
	@testbed/wrk.sh
	@$(PY) -m bench.rubbish $(ARGS)

.PHONY: load-startup
load-startup: setup ## Start to /healthz, SIGTERM to exit with sockets open; writes docs/reports/startup.md
	@testbed/up.sh
	@$(PY) -m bench.startup

.PHONY: load-fuzz
load-fuzz: setup ## The whole API fuzzed out of its own document: minutes; writes docs/reports/fuzz-api.md
	@testbed/up.sh
	@$(PY) -m bench.fuzz_api
