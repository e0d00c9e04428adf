#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
# Runs fuzz targets one after the other for SECONDS each. New inputs and crashes stay in WORK/NAME; tests/fuzz/corpus/NAME
# gives the first inputs.
# usage: run.sh SECONDS WORK PROGRAM...
set -eu

seconds=$1
work=$2
shift 2
if test $# -eq 0; then
	echo "fuzz: no fuzz targets" >&2
	exit 1
fi
for program in "$@"; do
	name=${program##*/fuzz_}
	mkdir -p "$work/$name"
	set -- "$work/$name"
	if test -d "tests/fuzz/corpus/$name"; then
		set -- "$@" "tests/fuzz/corpus/$name"
	fi
	printf '  %-9s %s for %s s\n' FUZZ "$name" "$seconds"
	# close_fd_mask: what the code under test says about each input is of no interest.
	if ! "$program" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=16384 -close_fd_mask=3 \
		-print_final_stats=1 -artifact_prefix="$work/$name-" "$@" >"$work/$name.log" 2>&1; then
		tail -n 60 "$work/$name.log"
		echo "fuzz: $name failed; its input is in $work/$name-*" >&2
		exit 1
	fi
	grep '^stat::number_of_executed_units' "$work/$name.log"
done
