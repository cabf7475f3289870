#!/usr/bin/env bash
# The main job from end to end on a platform of its own: find cards in several provinces, buy, switch on, look, call a model,
# give back. `make demo` runs it. It keeps to its own folders and port, prints each command before it runs it, and stops the
# sandbox that it started.
set -euo pipefail

here=$(cd "$(dirname "$0")/.." && pwd)
cpctl=${CPCTL:-$here/.venv/bin/cpctl}
place=$(mktemp -d "${TMPDIR:-/tmp}/cpctl-demo.XXXXXX")
for name in $(compgen -e | grep '^CPCTL' || true); do unset "$name"; done
export XDG_CONFIG_HOME=$place/config XDG_STATE_HOME=$place/state XDG_CACHE_HOME=$place/cache XDG_DATA_HOME=$place/data

finish() {
    code=$?
    trap - EXIT
    "$cpctl" sandbox down >/dev/null 2>&1 || true
    rm -rf "$place"
    [ "$code" = 0 ] || echo "demo: ended with $code" >&2
    exit "$code"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

if [ -t 1 ]; then bold=$'\033[1m' plain=$'\033[0m'; else bold='' plain=''; fi
say() { printf '\n%s# %s%s\n' "$bold" "$*" "$plain"; }
run() {
    local word shown=cpctl
    for word in "$@"; do
        case $word in *[!A-Za-z0-9_./:=,@-]*) shown+=" '$word'" ;; *) shown+=" $word" ;; esac
    done
    printf '$ %s\n' "$shown"
    "$cpctl" "$@"
}

say 'A whole platform on this machine; its providers are fictitious, no money moves'
run sandbox up --port 0 --seed 1 --speed 6
run get subplatforms

say 'Find: an accelerator in two provinces, typed in pinyin and in Chinese'
run get offers --province shanxi,宁夏 --accelerator 昇腾910B --cards 8 --limit 5

say 'Buy and switch on: the cheapest 40 cards over both provinces, card by card'
run create order demo-train --accelerator 昇腾910B --cards 40 --duration 2h --province shanxi,宁夏 \
    --budget 1000 --activate --wait --yes
run get orders
run get cards --order demo-train --limit 3

say 'Reach them: hosts and ports, and what has happened so far'
run describe order/demo-train

say 'Call a model that is hosted on the platform'
run call deepseek-v3.2 '一句话：什么是卡时？'

say 'Give back: billing stops; each line is price × cards × seconds / 3600'
run release order/demo-train
run get bills --order demo-train
run get projects

say 'The same in one file, safe to run twice: one order, one charge'
manifest=$here/examples/order.yaml
run apply -f "$manifest" --activate --wait --yes
run apply -f "$manifest" --activate --wait --yes
run delete order/train-7b

say 'Stop the sandbox that this demo started'
run sandbox down
