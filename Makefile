# Every target makes its own .venv first, from a bare Python 3.11 or newer; an active environment is left alone.
#
#   make demo      the whole story in a minute: find, buy, switch on, use, give back, on a platform on this machine
#   make test      the tests, some minutes
#   make check     what CI runs: format, lint, types, generated files, tests
#   make generate  completions/, man/ and the generated parts of cpctl/, from the verbs, the registry and the contract
#   make bench     what promises of speed are measured by, beside kubectl where it is installed (make bench BENCH=--quick),
#                  and beside other tools: make bench PEERS=FOLDER (bench/README.md)
#   make soak      the long sweeps

.DEFAULT_GOAL := check
.PHONY: demo test check lint bench soak generate clean setup-run setup-dev setup-bench

unexport VIRTUAL_ENV CONDA_PREFIX PYTHONPATH PYTHONHOME PYTHONSTARTUP PYTHONWARNINGS PYTHONSAFEPATH PYTEST_PLUGINS
export PYTHONNOUSERSITE := 1

PYTHON_IN := .venv/bin/python
WORKERS ?= 3

demo: setup-run
	@bash examples/demo.sh

test: setup-dev
	$(PYTHON_IN) -m pytest -n $(WORKERS)

check: lint
	@$(MAKE) --no-print-directory test

lint: setup-dev
	$(PYTHON_IN) -m ruff format --check .
	$(PYTHON_IN) -m ruff check .
	$(PYTHON_IN) -m mypy
	$(PYTHON_IN) -m cpctl.generate --check

generate: setup-dev
	$(PYTHON_IN) -m cpctl.generate

bench: setup-bench
	@.venv-bench/bin/python -m bench.bench $(BENCH) $(if $(PEERS),--peers '$(PEERS)')

soak: setup-dev
	$(PYTHON_IN) -m pytest -m soak

clean:
	rm -rf .venv .venv-bench .demo dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis .schemathesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

setup-run:
	@sh .ci/setup run

setup-dev:
	@sh .ci/setup dev

setup-bench:
	@sh .ci/setup bench
