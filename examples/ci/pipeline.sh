#!/bin/sh
# What a CI job does with Lineproof: train, gate, waive, quarantine, heal, prove.
# Needs LINEPROOF_URL (a running server), KEY (its pinned verifier key, `lineproof ledger key`),
# WORK (an empty folder) and `python3` with `lineproof`, `mlflow` and `numpy`.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
repo="$WORK/repository"
mkdir "$repo" && cp "$here"/*.py "$here"/*.yaml "$here"/data.txt "$repo"
export PYTHON="${PYTHON:-python3}"
export MLFLOW_TRACKING_URI="$LINEPROOF_URL" MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT=1

lineproof() { "$PYTHON" -m lineproof "$@"; }
train() { echo "$1" >"$repo/data.txt" && shift && "$PYTHON" "$repo/train.py" "$@" 2>>"$WORK/train.log"; }

# expect CODE WHAT COMMAND…: run it, show its first line, stop unless it exits with CODE.
expect() {
    wanted=$1 what=$2
    shift 2
    code=0
    "$@" >"$WORK/out" 2>"$WORK/err" || code=$?
    echo "$what: exit $code: $(cat "$WORK/out" "$WORK/err" | head -n 1)"
    [ "$code" -eq "$wanted" ] || { cat "$WORK/out" "$WORK/err"; exit 70; }
}
gate() { lineproof gate --policy release --wait 5 --ci-commit "$COMMIT" "$@"; }
# promote RUN,…: make the first run's model the champion of the registry, with MLflow's own client.
promote() { "$PYTHON" "$repo/promote.py" "${1%%,*}"; }
COMMIT=0123456789012345678901234567890123456789

expect 0 "policy lint" lineproof policy lint "$repo/lineproof.yaml"
expect 0 "policy apply" lineproof policy apply "$repo/lineproof.yaml"

first=$(train v1)
expect 3 "gate without a baseline" gate --candidate "$first"
second=$(train v1)
expect 0 "gate a first release" gate --candidate "$second" --baseline "$first"

damaged=$(train v2-damaged)
"$PYTHON" "$repo/blend.py" >"$WORK/blend" 2>>"$WORK/train.log"
expect 1 "gate on damaged data" gate --candidate "$damaged"

for name in ann ben; do
    lineproof approver key "$name" --out "$WORK/$name.key" >"$WORK/$name.pub"
done
lineproof approver draft --threshold 2 "$(cat "$WORK/ann.pub")" "$(cat "$WORK/ben.pub")" >"$WORK/people.json"
expect 0 "approvers" lineproof approver set "$WORK/people.json"
lineproof waiver draft --policy release --rule accuracy --runs "$damaged" \
    --reason "demo for a customer" --until 2999-01-01T00:00:00Z >"$WORK/waiver.json"
lineproof waiver sign "$WORK/waiver.json" --key "$WORK/ann.key" >"$WORK/ann.json"
lineproof waiver sign "$WORK/waiver.json" --key "$WORK/ben.key" >"$WORK/ben.json"
expect 2 "waiver with one signature" lineproof waiver submit "$WORK/waiver.json" \
    --signature "$WORK/ann.json"
expect 0 "waiver with two signatures" lineproof waiver submit "$WORK/waiver.json" \
    --signature "$WORK/ann.json" --signature "$WORK/ben.json"
expect 0 "gate with the waiver" gate --candidate "$damaged"

bad=$(train v2-damaged --print-data)
expect 0 "quarantine impact" lineproof quarantine impact "$bad"
expect 0 "quarantine hold" lineproof quarantine hold "$bad" --reason "a third of the labels is wrong"
expect 1 "gate under quarantine" gate --candidate "$damaged"
expect 1 "alias on the damaged model" promote "$damaged"
expect 0 "due work" lineproof schedule run --workers 2

expect 0 "heal plan" lineproof quarantine heal --plan "$bad"
expect 1 "heal from data that are not fixed" lineproof quarantine heal --run "$bad" --stages "$repo/dvc.yaml"
echo v3-fixed >"$repo/data.txt"
expect 0 "heal" lineproof quarantine heal --run "$bad" --stages "$repo/dvc.yaml"
cp "$WORK/out" "$WORK/healed"
fixed=$(sed -n 's|^clear  run:\([0-9a-f]*\)  .*train.py$|\1|p' "$WORK/healed" | paste -s -d, -)
expect 0 "alias on the healed model" promote "$fixed"
expect 0 "gate on fixed data" gate --candidate "$fixed" --format json
cp "$WORK/out" "$WORK/verdict.json"
leaf=$("$PYTHON" -c 'import json,sys; print(json.load(open(sys.argv[1]))["leafIndex"])' "$WORK/verdict.json")
id=$("$PYTHON" -c 'import json,sys; print(json.load(open(sys.argv[1]))["id"])' "$WORK/verdict.json")
lineproof ledger prove "$leaf" >"$WORK/verdict.tlog-proof"
lineproof audit bundle "$id" >"$WORK/audit.json"
unset LINEPROOF_URL
expect 0 "verify offline" lineproof gate verify "$WORK/verdict.json" \
    --proof "$WORK/verdict.tlog-proof" --key "$KEY" --commit "$COMMIT" --require-pass
expect 4 "another commit" lineproof gate verify "$WORK/verdict.json" \
    --proof "$WORK/verdict.tlog-proof" --key "$KEY" --commit other --require-pass
expect 0 "audit offline" lineproof audit verify "$WORK/audit.json" --key "$KEY"
echo "The pipeline is done."
