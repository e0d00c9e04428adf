# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
# accel-agent bench: the command with and without tuning, and what is said of it.

# bench RESULT STATUS ARGUMENTS...: runs it; what it says on stderr is in RESULT.err.
bench() {
	local result=$1 expected=$2

	shift 2
	"${AGENT[@]}" bench -f json -o "$result" "$@" >"$result.out" 2>"$result.err"
	status=$?
	[ "$status" -eq "$expected" ] || fail "exit status $status instead of $expected: $(tail -n 3 "$result.err")"
	bench_left_nothing
}

bench_left_nothing() {
	! ls -d /tmp/accel-agent-bench-* 2>/dev/null || fail "files are left in /tmp"
}

# Where others want the CPUs, too, the agent makes work faster, and bench finds that before all pairs are through.
case_bench_neighbours() {
	arena
	agent_inside
	hogs $((2 * NCPU)) 120
	bench r 0 -n 20 --without prefetch -- awk 'BEGIN { for (i = 0; i < 40000000; i++) sum += i }'
	holds r '.verdict == "faster" and .high < 1 and .low <= .ratio and .ratio <= .high' .
	holds r '.stopped == "clear" and (.pairs | length) < 20' .
	holds r '.without_seconds > .with_seconds' .
	holds r '.with_tuning.actions | any(.knob | test("^cpu[.](weight|shares)$")) and all(.refused == 0)' .with_tuning
	holds r '.with_tuning.bottlenecks | length > 0' .with_tuning
}

# Who only sleeps cannot be made faster: starting the agent is all that there is to it, and it counts.
case_bench_sleeper() {
	bench r 0 -n 6 -- sleep 0.2
	holds r '.verdict == "slower" and .low > 1 and (.pairs | all(.without_seconds >= 0.2 and .with_seconds >= 0.2))' .
	holds r '.command == ["sleep", "0.2"] and .planned_pairs == 6 and .cold == false' .
}

# In two pairs on end, each of the two comes first once.
case_bench_order() {
	bench r 0 -n 4 -- true
	holds r '[.pairs[].first] | (.[:2] | sort) == ["with", "without"] and (.[2:] | sort) == ["with", "without"]' .
}

# The text for people says all that the JSON does.
case_bench_text() {
	"${AGENT[@]}" bench -q -n 6 -- sleep 0.1 >out 2>err || fail "exit status $?"
	[ ! -s err ] || fail "stderr: $(head -n 1 err)"
	grep -q '^  without tuning .* median' out && grep -q '^  with tuning .* median' out &&
		grep -q 'ratio .*95 % confidence interval: [0-9.]* to [0-9.]*$' out &&
		grep -q '^The difference is real: .* more time' out || fail "text: $(cat out)"
	"${AGENT[@]}" bench -q -n 2 -- true >out 2>err || fail "exit status $?"
	grep -q 'With fewer than 6 pairs' out && ! grep -q 'interval' out || fail "text: $(cat out)"
	"${AGENT[@]}" bench -n 2 -- true >out 2>err || fail "exit status $?"
	head -n 1 err | grep -q ' 2 pairs cannot .* 6 or more' || fail "stderr begins with: $(head -n 1 err)"
}

# What --prepare does is done before each run, in the same way, and is no part of its time.
case_bench_prepare() {
	bench r 0 -n 2 --prepare 'echo prepared >>log; sleep 0.5' -- sh -c 'echo run >>log'
	[ "$(grep -c prepared log)" -eq 5 ] && [ "$(uniq log | grep -c .)" -eq 10 ] || fail "log: $(tr '\n' ' ' <log)"
	holds r '.pairs | all(.without_seconds < 0.5)' .pairs
	bench r 9 --prepare 'echo cannot clean; exit 9' -- true
	grep -q 'cannot clean' r.err && grep -q -- '--prepare ended with status 9' r.err || fail "stderr: $(cat r.err)"
}

# Nothing of a file is in memory when a run begins, without and with tuning.
case_bench_cold() {
	need fincore
	cold_file 24
	bench r 0 -n 1 --cold --without prefetch -- sh -c "fincore -nbo RES $cold >>log; cat $cold >nowhere"
	[ "$(sort -u log | tr -d ' \n')" = 0 ] && [ "$(grep -c . log)" -eq 3 ] || fail "in memory: $(tr '\n' ' ' <log)"
}

# A command that fails ends it, with its status and its last words; also one that fails now and then, and by a signal.
case_bench_fails() {
	bench r 7 -- sh -c 'echo one; echo two; exit 7'
	grep -q '^  two$' r.err && grep -q 'ended with status 7' r.err || fail "stderr: $(cat r.err)"
	[ ! -e r ] || fail "there is a result"
	bench r 5 -- sh -c 'echo x >>n; [ "$(grep -c x n)" -lt 4 ] || exit 5'
	bench r 137 -- sh -c 'kill -9 $$'
	bench r 127 -- no-such-command
	grep -q 'no-such-command: command not found' r.err || fail "stderr: $(cat r.err)"
}

bench_pair_is_done() {
	grep -q 'pair 2/' r.err
}

# Stopped half-way, it says what was found by then, and the run that was under way is over.
case_bench_stopped() {
	local pid

	cp "$WORKLOADS/steps" ./bench-sleeper
	"${AGENT[@]}" bench -f json -o r -n 1000 -- ./bench-sleeper s:300 2>r.err &
	pid=$!
	wait_for 30 bench_pair_is_done || fail "no pairs: $(cat r.err)"
	agent_pid "$pid"
	kill -TERM "$agent"
	wait "$pid"
	status=$?
	[ "$status" -eq 143 ] || fail "exit status $status"
	holds r '.stopped == "signal" and (.pairs | length) >= 2' .
	holds r '.with_tuning.runs == (.pairs | length)' .
	! child_runs_anywhere bench-sleeper || fail "the command still runs"
	bench_left_nothing
}

# What a terminal sends at Ctrl-C goes to all of its processes: the run ends by it, and is not taken for a failure.
case_bench_interrupted() {
	local pid

	setsid env --default-signal=INT "$ACCEL_AGENT" bench -f json -o r -n 1000 -- sleep 0.2 2>r.err &
	pid=$!
	wait_for 30 bench_pair_is_done || fail "no pairs: $(cat r.err)"
	kill -INT -- "-$pid"
	wait "$pid"
	status=$?
	[ "$status" -eq 130 ] || fail "exit status $status: $(tail -n 2 r.err)"
	holds r '.stopped == "signal" and (.pairs | length) >= 2' .
	holds r '.with_tuning.runs == (.pairs | length)' .
}

# Settings that are about one run would make the runs with tuning others than those without.
case_bench_settings() {
	printf 'dry-run = yes\nduration = 0.1\ninterval = 0.1\non-exit = keep\n' >conf
	chmod 600 conf
	bench r 0 -n 1 -c conf -- sleep 0.5
	holds r '.with_tuning.actions | any(.kept > 0)' .with_tuning
	holds r '.pairs | all(.with_seconds >= 0.5)' .pairs
	! find /sys/fs/cgroup -maxdepth 3 -name 'accel-agent.*' | grep . || fail "something was kept"
}

child_runs_anywhere() {
	grep -lxs "$1" /proc/[0-9]*/comm >/dev/null
}

# What it cannot do is said before anything runs.
case_bench_refused() {
	bench r 2
	grep -q 'a command is missing' r.err || fail "stderr: $(cat r.err)"
	bench r 2 -n 0 -- true
	bench r 2 --pid 1 -- true
	bench r 2 --interval 1 -- true
	"${AGENT[@]}" bench -o /nonexistent/r -- sh -c 'echo >ran' 2>err
	[ $? -eq 5 ] && [ ! -e ran ] || fail "it ran, though the result has no place"
	"${AGENT[@]}" bench --help >out && grep -q '95 % confidence' out || fail "help: $(head -n 3 out)"
}
