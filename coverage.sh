#!/usr/bin/env bash
# Runs the test suite and reports which lines of src/ and workers/ it ran, in child processes and worker threads
# too: as text here, as HTML in coverage/. Fails when a test fails or fewer than 85 % of the lines ran.
# Arguments are handed to vitest, e.g. ./coverage.sh test/ledger
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")"
readonly minimum=85

raw=$(mktemp -d "${TMPDIR:-/tmp}/millrace-coverage.XXXXXX")
trap 'rm -rf "$raw"' EXIT

# A fresh build: a file left in dist/ by an older one would count as never run.
rm -rf dist coverage
npm run build

# Every process and thread that ends by itself leaves its figures in $raw; one that dies by SIGKILL leaves none.
# vitest ends its forks with SIGTERM; --diagnostic-dir is what makes them exit properly instead.
tests=0
NODE_V8_COVERAGE="$raw" npx vitest run "--execArgv=--diagnostic-dir=$raw" "$@" || tests=$?

# A module of types only compiles to nothing and is never loaded: there is no line to run in it.
skipped=()
while IFS= read -r file; do
  skipped+=(--exclude "$file")
done < <(grep -rlxF --include='*.js' 'export {};' dist/src dist/workers |
  xargs -r grep -LEv '^(export \{\};|//.*| *\*.*|/\*.*|)$')

lines=0
npx c8 report --temp-directory "$raw" --merge-async --all --src . \
  --include 'dist/src/**' --include 'dist/workers/**' "${skipped[@]}" \
  --reporter text --reporter html --reports-dir coverage \
  --check-coverage --lines "$minimum" || lines=$?

echo "HTML report: $PWD/coverage/index.html"
if ((tests != 0)); then
  echo "coverage.sh: tests failed" >&2
elif ((lines != 0)); then
  echo "coverage.sh: fewer than $minimum % of the lines ran" >&2
fi
((tests == 0 && lines == 0))
