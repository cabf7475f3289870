#!/usr/bin/env bash
# The main job from end to end on a platform of its own: find cards in several provinces, buy, switch on, look, call a model, give back.
# `make demo` runs it. It keeps to its own folders and port, prints each command before it runs it, and stops the sandbox it started.
set -euo pipefail

here=$(cd "$(dirname "$0")/.." && pwd)
cpctl=${CPCTL:-$here/.venv/bin/cpctl}
place=$(mktemp -d "${TMPDIR:-/tmp}/cpctl-demo.XXXXXX")
export XDG_CONFIG_HOME=$place/config XDG_STATE_HOME=$place/state XDG_CACHE_HOME=$place/cache XDG_DATA_HOME=$place/data
for name in $(compgen -e | grep '^CPCTL_' || true); do [ "$name" = CPCTL_DEMO_PORT ] || unset "$name"; done

finish() {
    code=$?
    "$cpctl" sandbox down >/dev/null 2>&1 || true
    rm -rf "$place"
    [ "$code" = 0 ] || echo "demo: the last command ended with $code" >&2
    exit "$code"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

say() { printf '\n\033[1m# %s\033[0m\n' "$*"; }
[ -t 1 ] || say() { printf '\n# %s\n' "$*"; }
run() {
    printf '$'; printf ' %s' cpctl "$@"; printf '\n'
    "$cpctl" "$@"
}

say "A complete platform on this machine: ten provinces, real HTTP, sandbox prices, no money"
run sandbox up --port "${CPCTL_DEMO_PORT:-0}" --speed 60
run overview

say "Find: the same accelerator in two provinces, cheapest first come later; here the first five"
run get offers --province shanxi,宁夏 --accelerator 昇腾910B --cards 8 --limit 5

say "Buy and switch on: 24 cards; no single province has to have them all"
cat > "$place/order.yaml" <<'YAML'
apiVersion: ccpp/v1
kind: Order
metadata:
  name: demo-train
  labels: {team: demo}
spec:
  allocations: []
  duration: 2h
YAML
