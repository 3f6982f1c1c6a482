#!/bin/sh
# Runs every check and says at the end how many of each kind ran. A suite of which no test ran has failed.
# The last line is `N passed, N failed`: tests, and each of setup, fetch, lint, types and build as one.
set -u
cd "$(dirname "$0")/.."
umask 022        # the daemon under test is an ordinary user's, and reads what is built here
exec </dev/null  # whatever it was, perhaps closed

reports=$(mktemp -d)
chmod 755 "$reports"     # some tests are other users, with folders of their own below it
export TMPDIR="$reports" # what a tool that was killed leaves there goes with it
trap 'rm -rf "$reports"' EXIT
trap 'exit 130' INT TERM
passed=0
failed=0
table=''

count() { # NAME PASSED FAILED SKIPPED
  passed=$((passed + $2))
  failed=$((failed + $3))
  line=$(printf '%-7s %5d passed, %d failed, %d skipped' "$@")
  table="$table$line
"
}

check() { # NAME COMMAND...
  name=$1
  shift
  printf '\n== %s\n' "$name"
  if "$@"; then count "$name" 1 0 0; else count "$name" 0 1 0; fi
}

suite() { # NAME of a vitest project
  printf '\n== %s\n' "$1"
  report=$reports/$1.json
  npx vitest run --config test/vitest.config.ts --project "$1" \
    --reporter=default --reporter=json --outputFile.json="$report"
  # shellcheck disable=SC2046 # three numbers
  count "$1" $(node test/count.mjs "$report" $?)
}

nss() { # The module's own tests: C and python, which say `NAME: N cases, M failed`
  printf '\n== nss\n'
  make -C nss test >"$reports/nss" 2>&1
  code=$?
  cat "$reports/nss"
  # shellcheck disable=SC2046 # three numbers
  count nss $(awk -v code="$code" '
    / cases, [0-9]+ failed$/ { cases += $2; failed += $4 }
    END { if ((code != 0 || cases == 0) && failed == 0) failed = 1; print cases - failed, failed, 0 }
  ' "$reports/nss")
}

check setup test/setup.sh
check fetch npx tsx test/lab/kit/fetch.ts
check lint npm run --silent lint
check types npm run --silent types
check build npm run --silent build
suite unit
suite replay
nss
suite lab

printf '\n%s\n%d passed, %d failed\n' "$table" "$passed" "$failed"
[ "$failed" -eq 0 ]
