#!/usr/bin/env bash
# Runs the test suite and reports which lines of src/ and workers/ it ran, in child processes and worker threads
# too: as text here, as HTML in coverage/. Fails when a test fails or fewer than 85 % of the lines ran.
# Arguments are handed to vitest, e.g. ./coverage.sh test/ledger
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")"
readonly minimum=85

# A fresh build: a file left in dist/ by an older one would count as never run.
rm -rf dist coverage
npm run build

# In the project, so that the setup file below finds vitest.
raw=$PWD/coverage/raw
mkdir -p "$raw"
trap 'rm -rf "$raw"' EXIT

# Every process and thread that ends by itself leaves its figures in NODE_V8_COVERAGE; one killed by a signal leaves
# none. vitest ends its forks with SIGTERM, so they write theirs after the last test of each file.
cat >"$raw/setup.mjs" <<'END'
import { takeCoverage } from 'node:v8';
import { afterAll } from 'vitest';

afterAll(() => takeCoverage());
END
cat >"$raw/vitest.config.mjs" <<'END'
import { fileURLToPath } from 'node:url';
import { mergeConfig } from 'vitest/config';
import project from '../../vitest.config.ts';

export default mergeConfig(project, {
  test: { setupFiles: [fileURLToPath(new URL('setup.mjs', import.meta.url))] },
});
END
tests=0
NODE_V8_COVERAGE="$raw/v8" npx vitest run --root . --config "$raw/vitest.config.mjs" "$@" || tests=$?

# A module of types only compiles to nothing and is never loaded: there is no line to run in it.
typesonly=()
while IFS= read -r file; do
  typesonly+=(--exclude "$file")
done < <(grep -rlxF --include='*.js' 'export {};' dist/src dist/workers |
  xargs -r grep -LEv '^(export \{\};|//.*| *\*.*|/\*.*|)$')

lines=0
npx c8 report --temp-directory "$raw/v8" --merge-async --all --src . \
  --include 'dist/src/**' --include 'dist/workers/**' --include 'dist/lanes.cjs' "${typesonly[@]}" \
  --reporter text --reporter html --reports-dir coverage \
  --check-coverage --lines "$minimum" || lines=$?

echo "HTML report: $PWD/coverage/index.html"
if ((tests != 0)); then echo 'coverage.sh: tests failed' >&2; fi
if ((lines != 0)); then echo "coverage.sh: no report, or fewer than $minimum % of the lines ran" >&2; fi
exit $((tests != 0 || lines != 0))
