# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
# The agent is killed at each step of a change and of taking it back: nothing is left of it.
#
# strace kills it at the entry of one system call, which the kernel then does not carry out (the case checks that with
# mkdir): each step is "just before" its own call and "just after" the one before. Steps are the calls that change
# anything (the journal, groups, values, members, rcu_expedited) and the first look at what is there after each.
#
# There are more steps than fit in a minute: one round takes every fourth, from a first one that is drawn.
#   STEPS_ALL=1 tests/integration/run act_kill_9_each_step                     all of them (about two minutes)
#   REPEAT=10 CASE_SECONDS=600 tests/integration/run act_kill_9_each_step      all of them ten times

STEP_CHANGES='mkdirat|write|pwrite64|ftruncate|renameat|unlinkat|sched_setaffinity'
STEP_CALLS=${STEP_CHANGES//|/,},fcntl,pread64,name_to_handle_at
STEP_TRIES=4
STEP_PLACES='/run/accel-agent|/sys/fs/cgroup|/sys/kernel/rcu_expedited'

# From a log of strace: a line for each call, "NAME NUMBER WHAT", with its number among those of its name, and what it
# is about, without what differs from run to run.
step_calls() {
	sed -n 's/^\([a-z0-9_]*\)(\(.*\)/\1 \2/p' "$1" | awk '{
		name = $1
		line = $0
		path = match(line, /<[^>]*>/) ? substr(line, RSTART + 1, RLENGTH - 2) : "-"
		if ((name == "mkdirat" || name == "unlinkat") && match(line, /"[^"]*"/))
			path = path "/" substr(line, RSTART + 1, RLENGTH - 2)
		if (name == "fcntl" && match(line, /F_[A-Z_]+/))
			path = path " " substr(line, RSTART, RLENGTH)
		gsub(/accel-agent\.[0-9]+\.[0-9a-f]+/, "accel-agent.N", path)
		gsub(/(journal|moving)-[0-9]+-[0-9]+/, "&-", path)
		gsub(/-[0-9]+-[0-9]+-/, "-N", path)
		print name, ++number[name], path (line ~ / = -1 E/ ? " failed" : "")
	}'
}

# The steps among these calls.
steps_in() {
	step_calls "$1" | awk -v ours="^($STEP_PLACES)" -v change="^($STEP_CHANGES) " '
		($1 != "sched_setaffinity" && $3 !~ ours) || $NF == "failed" { next }
		# a journal was made, and is claimed now: those of others are only locked
		$0 ~ change || /^fcntl [0-9]+ [^ ]*\/journal-N[^ ]* F_SETLK$/ {
			print
			changed = 1
			next
		}
		changed {
			print
			changed = 0
		}'
}

# The agent that strace runs is gone, or has reported.
step_over() {
	! kill -0 "$tracer" 2>/dev/null || [ -s report ]
}

# step_run ARGUMENT... -- WORDS...: the agent below strace with these arguments, until it ends or has reported. If it
# waits for its command then, it is killed. Its pid is in $agent.
step_run() {
	local arguments=()

	while [ "$1" != -- ]; do
		arguments+=("$1")
		shift
	done
	shift
	rm -f report agent
	start "${INSIDE[@]}" strace -qq -y -e signal=none -e trace="$STEP_CALLS" -o calls "${arguments[@]}" \
		sh -c 'echo $$ >agent && exec "$@"' sh "$ACCEL_AGENT" -q -o report -d "$step_seconds" "$@"
	tracer=$started
	wait_for 60 step_over || fail "the agent neither ended nor reported"
	read -r agent <agent || fail "the agent did not start"
	[ -s report ] && [ -z "$step_waits" ] && kill -KILL "$agent" 2>/dev/null
	end_of "$tracer"
}

# Those who were there before the agent, and its command with its child, are where the agent found them, and may run on
# the CPUs that they had. Their numbers are in the files before.members and command.
members_as_before() {
	local pid group

	cat command 2>/dev/null | sed "s|\$| $arena|" | cat - before.members >members
	while read -r pid group; do
		[ -d "/proc/$pid" ] || fail "$1: process $pid is gone"
		is_in "$pid" "$group" || fail "$1: process $pid is not in $group but $(grep :cpu: "/proc/$pid/cgroup")"
		[ "$(grep -h '^Cpus_allowed:' "/proc/$pid/task/"*/status | sort -u)" = "$allowed" ] ||
			fail "$1: process $pid may not run where it might: $(grep -h '^Cpus_allowed:' "/proc/$pid/task/"*/status)"
	done <members
}

# step_stays PID GROUP: the process is there before and after.
step_stays() {
	echo "$1 $2" >>before.members
	echo "$1" >>before.numbers
}

# Nobody runs the agent in the arena, not even a child that was not told to become the command.
no_agent_left() {
	local pid

	for pid in $(cat "$arena/cgroup.procs"); do
		[ "$(readlink "/proc/$pid/exe")" != "$ACCEL_AGENT" ] || return 1
	done
}

no_mark_left() {
	[ ! -s "$STATE/expedite.lock" ]
}

# What is left after one kill is taken back by restore, or by the next start: in turn, the other way round in the next
# round.
step_undone() {
	local file

	if [ $((turn % 2)) -eq 0 ]; then
		"$ACCEL_AGENT" restore >out 2>&1 || fail "$1: restore: exit status $?: $(cat out)"
	else
		"$ACCEL_AGENT" -q -o next --without cpu,memory,io -- true >out 2>&1 ||
			fail "$1: the next start: exit status $?: $(cat out)"
	fi
	as_before "$1"
	members_as_before "$1"
	wait_for 2 no_agent_left || fail "$1: a process of the agent is left"
	wait_for 2 no_mark_left || fail "$1: the mark of rcu_expedited is left"
	for file in "$STATE"/*-"$agent"-*; do
		[ ! -e "$file" ] || fail "$1: $file is left"
	done
}

# Who is in the arena or in a group of ours that was not there before: the command.
step_command() {
	find "$ground" -name cgroup.procs -exec cat {} + | grep -vx -f before.numbers
}

# The command has said who it is, or came to nothing.
step_command_known() {
	[ "$(wc -l <"command")" -eq 2 ] || [ -z "$(step_command)" ]
}

step_command_end() {
	local pid

	for pid in $(step_command); do
		kill -KILL "$pid" 2>/dev/null
	done
	rm -f command
}

# step_kill NAME NUMBER WHAT WORDS...: one run that is killed at this call. Fails if it came to another one first, as
# others do things on this machine, too.
step_kill() {
	local name=$1 number=$2 what=$3 killed=''

	shift 3
	step_run -e inject="$name:signal=KILL:when=$number" -- "$@"
	tail -n 1 calls | grep -q '= ?$' || killed=not
	[ "$(step_calls calls | tail -n 1)" = "$name $number $what" ] || killed=elsewhere
	if [ "$name $what" = "mkdirat $ground/accel-agent.N-0" ] && [ -z "$killed" ]; then
		find_ours && fail "strace does not keep calls from being made: $ours"
	fi
	wait_for 2 step_command_known || fail "killed at $name $number $what: who is $(step_command | tr '\n' ' ')?"
	[ -f command ] && echo >>found_command
	snapshot >left
	[ -z "$(snapshot_difference before left)" ] || echo >>found_left
	grep -h '^Cpus_allowed:' "/proc/$app/task/"*/status | grep -qvx "$allowed" && echo >>found_narrow
	step_undone "killed at $name $number $what"
	step_command_end
	[ -z "$killed" ]
}

# kill_each_step MODE WORDS...: once without a kill, which tells the steps; then killed at each of them.
kill_each_step() {
	local mode=$1 name number what try

	shift
	snapshot >before
	for ((try = 0; try < STEP_TRIES; try++)); do
		step_run -- "$@"
		as_before "$mode"
		step_command_end
		steps_in calls | grep -E "$step_kinds" >"steps.$mode" && break
	done
	awk -v every="$every" -v first="$((turn % every))" 'NR % every == first' "steps.$mode" >"chosen.$mode"
	while read -r name number what; do
		turn=$((turn + 1))
		for ((try = 0; try < STEP_TRIES; try++)); do
			step_kill "$name" "$number" "$what" "$@" && break
		done
		[ "$try" -eq "$STEP_TRIES" ] && echo "$mode $name $number $what" >>missed || echo >>killed
	done <"chosen.$mode"
	echo "$mode: $(wc -l <"steps.$mode") steps, $(wc -l <"chosen.$mode") chosen"
}

# steps_has MODE COUNT PATTERN...: the mode has so many steps, and one for each pattern.
steps_has() {
	local mode=$1 count=$2 pattern

	shift 2
	[ "$(wc -l <"steps.$mode")" -ge "$count" ] || fail "$mode: only $(wc -l <"steps.$mode") steps"
	for pattern; do
		sed 's/ [0-9]* / /' "steps.$mode" | grep -q "$pattern" || fail "$mode: no step is $pattern"
	done
}

# The arena, and what the other functions here count on.
step_arena() {
	need strace
	arena
	step_begin
}

# The caller's variables turn, allowed, and the files; the arena is there.
step_begin() {
	wait_for 5 grep -qx 0 /sys/kernel/rcu_expedited || skip "rcu_expedited is set, or not there"
	strace -qq -o calls true || skip "strace cannot trace here"
	turn=$RANDOM
	[ "$REPEAT" -eq 1 ] || turn=$round # run_case counts it
	allowed=$(grep '^Cpus_allowed:' /proc/self/status)
	touch killed missed found_left found_narrow found_command before.members before.numbers
}

case_act_kill_9_each_step() {
	local every=4 step_kinds=. step_waits='' step_seconds=0.2 turn allowed mode pid tracer agent tree app home

	step_arena
	[ "$REPEAT" -eq 1 ] && [ -z "${STEPS_ALL:-}" ] || every=1
	start "${INSIDE[@]}" sh -c 'sleep 900 & (sleep 900 & sleep 900 & wait) & wait'
	tree=$started
	group_inside above
	group_inside alone "$group"
	home=$group
	group_set "$home" "$WEIGHT" "$(weight 2048)"
	start "${IN[@]}" "$home" -- "$WORKLOADS/spin" 1 900 >/dev/null
	app=$started
	wait_for 5 at_home 5 && wait_for 5 is_in "$app" "$home" || fail "not all have started"
	for pid in $(cat "$arena/cgroup.procs"); do
		step_stays "$pid" "$arena"
	done
	step_stays "$app" "$home"
	cat >command.sh <<-'END'
		echo $$ >command
		sleep 900 &
		echo $! >>command
		wait
	END
	kill_each_step launch -- sh command.sh
	step_waits=1
	kill_each_step moved --pid "$tree"
	hogs $((2 * NCPU)) 900
	wait_for 5 is_in "$hog" "$arena" || fail "the hogs are not in the arena"
	step_stays "$hog" "$arena"
	kill_each_step value --pid "$app"
	for mode in launch moved; do
		steps_has "$mode" 30 "^fcntl .*/journal-N" "^write .*/journal-N" "^mkdirat .*/accel-agent.N-0\$" \
			"^name_to_handle_at .*/accel-agent.N-0\$" "^write .*/accel-agent.N-0/$WEIGHT\$" \
			"^pwrite64 .*/expedite.lock\$" "^pwrite64 /sys/kernel/rcu_expedited\$" "^ftruncate .*/expedite.lock\$" \
			"^write .*/accel-agent.N-0/cgroup.procs\$" "^write $arena/cgroup.procs\$" \
			"^unlinkat .*/accel-agent.N-0\$" "^unlinkat .*/journal-N"
	done
	steps_has value 10 "^write .*/journal-N" "^write $home/$WEIGHT\$" "^pread64 $home/$WEIGHT\$" \
		"^pwrite64 $home/$WEIGHT\$" "^unlinkat .*/journal-N"
	[ "$(wc -l <killed)" -ge $(($(cat chosen.* | wc -l) * 9 / 10)) ] ||
		fail "$(wc -l <missed) steps were not hit: $(cat missed)"
	[ "$(wc -l <found_left)" -ge $(($(wc -l <killed) / 4)) ] || fail "only $(wc -l <found_left) left anything behind"
	[ -s found_command ] || fail "no command outlived the agent"
	as_before "at the end"
}

# Threads that were brought to another CPU are given all of theirs again, as the agent would have done at once. That
# threads wait while a CPU has none of them, which takes threads that sleep, and are moved, depends on what else runs:
# fewer steps are hit than above.
case_act_kill_9_spread() {
	local every=1 step_kinds='/moving-N|^sched_setaffinity [1-4] ' step_waits=1 step_seconds=1
	local turn allowed tracer agent app

	step_arena
	hogs $((2 * NCPU)) 900
	wait_for 5 is_in "$hog" "$arena" || fail "the hogs are not in the arena"
	group_inside threads
	start "${IN[@]}" "$group" -- "$WORKLOADS/spin" $((2 * NCPU)) 900 0.02 >/dev/null
	app=$started
	wait_for 5 is_in "$app" "$group" || fail "the threads are not in their group"
	step_stays "$stranger" "$arena"
	step_stays "$hog" "$arena"
	step_stays "$app" "$group"
	kill_each_step spread --pid "$app"
	[ -s steps.spread ] || skip "no thread was moved"
	steps_has spread 4 "^pwrite64 .*/moving-N" "^sched_setaffinity"
	[ "$(wc -l <killed)" -ge 3 ] || fail "$(wc -l <missed) steps were not hit: $(cat missed)"
	[ -s found_narrow ] || fail "no thread was left on one CPU"
}
