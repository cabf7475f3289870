#!/usr/bin/env bash
# The cards of one pipeline run: buy them, use them, always give them back.
#
#   pipeline.sh [COMMAND...]       all of it; COMMAND runs while the cards are on, with the order's name in ORDER
#   pipeline.sh buy                print the order's name when its cards are on; for workflows with steps of their own
#   pipeline.sh release            give them back; also right when nothing was bought, or twice
#
# Nobody is asked and no keyring is needed: CPCTL_TOKEN, with CPCTL_SERVER or CPCTL_PROFILE; without them it ends with 4.
# RUN_ID names the run and with it the order. It must be the same when the run is tried again, so that a runner that died is
# followed by one that finds the order, not by a second purchase: the number of the pipeline, without that of the attempt.
set -euo pipefail

manifest=${MANIFEST:-$(dirname "$0")/order.yaml}
cpctl=${CPCTL:-cpctl}
: "${RUN_ID:?the number of the run, without that of the attempt}"
child=

run() {  # in the background: a signal is acted on at once, not when the command has ended by itself
    "$@" &
    child=$!
    local code=0
    wait "$child" || code=$?
    child=
    return "$code"
}

stop() {  # what runs is told, and ends first: nothing is bought behind the release
    trap '' INT TERM HUP
    if [ -n "$child" ]; then
        kill -TERM "$child" 2>/dev/null || true
        wait "$child" || true
    fi
    exit "$1"
}
trap 'stop 130' INT
trap 'stop 143' TERM HUP

say() { echo "pipeline: $*" >&2; }

buy() {
    local code try
    for try in 1 2 3 4 5; do
        code=0
        run "$cpctl" apply -f "$manifest" --run-id "$RUN_ID" --activate --wait --timeout "${LIMIT:-15m}" -o name || code=$?
        case $code in
            0) return 0 ;;
            8) say "the cards are not on yet; waiting on" ;;                 # the order goes on: the same command waits again
            9 | 11) say "no definite answer; the same command again finishes what was begun, and never buys twice" ;;
            4) say "no login: CPCTL_TOKEN, with CPCTL_SERVER or CPCTL_PROFILE"; return 4 ;;
            5) say "the name stands for another order, or this run's has ended: start a new run"; return 5 ;;
            6) say "no capacity for this order; nothing was bought"; return 6 ;;
            7) say "a limit says no; nothing was bought. Whoever set it may raise it"; return 7 ;;
            *) return "$code" ;;
        esac
        [ "$try" = 5 ] || run sleep "${PAUSE:-10}"
    done
    return "$code"
}

release() {
    local code try
    for try in 1 2 3 4 5; do
        code=0
        "$cpctl" release -f "$manifest" --run-id "$RUN_ID" -o name >&2 || code=$?
        case $code in
            0) return 0 ;;
            3) return 0 ;;                                                   # there is no such order: nothing was bought
            8 | 9 | 11) [ "$try" = 5 ] || sleep "${PAUSE:-10}" ;;
            *) break ;;
        esac
    done
    say "the cards may still be on and billed: cpctl release -f $manifest --run-id $RUN_ID"
    return "$code"
}

finish() {
    local code=$?
    trap - EXIT
    trap '' INT TERM HUP
    release || [ "$code" != 0 ] || code=1
    exit "$code"
}

case ${1:-} in
    buy) buy ;;
    release) release ;;
    *)
        trap finish EXIT
        work=$(mktemp)
        buy >"$work"
        ORDER=$(sed 's,^order/,,' "$work")
        rm -f "$work"
        export ORDER
        run "$cpctl" get cards --order "$ORDER" >&2
        [ $# = 0 ] || run "$@"
        ;;
esac
