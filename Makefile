# Everything that a user or a developer runs. On Debian each target sets up what it needs; as another user than root
# it calls sudo where root is needed.

PYTHON ?= /usr/bin/python3
VENV := .venv
BIN := $(VENV)/bin
SUDO = $(if $(filter 0,$(shell id -u)),,$(or $(shell command -v sudo),$(error this needs root and there is no sudo: run make as root)))
# The namespace tests mostly wait: more of them side by side than there are cores.
WORKERS ?= 4
# What each fuzz target searches for.
SECONDS ?= 60

.PHONY: help demo test check unit namespace soak bench bench-quick bench-smoke fuzz fuzz-smoke docs dist deb snap wheel sbom image package-check package-test format requirements clean system system-test system-package system-image

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

demo: $(VENV)/ready ## routers in network namespaces: the MASTER dies, the address moves, the timeline is printed
	$(SUDO) $(BIN)/failover lab

test: check unit fuzz-smoke namespace package-check bench-smoke ## set up, then run every check and test

check: $(VENV)/ready docs ## ruff, mypy, and that the documentation builds
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

unit: $(VENV)/ready system-test ## the tests that need no root, with the protocol core's branch coverage by its own tests
	$(BIN)/python -m pytest -n auto -m "not root" --cov --cov-report=term-missing:skip-covered tests/vrrp
	$(BIN)/python -m pytest -n auto -m "not root and not packaging" --ignore=tests/vrrp

namespace: $(VENV)/ready system-test ## the tests in network namespaces, against keepalived and FRR
	$(SUDO) $(BIN)/python -m pytest -n $(WORKERS) -m root

soak: $(VENV)/ready system-test ## the namespace tests, ten times over
	for round in 1 2 3 4 5 6 7 8 9 10; do \
		echo "round $$round"; $(SUDO) $(BIN)/python -m pytest -q -n $(WORKERS) -m root || exit 1; \
	done

bench: $(VENV)/ready system-test ## measure ours beside keepalived, and write docs/performance: an hour and a half; on a quiet machine
	$(SUDO) $(BIN)/python -m benchmarks --output docs/performance

bench-quick: $(VENV)/ready system-test ## the ratios that matter, in minutes; AGAINST=DIR: beside another checkout, Error 4 where slower; JSON=FILE keeps them
	$(SUDO) $(BIN)/python -m benchmarks.quick $(if $(AGAINST),--against $(AGAINST)) $(if $(JSON),--json $(JSON))

bench-smoke: $(VENV)/ready system-test ## only see that every measurement runs; its numbers mean nothing
	$(SUDO) $(BIN)/python -m benchmarks --smoke
	$(SUDO) $(BIN)/python -m benchmarks.quick --smoke

fuzz: $(VENV)/ready ## search for inputs that break an invariant: a minute for each target, or SECONDS=...
	nice -n 10 $(BIN)/python -m fuzz --seconds $(SECONDS)

fuzz-smoke: $(VENV)/ready ## the same for three seconds each, from the beginning
	$(BIN)/python -m fuzz --afresh --seconds 3

docs: $(VENV)/ready ## the documentation as pages, and the manual pages, in build/docs; a warning is an error
	$(BIN)/sphinx-build -q -n -W --keep-going -b html docs build/docs/html
	$(BIN)/sphinx-build -q -n -W --keep-going -b man docs build/docs/man

dist: deb snap wheel sbom ## everything that is published, in dist, but for the image

deb: $(VENV)/ready system-package ## the Debian package
	packaging/build-deb dist

snap: $(VENV)/ready system-package ## the snap
	packaging/build-snap dist

wheel: $(VENV)/ready ## wheel and source distribution
	$(BIN)/uv build --quiet --no-build-isolation --python $(BIN)/python --out-dir dist

sbom: $(VENV)/ready ## the bill of materials
	mkdir -p dist
	$(BIN)/python tools/sbom.py > dist/failover.cdx.json

image: $(VENV)/ready system-image ## the container image localhost/failover:latest
	$(SUDO) packaging/oci/build

package-check: dist ## the checks of what was packaged that boot no machine
	$(SUDO) $(BIN)/python -m pytest -n auto -m "packaging and not machines" tests/packaging

package-test: dist system-image system-test ## install and run what was packaged, on Debian machines really booted; a line for each check
	$(SUDO) $(BIN)/python -m pytest -m packaging tests/packaging -v --durations=0 --durations-min=0

format: $(VENV)/ready ## rewrite the code as ruff has it
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

PIN := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --upgrade --no-header
requirements: $(VENV)/ready ## pin the newest versions that pyproject.toml allows, with hashes and without an index
	$(PIN) --no-emit-index-url pyproject.toml --output-file requirements/runtime.txt
	$(PIN) --no-emit-index-url pyproject.toml --group dev --output-file requirements/dev.txt

clean: ## remove what the other targets made
	rm -rf $(VENV) build dist .coverage .hypothesis .mypy_cache .ruff_cache

system:
	@./tools/install-packages python3 python3-venv iproute2

system-test: system
	@./tools/install-packages keepalived frr tshark nftables iputils-ping

system-package: system
	@./tools/install-packages git dpkg-dev debhelper dh-python fakeroot lintian piuparts mmdebstrap systemd-container snapd squashfs-tools

system-image: system
	@./tools/install-packages buildah podman runc mmdebstrap

# The pinned set is whole, so nothing is resolved: Debian's pip, resolving, wants a pin for `coverage[toml]` beside
# the one for `coverage`, and fails as soon as a newer coverage is out. `pip check` says whether it is whole.
$(VENV)/ready: requirements/dev.txt pyproject.toml | system
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements/dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	$(BIN)/pip check --disable-pip-version-check
	@touch $@
