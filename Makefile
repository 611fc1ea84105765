# Two commands on a fresh machine with Python 3.11 to 3.14 and pip: `make demo` and `make test`; PYTHON=... chooses one.
# Everything is installed into this folder: uv into .tools when it is not on the PATH, the packages into .venv.

PYTHON ?= python3
UV := $(shell command -v uv 2>/dev/null)
ifeq ($(UV),)
UV := .tools/uv/bin/uv
endif

.PHONY: demo cohort-demo associate-demo test lint docs benchmark demo-model clean

demo: .venv/ready
	.venv/bin/labcradiomics demo --out demo

cohort-demo: .venv/ready
	.venv/bin/python Utilities/cohort_demo.py --out cohort-demo

associate-demo: .venv/ready
	.venv/bin/python Utilities/associate_demo.py --out associate-demo

test: .venv/ready
	env -u PYTHONDONTWRITEBYTECODE .venv/bin/python -m pytest -n 2 --dist worksteal $(PYTEST)

lint: .venv/ready
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy

docs: .venv/ready
	.venv/bin/mkdocs build --strict --quiet

benchmark: .venv/ready
	.venv/bin/python Benchmarks/extraction.py

demo-model: .venv/ready
	.venv/bin/python Utilities/make_demo_phantom.py

.venv/ready: pyproject.toml | $(UV)
	@echo "Installing the packages into .venv (the first time takes a minute or two)"
	@if $(PYTHON) Utilities/can_compile.py; then \
	    $(UV) sync --quiet --python $(PYTHON); \
	else \
	    echo "No C compiler or no Python headers: without pyradiomics; the tests that compare with it are skipped"; \
	    $(UV) sync --quiet --python $(PYTHON) --no-group reference; \
	fi
	@.venv/bin/python Utilities/check_system.py
	@touch $@

.tools/uv/bin/uv:
	@echo "Installing uv into .tools"
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --root-user-action ignore --target .tools/uv uv

clean:
	rm -rf .venv .tools .pytest_cache .ruff_cache .hypothesis demo cohort-demo associate-demo
