# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
# Nothing is left of what was changed: after the run, after a signal, after kill -9, beside other agents, and where
# others change or remove what the agent changed.

case_act_on_exit_keep() {
	local app

	arena
	hogs $((3 * NCPU)) 60
	start "${INSIDE[@]}" "$WORKLOADS/spin" "$NCPU" 60 >/dev/null
	app=$started
	sleep 0.1
	snapshot >before
	observe r --pid "$app" -d 2 --on-exit keep
	find_ours && raised "$ours" 1024 || fail "no weight is left in ${ours:-no group}"
	is_in "$app" "$ours" || fail "the app is not in the group any more"
	holds r "$(weight_of -0) | .state == \"kept\" and (.restored | not)" .actions
	restore
	[ "$status" -eq 0 ] || fail "restore: exit status $status: $(cat err out)"
	is_in "$app" "$arena" || fail "the app is not at home"
	as_before "after restore"
	"${AGENT[@]}" -o text --pid "$app" -d 1 --on-exit keep 2>err || fail "exit status $?: $(cat err)"
	grep -q 'in force, as --on-exit keep asked for' text || fail "the report ends with: $(tail -n 2 text)"
	restore
	as_before "after the second restore"
}

# After -d the command lives on, at home again.
case_act_launch_duration() {
	local command

	arena
	agent_inside
	snapshot >before
	observe_start r -d 1 -- sleep 3
	agent_pid "$observer"
	wait_for 2 pgrep -x -P "$agent" sleep || fail "the command did not start"
	command=$(pgrep -x -P "$agent" sleep)
	wait_for 2 in_group_of_ours "$command" || fail "the command was not placed"
	wait_for 4 test -s r || fail "no report after -d"
	is_in "$command" "$arena" || fail "the command is not at home"
	as_before "after -d"
	observed r
	all_restored r
}

# All is back before the agent is gone.
case_act_signal() {
	local app name

	arena
	hogs $((2 * NCPU)) 60
	start "${INSIDE[@]}" "$WORKLOADS/spin" "$NCPU" 60 >/dev/null
	app=$started
	sleep 0.1
	snapshot >before
	for name in TERM INT HUP; do
		observe_start r --pid "$app"
		attached
		note_agent "$agent"
		wait_for 2 in_group_of_ours "$app" || fail "the app was not placed"
		sleep 0.3
		stop_agent "$name"
		observed r
		is_in "$app" "$arena" || fail "SIG$name: the app is not at home"
		find_ours && fail "SIG$name: left behind: $ours"
		as_before "SIG$name"
		all_restored r
	done
}

# --- killed ---

# Ends what is below a group, but for those who were there before.
kill_all_but() {
	local group pid keep=" $2 "

	find "$1" -type d -name 'accel-*' 2>/dev/null | while read -r group; do
		for pid in $(cat "$group/cgroup.procs" 2>/dev/null); do
			case $keep in
			*" $pid "*) ;;
			*) kill -KILL "$pid" 2>/dev/null ;;
			esac
		done
	done
}

# lane NUMBER ROUNDS: kills one agent after the other at some moment, each in a group of this lane, where others
# compete.
lane() {
	local round app agent delay group=$arena/accel-test-lane$1 keep inside status

	inside=("${IN[@]}" "$group" --)
	"${inside[@]}" sleep 600 &
	keep=$!
	"${inside[@]}" "$WORKLOADS/spin" 1 600 >/dev/null &
	keep="$keep $!"
	wait_for 5 test "$(wc -l <"$group/cgroup.procs")" -eq 2
	tree_snapshot "$group" >"before.$1"
	for ((round = 0; round < $2; round++)); do
		delay=$((RANDOM % 1500))
		if [ $((round % 2)) -eq 0 ]; then
			"${inside[@]}" "$ACCEL_AGENT" -q -o "report.$1" -- "$WORKLOADS/spin" 1 30 >/dev/null 2>&1 &
			agent=$! app=''
		else
			"${inside[@]}" "$WORKLOADS/spin" 1 30 >/dev/null &
			app=$!
			"${inside[@]}" "$ACCEL_AGENT" -q -o "report.$1" --pid "$app" >/dev/null 2>&1 &
			agent=$!
		fi
		sleep "$((delay / 1000)).$(printf %03d $((delay % 1000)))"
		kill -KILL "$agent"
		wait "$agent" 2>/dev/null
		tree_snapshot "$group" | cmp -s "before.$1" || echo >>left
		[ $((RANDOM % 2)) -eq 0 ] && kill_all_but "$group" "$keep"
		if [ $((RANDOM % 2)) -eq 0 ]; then
			"$ACCEL_AGENT" restore >"out.$1" 2>&1
			status=$?
		else
			"$ACCEL_AGENT" -o "report.$1" -- true >"out.$1" 2>&1
			status=$?
		fi
		kill_all_but "$group" "$keep"
		tree_snapshot "$group" | diff "before.$1" - >"difference.$1" && [ "$status" -eq 0 ] || {
			echo "lane $1, round $round, killed after $delay ms: status $status:"
			cat "difference.$1" "out.$1"
			return
		}
		echo >>killed
	done
	kill -KILL $keep
}

# Fifty times, at whatever moment: the next start, or restore, undoes what is left.
case_act_kill_9() {
	local number lanes=()

	arena
	[ "$version" -eq 1 ] || skip "groups beside the lanes, as agents make them in v2, are not told apart by lane"
	for number in 1 2 3; do
		group_inside "lane$number"
	done
	snapshot >before
	for number in 1 2 3; do
		lane "$number" 17 >"failed.$number" &
		lanes+=("$!")
	done
	wait "${lanes[@]}"
	cat failed.* >failures
	[ ! -s failures ] || fail "$(head -c 600 failures | tr '\n' ' ')"
	[ "$(wc -l <killed)" -eq 51 ] || fail "only $(wc -l <killed) agents were killed"
	[ "$(wc -l <left)" -ge 10 ] || fail "only $(wc -l <left) left anything behind: the moments are wrong"
	as_before "at the end"
}

# One that runs already when another is killed, and then changes the same group, knows what was there before both.
case_act_kill_9_beside() {
	local above first other one

	arena
	group_inside a
	above=$group
	group_inside b "$above"
	start "${IN[@]}" "$group" -- "$WORKLOADS/spin" "$NCPU" 60 >/dev/null
	first=$started
	group_inside d "$above"
	mkfifo gate
	start "${IN[@]}" "$group" -- sh -c 'read -r go <gate; exec "$0" "$@"' "$WORKLOADS/spin" "$NCPU" 60 >/dev/null
	other=$started
	group_inside c
	hogs $((3 * NCPU)) 60 "${IN[@]}" "$group" --
	wait_for 2 is_in "$first" "$above/accel-test-b" && wait_for 2 is_in "$other" "$above/accel-test-d" ||
		fail "the apps are not in their groups"
	snapshot >before
	observe_start r2 --pid "$other"
	attached
	one=$observer
	observe_start r1 --pid "$first"
	attached
	wait_for 4 raised "$above" 1024 || fail "the weight of the group above was never raised"
	kill -KILL "$agent"
	end_of "$observer"
	raised "$above" 1024 || fail "the killed agent left nothing behind"
	echo >gate
	observer=$one
	agent_pid "$observer"
	wait_for 8 grep -q 'what an agent that was killed left: .*accel-test-a/' r2.err ||
		fail "what was left was not put back: $(tail -n 2 r2.err)"
	wait_for 4 raised "$above" 1024 || fail "the other one never raised the weight"
	stop_agent
	observed r2
	as_before
	all_restored r2
}

# --- two at a time ---

case_act_two_agents() {
	local first second one

	arena
	start "${INSIDE[@]}" "$WORKLOADS/spin" 1 60 >/dev/null
	first=$started
	start "${INSIDE[@]}" "$WORKLOADS/spin" 1 60 >/dev/null
	second=$started
	hogs $((2 * NCPU)) 60
	sleep 0.1
	snapshot >before
	observe_start r1 --pid "$first" -d 3
	one=$observer
	observe_start r2 --pid "$second" -d 2
	wait_for 5 in_group_of_ours "$first" && wait_for 5 in_group_of_ours "$second" || fail "not both were placed"
	[ "$(find "$ground" -name 'accel-agent.*' | wc -l)" -eq 2 ] || fail "not a group for each"
	observed r2
	is_in "$second" "$arena" || fail "the second app is not at home"
	in_group_of_ours "$first" || fail "the first app was moved by the second agent"
	observer=$one
	observed r1
	is_in "$first" "$arena" || fail "the first app is not at home"
	as_before
	all_restored r1
	all_restored r2
	[ "$(cat /sys/kernel/rcu_expedited)" = "$(sed -n 's/.*rcu_expedited://p' before)" ] || fail "rcu_expedited"
}

# Two agents for one app: the second takes the group of the first for the app's own, and does not keep it from going.
case_act_two_agents_one_app() {
	local app one

	arena
	start "${INSIDE[@]}" "$WORKLOADS/spin" 1 60 >/dev/null
	app=$started
	wait_for 2 is_in "$app" "$arena" || fail "the app is not in the arena"
	snapshot >before
	observe_start r1 --pid "$app" -d 3
	one=$observer
	wait_for 10 in_group_of_ours "$app" || fail "the app was not placed"
	observe_start r2 --pid "$app" -d 4
	end_of "$one"
	[ "$status" -eq 0 ] || fail "the first: exit status $status: $(tail -n 2 r1.err)"
	observed r2
	check_report r1
	is_in "$app" "$arena" || fail "the app is not at home: $(grep :cpu: "/proc/$app/cgroup")"
	as_before
	all_restored r1
}

# --- others, who write as well ---

# Somebody else wants another weight while the agent has its own there: hands off. foreign_write
foreign_write() {
	observe_start r --pid "$app" -d 3
	attached
	wait_for 2 raised "$home" 2048 || fail "$WEIGHT is $(cat "$home/$WEIGHT")"
	sleep 0.5
	weight 4096 >"$home/$WEIGHT"
	observed r
	[ "$(cat "$home/$WEIGHT")" = "$(weight 4096)" ] || fail "$WEIGHT is $(cat "$home/$WEIGHT") afterwards"
	holds r "$(weight_of /accel-test-alone) | (.restored | not) and (.reason | contains(\"somebody else\"))" .actions
	grep -q "^accel-agent: .*$WEIGHT.*somebody else changed it" r.err || fail "no warning: $(cat r.err)"
}

case_act_foreign_write() {
	local app home

	app_alone 2048
	foreign_write
}

# The same while the weight is switched off and on for its effect.
case_act_foreign_write_measured() {
	local app home

	app_alone 2048
	hogs $((3 * NCPU)) 60
	foreign_write
}

# --- groups that go away ---

# attached_inside GROUP: an app that was moved to a group of ours below, which is in $ours.
attached_inside() {
	start "${IN[@]}" "$1" -- "$WORKLOADS/spin" 1 60 >/dev/null
	app=$started
	wait_for 2 is_in "$app" "$1" || fail "the app is not in its group"
	observe_start r --pid "$app" -d 4
	attached
	wait_for 2 in_group_of_ours "$app" && find_ours "$1" || fail "the app was not placed"
}

# realtime_share GROUP MICROSECONDS: of each second, where the kernel gives groups shares of their own.
realtime_share() {
	[ -f "$1/cpu.rt_runtime_us" ] || skip "groups have no realtime share here"
	echo "$2" 2>/dev/null >"$1/cpu.rt_runtime_us" || skip "others have all the realtime share"
}

# A process that may not be moved (a realtime one, where home has handed out all of its share): it stays, and nothing is
# left.
case_act_unmovable() {
	local app

	need chrt
	arena
	realtime_share "$arena" 20000
	start "${INSIDE[@]}" chrt -f 1 sleep 60
	app=$started
	wait_for 2 test "$(ps -o cls= -p "$app")" = FF
	group_inside taken
	realtime_share "$group" 20000
	snapshot >before
	observe r --pid "$app" -d 1
	in_group_of_ours "$app" && fail "it was moved"
	grep -q "^accel-agent: process $app stays in its control group" r.err || fail "no warning: $(cat r.err)"
	as_before
}

# Programs that want realtime get it in our group as well, and who has it already comes there.
case_act_realtime() {
	local app

	need chrt
	arena
	realtime_share "$arena" 20000
	agent_inside
	snapshot >before
	observe r -- sh -c 'grep ":cpu[:,]" /proc/self/cgroup && exec chrt -f 1 sleep 0.3'
	grep -q '/accel-agent\.' r.out || fail "the command ran in $(cat r.out)"
	start "${INSIDE[@]}" chrt -f 1 sleep 60
	app=$started
	wait_for 2 test "$(ps -o cls= -p "$app")" = FF
	observe_start r2 --pid "$app" -d 2
	wait_for 5 in_group_of_ours "$app" || fail "the realtime process was not moved: $(cat r2.err)"
	observed r2
	is_in "$app" "$arena" || fail "the app is not at home"
	as_before
}

# v1: a thread in a group of its own, with a quota perhaps, stays there, and its process where it is.
case_act_threads_apart() {
	local app thread own

	arena
	[ "$version" -eq 1 ] || skip "v2 has no threads apart from their processes, but in threaded groups"
	group_inside vcpu0
	own=$group
	start "${INSIDE[@]}" "$WORKLOADS/spin" 2 60 >/dev/null
	app=$started
	wait_for 2 test -d "/proc/$app/task" && sleep 0.2
	thread=$(ls "/proc/$app/task" | tail -n 1)
	[ "$thread" != "$app" ] || fail "it has no second thread"
	echo "$thread" >"$own/tasks" || fail "the thread cannot be moved"
	snapshot >before
	observe r --pid "$app" -d 2
	grep -qx "$thread" "$own/tasks" || fail "the thread is in $(grep :cpu "/proc/$app/task/$thread/cgroup")"
	grep -qx "$app" "$arena/tasks" || fail "the process is in $(grep :cpu "/proc/$app/cgroup")"
	as_before
}

# What stands for the moment of a move only is not kept: an administrator may want it later.
case_act_keep_for_a_moment() {
	local app

	[ "$(cat /sys/kernel/rcu_expedited)" = 0 ] || skip "rcu_expedited is set"
	arena
	start "${INSIDE[@]}" "$WORKLOADS/spin" 1 60 >/dev/null
	app=$started
	sleep 0.1
	snapshot >before
	observe r --pid "$app" -d 1 --on-exit keep
	find /run/accel-agent -name 'kept-*' -newer before -exec cat {} + >kept
	grep -q "$arena" kept || fail "nothing of the arena was kept"
	grep -q rcu_expedited kept && fail "kept: $(grep rcu_expedited kept)"
	restore
	as_before "after restore"
}

# Somebody made a group in ours: that is not taken apart, and once it is gone, restore finishes.
case_act_group_in_ours() {
	local app theirs

	arena
	snapshot >before
	attached_inside "$arena"
	theirs=$ours/accel-test-theirs
	mkdir "$theirs" || fail "no group below $ours"
	observed r
	is_in "$app" "$arena" || fail "the app is not at home"
	[ -d "$theirs" ] || fail "the other's group is gone"
	holds r '.actions[0] | .knob == "cgroup.procs" and (.restored | not)' .actions
	grep -q '^accel-agent: .*could not be removed' r.err || fail "no warning: $(cat r.err)"
	rmdir "$theirs" && restore
	[ "$status" -eq 0 ] || fail "restore: exit status $status: $(cat err out)"
	as_before "after restore"
}

# An app that was found in $home and moved to $ours below that. Who takes it out of there puts it elsewhere: those found
# at home are moved until none is left.
attached_in_home() {
	group_inside home
	home=$group
	start "${IN[@]}" "$home" -- sleep 60
	attached_inside "$home"
}

# Somebody takes the app out of our group, and removes that.
case_act_group_removed_under_it() {
	local app home

	arena
	snapshot >before
	attached_in_home
	echo "$app" >"$arena/cgroup.procs"
	rmdir "$ours" || fail "the group cannot be removed"
	observed r
	kill -0 "$app" || fail "the app is gone"
	is_in "$app" "$arena" || fail "the app was moved"
	echo "$(cat "$home/cgroup.procs")" >"$arena/cgroup.procs"
	rmdir "$home" || fail "the home cannot be removed"
	as_before
}

# A group was made again under the same name: it is another one, with somebody else's value.
case_act_group_made_again() {
	local app home

	app_alone 2048
	observe_start r --pid "$app" -d 4
	attached
	wait_for 2 raised "$home" 2048 || fail "$WEIGHT is $(cat "$home/$WEIGHT")"
	echo "$app" >"$arena/cgroup.procs"
	rmdir "$home" && mkdir "$home" || fail "the group cannot be made again"
	weight 3000 >"$home/$WEIGHT"
	observed r
	[ "$(cat "$home/$WEIGHT")" = "$(weight 3000)" ] || fail "another group's weight was set to $(cat "$home/$WEIGHT")"
	holds r "$(weight_of /accel-test-alone) | .restored | not" .actions
}

# Its home vanishes with it.
case_act_home_removed() {
	local app home

	arena
	snapshot >before
	attached_in_home
	echo "$app" >"$arena/cgroup.procs"
	echo "$(cat "$home/cgroup.procs")" >"$arena/cgroup.procs"
	rmdir "$ours" "$home" || fail "the groups cannot be removed"
	observed r
	is_in "$app" "$arena" || fail "the app was moved"
	as_before
}
