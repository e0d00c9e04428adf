# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
# What is left behind: nothing. Also after the agent was killed.

# Programs that were not there before and that no process holds: pinned, or leaked.
leftover_programs() {
	note_programs | jq -s -r --slurpfile before "$WORK/programs-before" \
		'($before | map(.id)) as $old | .[] | select((.id as $id | $old | index($id) | not) and .held == 0) | .name' |
		tr '\n' ' '
}

no_leftover_programs() {
	[ -z "$(leftover_programs)" ]
}

marked_processes() {
	local environ pid

	for environ in /proc/[0-9]*/environ; do
		pid=${environ#/proc/}
		pid=${pid%/environ}
		[ "$pid" != "$ACCEL_TEST_RUN" ] && grep -qzx "ACCEL_TEST_RUN=$ACCEL_TEST_RUN" "$environ" 2>/dev/null &&
			[ "$(readlink "/proc/$pid/exe")" = "$ACCEL_AGENT" ] && echo "$pid"
	done
}

no_agent_runs() {
	[ -z "$(marked_processes)" ]
}

# Killed outright: the app is unharmed, and the kernel side goes with the process.
case_safety_kill_9() {
	local app

	start "$WORKLOADS/spin" 1 120 >/dev/null
	app=$started
	observe_start r --pid "$app"
	attached
	kill -KILL "$agent"
	end_of "$observer"
	kill -0 "$app" || fail "the app did not survive"
	wait_for 10 no_leftover_programs || fail "programs left behind: $(leftover_programs)"
	[ ! -e r ] || fail "a report was written"
	observe r2 --pid "$app" -d 1
}

# Killed while it runs a command: the command goes on by itself.
case_safety_kill_9_launch() {
	local agent command

	observe_start r -- "$WORKLOADS/waitsig" "$PWD/got"
	wait_for 10 test -e got || fail "the command did not start"
	agent_pid "$observer"
	command=$(awk '{ print $1 }' "/proc/$agent/task/$agent/children")
	kill -KILL "$agent"
	end_of "$observer"
	kill -USR1 "$command" || fail "the command died with the agent"
	wait_for 10 test -s got || fail "the command is stuck"
}

# Started without timeout, which forgets its child if the signal comes between its fork and its note of the pid.
case_safety_stops_at_any_moment() {
	local delay

	for delay in 0.01 0.03 0.05 0.08 0.12 0.2; do
		start "$ACCEL_AGENT" -o r --app no-such-app 2>err
		sleep "$delay"
		kill -TERM "$started"
		end_of "$started"
		[ "$status" -lt 128 ] || [ "$status" -eq 143 ] || fail "after $delay s: exit status $status"
		wait_for 10 no_agent_runs || fail "after $delay s: the agent still runs"
	done
}

# What the kernel complained of since the tests began. That all CPUs stood still for the same time at one moment is none
# of it: then somebody has stopped the whole virtual machine that this is, and let it go on.
kernel_complains() {
	[ -n "$LOG_MARK" ] || return 0
	# all of it is newer if the mark has left the log
	dmesg | awk -v mark="$LOG_MARK" 'index($0, mark) { n = 0; next } { line[n++] = $0 }
		END { for (i = 0; i < n; i++) print line[i] }' | awk -v cpus="$NCPU" '
		/workqueue lockup.* cpus=[0-9]+ .*stuck for/ && cpus > 1 {
			cpu = moment = $0
			gsub(/.* cpus=| .*/, "", cpu)
			gsub(/^\[ *|\..*/, "", moment)
			if ((moment - 1) in stuck)
				moment--
			if (!((moment, cpu) in seen)) {
				seen[moment, cpu] = 1
				stuck[moment]++
			}
			lockup[moment] = $0
			next
		}
		tolower($0) ~ /bug:|warning:|soft lockup|rcu.*stall/ { print }
		END { for (moment in stuck) if (stuck[moment] < cpus) print lockup[moment] }' | head -n 2
}

case_safety_nothing_left() {
	local found

	wait_for 10 no_agent_runs || fail "processes left behind: $(marked_processes)"
	wait_for 10 no_leftover_programs || fail "programs left behind: $(leftover_programs)"
	found=$(find /sys/fs/cgroup -maxdepth 3 -type d -name "accel-test-$ACCEL_TEST_RUN-*" | head -n 3)
	[ -z "$found" ] || fail "cgroups left behind: $found"
	found=$(losetup -a | grep -F "$WORK")
	[ -z "$found" ] || fail "loop devices left behind: $found"
	found=$(kernel_complains)
	[ -z "$found" ] || fail "the kernel complains: $found"
}
