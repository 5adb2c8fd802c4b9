#!/usr/bin/env bash
# Measure the benchmarks of an hour, of a dispatch and of imports; keep the seconds of each beside those of the nights
# before, and print the last ones as a table.
set -euo pipefail
mkdir -p trend

previous=$(gh run list --repo "$REPOSITORY" --workflow nightly.yml --status success --limit 1 --json databaseId --jq '.[0].databaseId // empty')
if [ -n "$previous" ]; then
    gh run download "$previous" --repo "$REPOSITORY" --name trend --dir before || echo "no trend of before" >&2
    if [ -f before/seconds.csv ]; then cp before/seconds.csv trend/; fi
fi
[ -f trend/seconds.csv ] || echo "date,commit,benchmark,seconds" > trend/seconds.csv

make .venv/.ready >&2
.venv/bin/python -m pip install --quiet --no-deps --require-hashes -r benchmarks/requirements.lock >&2
for benchmark in hour dispatch imports; do
    begun=$SECONDS
    .venv/bin/python -m "benchmarks.$benchmark.run" > "trend/$benchmark.txt"
    echo "$(date --utc +%F),${COMMIT:0:10},$benchmark,$((SECONDS - begun))" >> trend/seconds.csv
done
echo "| date | commit | benchmark | seconds |"
echo "|---|---|---|---:|"
tail --lines=+2 trend/seconds.csv | tail --lines=42 | sed 's/,/ | /g; s/^/| /; s/$/ |/'
