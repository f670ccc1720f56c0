# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
#   make demo    the main job on the embedded lab (HOSTS=100 for a larger fleet)
#   make test    all checks, as .ci/run calls them

SHELL := /bin/sh
ROOT := $(CURDIR)
COPY := $(ROOT)/.build/ansible_collections/officefleet/c2r
BIN := $(ROOT)/.venv/bin
HOSTS ?= 25
# Files of tests go to as many processes as there are cores.
PYTEST := pytest --numprocesses auto --dist loadfile

# The tools run in the copy; Microsoft's own files are read where they lie, beside the project.
export PATH := $(BIN):$(PATH)
export PYTHONPATH := $(ROOT)/.build
export ANSIBLE_COLLECTIONS_PATH := $(ROOT)/.build
export OFFICEFLEET_CDN_SAMPLES ?= $(abspath $(ROOT)/../shared/cdn-samples)
export OFFICEFLEET_OLDEST_CORE := $(ROOT)/.venv-oldest/bin
# Hundreds of processes load the same modules: without bytecode each would compile them. The copy may hold it.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test lint lint-text lint-types unit contract integration resilience windows bench bench-rollout test-wine test-powershell copy setup setup-oldest setup-wine setup-servers setup-postgresql lock clean

demo: copy
	@cd $(COPY) && exec python -m ansible_collections.officefleet.c2r.tests.lab.demo --hosts $(HOSTS) --output $(ROOT)/.build/demo

# Smaller than by `make resilience` alone, for the sake of time; see docs/testing.md.
test: export OFFICEFLEET_FAULT_HOSTS ?= 80
test: export OFFICEFLEET_KILLS ?= 25
test: export OFFICEFLEET_ROLLOUT_KILLS ?= 16
test: setup-wine setup-servers setup-postgresql lint unit contract integration resilience windows

# mypy and ansible-lint have one process each and take long: at the same time.
lint: copy
	@+$(MAKE) --no-print-directory --jobs 2 --output-sync lint-types lint-text

lint-text:
	cd $(COPY) && ruff check . && ruff format --check .
	cd $(COPY) && yamllint --strict .
	cd $(COPY) && ansible-lint --strict --profile production --offline
	cd $(COPY) && antsibull-changelog lint

lint-types:
	cd $(ROOT)/.build && mypy --config-file $(COPY)/pyproject.toml $(addprefix $(COPY)/,plugins tests dev)

unit: copy
	cd $(COPY) && $(PYTEST) tests/unit

contract: copy setup-oldest
	cd $(COPY) && pytest tests/contract

integration: copy
	cd $(COPY) && $(PYTEST) tests/integration

# Staging beside other programs; see docs/benchmarks.md. Not part of test: it takes minutes and a quiet machine.
bench: copy
	@sh dev/setup_servers.sh
	@cd $(COPY) && exec python -m ansible_collections.officefleet.c2r.tests.bench --disk $(ROOT)/.build/bench --document $(ROOT)/docs/benchmarks.md $(ARGUMENTS)

# Rollouts over the lab's WinRM server; see docs/benchmarks.md. Not part of test, for the same reason.
bench-rollout: copy
	@cd $(COPY) && exec python -m ansible_collections.officefleet.c2r.tests.bench.rollout --disk $(ROOT)/.build/bench --document $(ROOT)/docs/benchmarks.md $(ARGUMENTS)

# Staging killed (SIGKILL) at OFFICEFLEET_KILLS moments, 100 unless told; rollouts at OFFICEFLEET_ROLLOUT_KILLS, 50; a fleet of
# OFFICEFLEET_FAULT_HOSTS with faults; slices on PostgreSQL. Minutes.
resilience: copy
	cd $(COPY) && $(PYTEST) tests/resilience

# The C# COM client on a real COM server. Without Wine, mingw and mcs each test is skipped and says why.
windows: copy
	cd $(COPY) && $(PYTEST) tests/windows

# The same, but what is missing is a failure.
test-wine: copy
	@sh dev/setup_wine.sh
	cd $(COPY) && OFFICEFLEET_REQUIRE_WINE=1 $(PYTEST) tests/windows

# The contract scenarios through the real .ps1 files; see docs/testing.md. With PYTHON, an interpreter that has
# ansible-core, pywinrm and pytest, nothing is installed and no network is needed.
PYTHON ?=
PWSH ?=
OUTPUT ?= $(ROOT)/.build/powershell
ARGUMENTS ?=
test-powershell: export PWSH := $(value PWSH)
test-powershell: $(if $(PYTHON),,setup)
	@$(or $(PYTHON),python) dev/build_copy.py
	@cd $(COPY) && $(or $(PYTHON),python) -m ansible_collections.officefleet.c2r.tests.windows.powershell --output $(OUTPUT) $(ARGUMENTS)

setup:
	@sh dev/setup.sh

# ansible-core 2.16, for the contract
setup-oldest:
	@sh dev/setup_oldest.sh

# What tests/windows runs on, where it can be installed.
setup-wine:
	@sh dev/setup_wine.sh --if-possible

# The web servers that the role distribution_point is tested with, where they can be installed.
setup-servers:
	@sh dev/setup_servers.sh --if-possible

# What the tests of records in PostgreSQL run on, where it can be installed.
setup-postgresql:
	@sh dev/setup_postgresql.sh --if-possible

copy: setup
	@python dev/build_copy.py

# Needs uv; only for whoever raises a version.
lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header dev/requirements.in -o dev/requirements.lock
	uv pip compile --universal --python-version 3.10 --generate-hashes --no-annotate --no-header dev/requirements-oldest.in -o dev/requirements-oldest.lock

clean:
	rm -rf .build .venv .venv-oldest
