# Ostiary: `make demo` runs a small embassy, `make test` tests it. Both set up what they need first.
PYTHON  := .venv/bin/python
PYTEST  := .venv/bin/pytest
READY   := .venv/.ostiary-ready
PAGE    := api/static/index.html
NPM     := PATH="$(CURDIR)/.venv/bin:$$PATH" .venv/bin/npm --prefix console
CONSOLE := $(shell find console -name node_modules -prune -o -type f ! -name schema.d.ts ! -path 'console/tests/*' -print)
CODE    := $(wildcard controller devices vision api simulators tests benchmarks) hatch_build.py

# pytest says 5 when a part has no tests (yet)
run_tests = $(PYTEST) $(1) || test $$? -eq 5

.DEFAULT_GOAL := help
.PHONY: help setup demo test units console-units scenarios browser check bench soak lock clean

help:
	@echo 'make setup   install what is missing: system packages, Python packages, the console'
	@echo 'make demo    run the demo embassy           (ARGS="--headless --seconds 30 --data DIR --json FILE")'
	@echo 'make test    run every test'
	@echo 'make check   format, lint, types, import contracts'
	@echo 'make bench   measure, beside the limits      (ARGS="--json FILE")'
	@echo 'make soak    the demo for SOAK_SECONDS (default 3600), then SOAK_CRASHES kills (default 1000), then'
	@echo '             SOAK_REPLAYS generated requests decided again (default 100000), SOAK_FUZZ damaged inputs for the'
	@echo '             codecs (default 1000000), SOAK_CONTRACT requests for each route of the API (default 200), a day on an OSDP line in virtual time, then every mutant of the rules'
	@echo 'make lock    resolve the dependencies anew   (requirements.lock, the package-lock.json files)'
	@echo 'make clean   remove everything the other targets made'

setup: $(READY) $(PAGE)

$(READY): requirements.lock pyproject.toml hatch_build.py packaging/setup vision/weights.json packaging/weights/package-lock.json api/fonts.json packaging/fonts/package-lock.json controller/passwords.json packaging/passwords/package-lock.json $(wildcard packaging/shims/*/pyproject.toml)
	@packaging/setup
	@touch $@

$(PAGE): $(CONSOLE) | $(READY)
	@echo '== the console'
	@$(PYTHON) hatch_build.py

demo: setup
	@.venv/bin/ostiary demo $(ARGS)

TEST_CRASHES ?= 12
# Half as many again as processors: tests of wires wait more than they compute.
WORKERS := $(shell expr $$(nproc) \* 3 / 2)
# One order of sets and maps for all processes of a run, or they would not name the same tests; another one each run.
HASHES := $(shell od -An -N2 -tu2 /dev/urandom | tr -d ' ')
# Every part runs even if one before it failed: whoever mends wants to know of all that is broken. One after the other,
# whatever `make -j` says: wires are timed.
test: setup
	@$(MAKE) --keep-going --jobs=1 --no-print-directory units console-units scenarios browser

units: setup
	@echo '== unit tests (HASHES=$(HASHES))'
	@PYTHONHASHSEED=$(HASHES) $(call run_tests,-n $(WORKERS) --dist loadfile -m "not browser and not scenario")

console-units: setup
	@echo '== the console'"'"'s unit tests'
	@$(NPM) run --silent test

scenarios: setup
	@echo '== scenarios: the whole box on real wires'
	@OSTIARY_CRASHES=$(TEST_CRASHES) $(call run_tests,-m "scenario and not browser")

browser: setup
	@echo '== the console in a real browser'
	@PYTHONHASHSEED=$(HASHES) $(call run_tests,-n logical --dist loadfile -m browser tests/browser)

check: setup
	@echo '== format'
	@.venv/bin/ruff format --check $(CODE)
	@echo '== lint'
	@.venv/bin/ruff check $(CODE)
	@echo '== types'
	@.venv/bin/mypy
	@echo '== who imports whom'
	@.venv/bin/lint-imports
	@echo '== the console'"'"'s types'
	@$(NPM) run --silent check

bench: setup
	@$(PYTHON) -m benchmarks $(ARGS)

SOAK_SECONDS ?= 3600
SOAK_CRASHES ?= 1000
SOAK_REPLAYS ?= 100000
SOAK_FUZZ ?= 1000000
SOAK_CONTRACT ?= 200
soak: setup
	@mkdir -p build/soak
	@.venv/bin/ostiary demo --headless --seconds $(SOAK_SECONDS) --data build/soak/data --json build/soak/report.json $(ARGS)
	@OSTIARY_CRASHES=$(SOAK_CRASHES) $(PYTEST) --timeout 0 tests/scenarios/test_crash.py
	@OSTIARY_REPLAYS=$(SOAK_REPLAYS) $(PYTEST) --timeout 0 tests/scenarios/test_replay_soak.py
	@OSTIARY_FUZZ=$(SOAK_FUZZ) $(PYTEST) --timeout 0 tests/fuzz
	@OSTIARY_CONTRACT=$(SOAK_CONTRACT) $(PYTEST) --timeout 0 tests/scenarios/test_contract.py
	@OSTIARY_DAY_POLL=0.05 $(PYTEST) --timeout 0 tests/devices/osdp/test_a_day.py
	@PATH="$(CURDIR)/.venv/bin:$$PATH" $(PYTHON) -m tests.mutants

lock: $(READY)
	@packaging/lock

clean:
	rm -rf .venv api/static api/fonts controller/passwords vision/weights packaging/weights/node_modules packaging/fonts/node_modules packaging/passwords/node_modules console/node_modules console/src/api/schema.d.ts build dist
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
