#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
# Runs the unit test programs that are named, then with --integration tests/integration/run, all of them even if some
# fail, and prints one line at the end: "N passed, N failed, N skipped". Fails if a test failed or if nothing passed.
# $EMULATOR, if it is set, runs the unit tests: those of another machine type.
# usage: run.sh [--integration] [UNIT_TEST_PROGRAM]...
set -u

passed=0
failed=0
skipped=0
integration=false
log=$(mktemp) || exit 1
trap 'rm -f "$log" "$log.status"' EXIT
trap 'exit 130' INT TERM

# count LABEL: the number that cmocka printed after [  LABEL  ]; 0 if there is none.
count()
{
	awk -v label="$1" '$1 == "[" && $2 == label && $3 == "]" && $5 ~ /^test\(s\)/ { n += $4 } END { print n + 0 }' "$log"
}

run_unit()
{
	# shellcheck disable=SC2086 # words
	${EMULATOR:-} "$1" >"$log" 2>&1
	status=$?
	p=$(count PASSED)
	f=$(count FAILED)
	s=$(count SKIPPED)
	# A program that died, or that ran nothing at all, is a failure whatever it printed.
	if test "$f" -eq 0 && { test "$status" -ne 0 || test $((p + s)) -eq 0; }; then
		echo "$1: exit status $status after $p tests" >>"$log"
		f=1
	fi
	if test "$f" -gt 0; then
		cat "$log"
		printf '  %-9s %s\n' FAIL "$1"
	else
		grep -i '^skip: ' "$log"
		printf '  %-9s %s: %d passed, %d skipped\n' OK "${1##*/}" "$p" "$s"
	fi
	passed=$((passed + p))
	failed=$((failed + f))
	skipped=$((skipped + s))
}

# The script prints its own last line "N passed, N failed, N skipped".
run_integration()
{
	{
		tests/integration/run 2>&1
		echo $? >"$log.status"
	} | tee "$log"
	status=$(cat "$log.status")
	sums=$(tail -n 1 "$log" | sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped$/\1 \2 \3/p')
	if test -z "$sums"; then
		echo "tests/integration/run: exit status $status, no summary"
		failed=$((failed + 1))
		return
	fi
	# shellcheck disable=SC2086 # three words
	set -- $sums
	passed=$((passed + $1))
	failed=$((failed + $2))
	skipped=$((skipped + $3))
	if test "$2" -eq 0 && test "$status" -ne 0; then
		echo "tests/integration/run: exit status $status, yet no test failed"
		failed=$((failed + 1))
	fi
	# Root can run them: skipping every single one means that something is broken.
	if test "$(id -u)" -eq 0 && test "$1" -eq 0 && test "$2" -eq 0; then
		echo "tests/integration/run: nothing ran, although we are root"
		failed=$((failed + 1))
	fi
}

if test "${1:-}" = --integration; then
	integration=true
	shift
fi
for program in "$@"; do
	run_unit "$program"
done
if $integration; then
	run_integration
fi
echo "$passed passed, $failed failed, $skipped skipped"
test "$failed" -eq 0 && test "$passed" -gt 0
