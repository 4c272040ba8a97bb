# What one types. Every target sets up .venv first, from the locked requirements. A copy of the lock stays in
# .venv and says what is installed, so a repeat costs nothing.

PY := .venv/bin/python
PYTHONS := $(or $(PYTHON),python3.14 python3.13 python3.12 python3.11 python3 python)
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
# Several processes, a file of tests to each in turn, and no more than a laptop bears: each may start a PostgreSQL.
PYTEST := -q -n logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help venv dev demo run test check bench texts pictures lock clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' Makefile

venv: ## set up .venv to run the bot (Python 3.11 or newer; another one: make venv PYTHON=...)
	$(call install,requirements.txt,requirements.txt)

dev:
	$(call install,requirements-dev.txt,requirements-dev.txt requirements.txt)

demo: venv ## open the bot in a local Telegram, no token needed
	@$(PY) -m bot demo

run: venv ## run the bot with the settings in .env
	@$(PY) -m bot run

test: dev ## run all tests
	@$(PY) -m pytest $(PYTEST)

check: dev ## formatting, lint, types, layers, texts and lessons
	$(PY) -m ruff format --check --quiet .
	$(PY) -m ruff check --quiet .
	$(PY) -m mypy
	.venv/bin/lint-imports --no-logo
	$(PY) -m bot check --offline

bench: dev ## measure this bot beside the usual stack
	@$(PY) -m tests.bench

texts: dev ## bring the catalogues in locales/ up to the code
	@$(PY) -m bot texts

pictures: dev ## take the pictures of the README anew, in Chromium
	@$(PY) -m tests.browser.pictures

lock: dev ## lock what pyproject.toml asks for (newest of everything: make lock UPGRADE=--upgrade)
	$(call compile,requirements.txt,)
	$(call compile,requirements-dev.txt,--group dev --constraint requirements.txt)

clean: ## remove .venv and caches; data and .env stay
	rm -rf .venv .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# $(1): the lock to install; $(2): the locks that are then satisfied.
define install
@[ -x $(PY) ] && $(PY) -c '$(NEW_ENOUGH)' && cmp -s $(1) .venv/$(1) && exit 0; \
set -e; \
uv=$$(command -v uv || true); \
if ! { [ -x $(PY) ] && $(PY) -c '$(NEW_ENOUGH)' && { [ -n "$$uv" ] || $(PY) -c 'import pip' 2>/dev/null; }; }; then \
	python=; \
	for candidate in $(PYTHONS); do \
		if "$$candidate" -c '$(NEW_ENOUGH)' >/dev/null 2>&1; then python=$$(command -v "$$candidate"); break; fi; \
	done; \
	if [ -z "$$python" ]; then \
		echo "Python 3.11 or newer is needed and was not found ($(PYTHONS)). Install it, or name it: make venv PYTHON=..." >&2; \
		exit 1; \
	fi; \
	if [ -z "$$uv" ] && ! "$$python" -c 'import ensurepip' 2>/dev/null; then \
		version=$$("$$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])'); \
		echo "This Python cannot make environments: install its venv part (Debian, Ubuntu: apt install python$$version-venv)." >&2; \
		exit 1; \
	fi; \
	rm -rf .venv; \
	if [ -n "$$uv" ]; then uv venv --quiet --python "$$python" .venv; else "$$python" -m venv .venv; fi; \
fi; \
echo "Setting up .venv from $(1) ..." >&2; \
rm -f $(addprefix .venv/,$(2)); \
if [ -n "$$uv" ]; then uv pip install --quiet --python $(PY) --require-hashes -r $(1); \
else $(PY) -m pip install --quiet --disable-pip-version-check --no-input --require-hashes -r $(1); fi; \
cp $(2) .venv/
endef

# $(1): the lock to write, valid for Python 3.11 and newer on every system; $(2): what it holds besides.
define compile
@$(PY) -m uv pip compile pyproject.toml $(2) $(UPGRADE) --quiet --universal --python-version 3.11 --generate-hashes \
	--no-annotate --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' --output-file $(1)
endef
