# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
# Acting, on real cgroups of the cpu controller (v1): what is changed while an app runs, what it does, and that nothing
# is left of it.

# --- the arena ---

# A group for the app (which is not alone there: a process sleeps beside it) and those it competes with, and one for the
# agent. They outweigh the rest of the machine, so that what others run there matters little; but not by so much that the
# kernel's own threads have to wait for long.
arena() {
	v1_mount cpu >/dev/null || skip "the cpu controller is not in a v1 hierarchy here: the virtual machines test v2"
	group_make cpu
	group_set "$group" cpu.shares 4096
	AGENT_OUTSIDE=("${AGENT[@]}")
	AGENT=("${IN[@]}" "$group" -- "${AGENT[@]}")
	group_make cpu
	arena=$group
	group_set "$arena" cpu.shares 4096
	start "${IN[@]}" "$arena" -- sleep 600
	stranger=$started
	INSIDE=("${IN[@]}" "$arena" --)
}

# The agent runs inside the arena as well, and what it starts.
agent_inside() {
	AGENT=("${INSIDE[@]}" "${AGENT_OUTSIDE[@]}")
}

# group_inside NAME [ABOVE]: makes a group in the arena; its path is in $group.
group_inside() {
	group=${2:-$arena}/accel-test-$1
	mkdir "$group" || fail "$group cannot be made"
	groups=("$group" "${groups[@]}")
}

# hogs THREADS SECONDS [WORDS...]: inside the arena, or where the words bring them.
hogs() {
	local threads=$1 seconds=$2

	shift 2
	[ $# -gt 0 ] || set -- "${INSIDE[@]}"
	start "$@" "$WORKLOADS/spin" "$threads" "$seconds" >/dev/null
	hog=$started
}

# --- what is there ---

CHANGED_FILES='cpu.shares cpu.weight cpu.idle cpuset.cpus memory.low memory.soft_limit_in_bytes
	blkio.bfq.weight blkio.prio.class io.weight io.bfq.weight io.prio.class cgroup.subtree_control'

# tree_snapshot FOLDER: every group there and below, and what the agent might change in it.
tree_snapshot() {
	local names=() name

	for name in $CHANGED_FILES; do
		names+=(-o -name "$name")
	done
	find "$1" -type d -print 2>/dev/null
	find "$1" -type f \( -false "${names[@]}" \) -exec grep -H '' {} + 2>/dev/null
}

# All hierarchies, and what the agent changes besides.
snapshot() {
	local mount

	awk '{ for (i = 7; $i != "-"; i++); if ($(i + 1) ~ /^cgroup2?$/) print $5 }' /proc/self/mountinfo | sort -u |
		while read -r mount; do
			tree_snapshot "$mount"
		done
	grep -H '' /sys/kernel/rcu_expedited
}

# The agent whose groups snapshots are to show besides those in the arena, which are all ours: by its pid.
agents=''
note_agent() {
	agents="$agents $1"
}

# What differs between two snapshots. Groups that others make and change at the same time do not count: those named as
# tests and agents name theirs, unless they are ours, and other ones that are in one of the snapshots only.
snapshot_difference() {
	awk -v run="/accel-test-$ACCEL_TEST_RUN-" -v agents="$agents" '
		BEGIN { n = split(agents, agent, " ") }
		function mine(line,	i) {
			if (index(line, run))
				return 1
			for (i = 1; i <= n; i++)
				if (index(line, "/accel-agent." agent[i] "."))
					return 1
			return 0
		}
		{ path = $0; sub(/:.*/, "", path) }
		FNR == NR { before[$0] = 1; known[path] = 1; next }
		{ after[$0] = 1; still[path] = 1 }
		END {
			for (line in before)
				if (!(line in after)) {
					path = line; sub(/:.*/, "", path)
					if (mine(line) || (line !~ /\/accel-/ && path in still))
						print "-" line
				}
			for (line in after)
				if (!(line in before)) {
					path = line; sub(/:.*/, "", path)
					if (mine(line) || (line !~ /\/accel-/ && path in known))
						print "+" line
				}
		}' "$1" "$2"
}

nothing_changed() {
	snapshot >after
	snapshot_difference before after >difference
	[ ! -s difference ]
}

# Only what other agents do for a moment (rcu_expedited) is worth to wait for.
as_before() {
	wait_for 2 nothing_changed || fail "${1:-after it}: not as before: $(head -n 4 difference | tr '\n' ' ')"
}

# --- what the agent did ---

# The group of the followed agent (of which there is one) below a folder, the arena if none is named: in $ours.
find_ours() {
	ours=$(find "${1:-$arena}" -type d -name 'accel-agent.*' | head -n 1)
	[ -n "$ours" ]
}

in_group_of_ours() {
	grep -q '^[0-9]*:cpu\(,cpuacct\)\?:.*/accel-agent\.[0-9a-f.-]*$' "/proc/$1/cgroup"
}

is_in() {
	grep -qx "$1" "$2/cgroup.procs"
}

# raised GROUP VALUE: its weight is larger than VALUE.
raised() {
	local value

	value=$(cat "$1/cpu.shares") && [ "$value" -gt "$2" ]
}

# The change of the weight of a group, by the end of its path, as a jq expression: weight_of END
weight_of() {
	echo "(.actions[] | select(.knob == \"cpu.shares\" and (.target | endswith(\"$1\"))))"
}

all_restored() {
	holds "$1" '[.actions[] | select(.state == "kept" or .state == "undone") | .restored] | length > 0 and all' .actions
}

stop_agent() {
	kill "-${1:-INT}" "$agent"
}

# --- cases ---

# From its first instruction on, the command is in a group of its own, with a weight.
case_act_launch_places() {
	local mount

	mount=$(v1_mount cpu) || skip "the cpu controller is not in a v1 hierarchy here"
	snapshot >before
	cat >show <<-'END'
		cat /proc/self/cgroup >where
		echo "$PPID" >agent
		cat "$1$(sed -n 's/^[0-9]*:cpu\(,cpuacct\)\?://p' where)/cpu.shares" >weight
	END
	observe r -- sh show "$mount"
	note_agent "$(cat agent)"
	grep -q ":/.*accel-agent\.$(cat agent)\.[0-9a-f]*-0\$" where || fail "the command was not in a group of its own: $(grep :cpu: where)"
	[ "$(cat weight)" -gt 1024 ] || fail "its weight was $(cat weight)"
	as_before "after the command"
	all_restored r
	holds r '[.actions[].knob] == ["cgroup.procs", "cpu.shares"] and all(.actions[]; .state == "kept")' .actions
	"${AGENT[@]}" -o text -- sh show "$mount" 2>err || fail "exit status $?: $(cat err)"
	note_agent "$(cat agent)"
	grep -qx 'Everything is as it was before\.' text || fail "the report ends with: $(tail -n 2 text)"
	as_before "after the second command"
}

# The app starts later, by its name; so do its children.
case_act_attach_places() {
	local app child

	arena
	printf '#!/bin/sh\nsleep 20 &\n"%s" 1 20 >/dev/null &\nwait\n' "$WORKLOADS/spin" >"app-$ACCEL_TEST_RUN"
	chmod +x "app-$ACCEL_TEST_RUN"
	snapshot >before
	observe_start r --app "app-$ACCEL_TEST_RUN"
	attached
	note_agent "$agent"
	start "${INSIDE[@]}" "./app-$ACCEL_TEST_RUN"
	app=$started
	wait_for 1 in_group_of_ours "$app" || fail "not in a group of its own a second after its start"
	find_ours && raised "$ours" 1024 || fail "no weight in ${ours:-no group}"
	wait_for 2 test "$(pgrep -c -P "$app")" -eq 2
	for child in $(pgrep -P "$app"); do
		wait_for 1 in_group_of_ours "$child" || fail "a child is not in the group: $(cat "/proc/$child/comm")"
	done
	stop_agent
	observed r
	for child in "$app" $(pgrep -P "$app"); do
		is_in "$child" "$arena" || fail "not at home: $(cat "/proc/$child/comm")"
	done
	as_before
	all_restored r
	kill -KILL $(pgrep -P "$app")
}

# tree_at_home PROCESSES: so many of the tree are in the arena, beside the stranger.
at_home() {
	[ "$(grep -vcx "$stranger" "$arena/cgroup.procs")" -eq "$1" ]
}

# A tree that runs already and sleeps: the first process alone is seen to compute, all are moved.
case_act_attach_running_tree() {
	local tree

	arena
	start "${INSIDE[@]}" sh -c 'sleep 60 & (sleep 60 & sleep 60 & wait) & wait'
	tree=$started
	wait_for 2 at_home 5 || fail "the tree did not start"
	snapshot >before
	observe_start r --pid "$tree" -d 2
	attached
	note_agent "$agent"
	wait_for 1 at_home 0 || fail "left at home: $(grep -vcx "$stranger" "$arena/cgroup.procs") of 5"
	find_ours && [ "$(wc -l <"$ours/cgroup.procs")" -eq 5 ] || fail "in the group: $(wc -l <"$ours/cgroup.procs") of 5"
	observed r
	at_home 5 || fail "back home: $(grep -vcx "$stranger" "$arena/cgroup.procs") of 5"
	as_before
	all_restored r
}

# The same while it forks as fast as it can.
case_act_attach_storm() {
	arena
	storm_start 5 "${INSIDE[@]}"
	sleep 0.5
	snapshot >before
	observe_start r --pid "$storm" -d 2
	attached
	note_agent "$agent"
	wait_for 2 in_group_of_ours "$storm" || fail "the first process was not moved"
	wait_for 1 at_home 0 || fail "left at home: $(grep -vcx "$stranger" "$arena/cgroup.procs")"
	observed r
	is_in "$storm" "$arena" || fail "the first process is not at home"
	as_before
	touch calm
	end_of "$storm"
	[ "$(truth storm.out leaves)" -eq 40 ] || fail "the storm lost processes: $(cat storm.out)"
	all_restored r
}

# Three for each CPU compete: the weight helps, and that is proven.
case_act_proves_gain() {
	arena
	agent_inside
	snapshot >before
	hogs $((3 * NCPU)) 20
	observe r -- "$WORKLOADS/spin" "$NCPU" 3
	as_before
	all_restored r
	holds r "$(weight_of -0) | .state == \"kept\" and .bottleneck == \"cpu-neighbour\" and .effect.verdict == \"helps\"
		and .effect.low > 0 and .effect.windows >= 6" .actions
	holds r ".thread_seconds.run > 0.8 * $NCPU * .wall_seconds" '[.wall_seconds, .thread_seconds]'
	holds r '.actions as $actions | [.bottlenecks[] | select(.id == "cpu-neighbour")] | length == 1 and (.[0].action as $id
		| any($actions[]; .id == $id and .bottleneck == "cpu-neighbour"))' '[.bottlenecks, .actions]'
}

# Nobody competes: the weight stands from the start to the end, and is never taken away to see what happens.
case_act_idle_machine_no_windows() {
	local app looks=0 windows=0 value

	arena
	quiet_machine
	start "${INSIDE[@]}" "$WORKLOADS/spin" 1 30 >/dev/null
	app=$started
	observe_start r --pid "$app" -d 2
	attached
	wait_for 2 in_group_of_ours "$app" || fail "the app was not placed"
	find_ours
	while value=$(cat "$ours/cpu.shares" 2>/dev/null); do
		looks=$((looks + 1))
		[ "$value" -gt 1024 ] || windows=$((windows + 1))
	done
	observed r
	jq -e '[.bottlenecks[] | select(.id == "cpu-neighbour")] == []' r >/dev/null ||
		skip "the machine was not quiet: others ran on the CPUs of the app"
	[ "$windows" -eq 0 ] || fail "without the weight in $windows of $looks looks"
	[ "$looks" -gt 100 ] || fail "only $looks looks"
	holds r '[.actions[].effect] | all(. == null)' .actions
	holds r "$(weight_of -0) | .state == \"kept\" and .restored" .actions
}

# The plan is the same, and nothing is done.
case_act_dry_run() {
	local app

	arena
	hogs "$NCPU" 30
	start "${INSIDE[@]}" "$WORKLOADS/spin" "$NCPU" 30 >/dev/null
	app=$started
	sleep 0.1
	snapshot >before
	observe_start r --pid "$app" -d 1 --dry-run
	attached
	note_agent "$agent"
	while kill -0 "$observer" 2>/dev/null; do
		nothing_changed || fail "changed during a dry run: $(head -n 4 difference | tr '\n' ' ')"
		is_in "$app" "$arena" || fail "the app was moved"
	done
	observed r
	holds r '[.actions[] | select(.knob == "cgroup.procs" or (.knob == "cpu.shares" and (.target | contains("accel-agent.")))) ]
		| length == 2 and all(.state == "planned")' .actions
	holds r 'all(.actions[]; .state == "planned" or .state == "refused")' .actions
	observe wet --pid "$app" -d 1
	[ "$(num r '[.actions[] | select(.state == "planned") | [.knob, .new] | join(" ")] | .[1]' | cut -d' ' -f1)" = \
		"$(num wet '.actions[1].knob')" ] || fail "planned: $(jq -c .actions r), done: $(jq -c .actions wet)"
	"${AGENT[@]}" --pid "$app" -d 1 -n -o text 2>err || fail "exit status $?: $(cat err)"
	grep -q '^Nothing was changed: this was a dry run\.' text || fail "the report ends with: $(tail -n 2 text)"
}

# What is not allowed is not done: neither weights nor the group that they would need.
case_act_only_and_without() {
	local app words

	arena
	hogs $((2 * NCPU)) 30
	start "${INSIDE[@]}" "$WORKLOADS/spin" "$NCPU" 30 >/dev/null
	app=$started
	sleep 0.1
	snapshot >before
	for words in '--only memory' '--without cpu'; do
		observe_start r $words --pid "$app" -d 1
		attached
		note_agent "$agent"
		while kill -0 "$observer" 2>/dev/null; do
			nothing_changed || fail "$words: changed: $(head -n 4 difference | tr '\n' ' ')"
		done
		observed r
		holds r 'all(.actions[]; .knob | startswith("cpu") or . == "cgroup.procs" | not)' .actions
		is_in "$app" "$arena" || fail "$words: the app was moved"
	done
}

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

# lane NUMBER ROUNDS: kills one agent after the other at some moment, each in a group of this lane, where others compete.
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
			echo "lane $1, round $round, killed after $delay ms: status $status: $(cat "difference.$1" "out.$1")"
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
	[ "$(find "$arena" -name 'accel-agent.*' | wc -l)" -eq 2 ] || fail "not a group for each"
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

# --- groups of others ---

# An app that is alone in its group: that one gets the weight, and no other is made. app_alone SHARES
app_alone() {
	arena
	group_inside alone
	home=$group
	group_set "$home" cpu.shares "$1"
	start "${IN[@]}" "$home" -- "$WORKLOADS/spin" "$NCPU" 60 >/dev/null
	app=$started
	wait_for 2 is_in "$app" "$home" || fail "the app is not in its group"
}

case_act_alone_in_group() {
	local app home

	app_alone 2048
	snapshot >before
	observe_start r --pid "$app" -d 2
	attached
	wait_for 2 raised "$home" 2048 || fail "cpu.shares is $(cat "$home/cpu.shares")"
	find_ours && fail "a group was made: $ours"
	observed r
	[ "$(cat "$home/cpu.shares")" = 2048 ] || fail "cpu.shares is $(cat "$home/cpu.shares") afterwards"
	as_before
	all_restored r
	holds r "$(weight_of /accel-test-alone) | .old == \"2048\" and .restored" .actions
	holds r 'all(.actions[]; .knob != "cgroup.procs")' .actions
}

# Somebody else wants another weight while the agent has its own there: hands off. foreign_write
foreign_write() {
	observe_start r --pid "$app" -d 3
	attached
	wait_for 2 raised "$home" 2048 || fail "cpu.shares is $(cat "$home/cpu.shares")"
	sleep 0.5
	echo 4096 >"$home/cpu.shares"
	observed r
	[ "$(cat "$home/cpu.shares")" = 4096 ] || fail "cpu.shares is $(cat "$home/cpu.shares") afterwards"
	holds r "$(weight_of /accel-test-alone) | (.restored | not) and (.reason | contains(\"somebody else\"))" .actions
	grep -q '^accel-agent: .*cpu\.shares.*somebody else changed it' r.err || fail "no warning: $(cat r.err)"
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

# What limits the app goes on to limit it: its new group is below the one with the quota.
case_act_keeps_limits() {
	local home app used

	arena
	group_inside quota
	home=$group
	group_set "$home" cpu.cfs_period_us 50000
	group_set "$home" cpu.cfs_quota_us 25000
	start "${IN[@]}" "$home" -- sleep 60
	snapshot >before
	start "${IN[@]}" "$home" -- "$WORKLOADS/spin" "$NCPU" 2.5 >spin.out
	app=$started
	observe_start r --pid "$app"
	attached
	wait_for 1 in_group_of_ours "$app" || fail "the app was not placed"
	find_ours "$home" || fail "the group is not below the one with the quota: $(grep :cpu: "/proc/$app/cgroup")"
	observed r
	used=$(truth spin.out cpu)
	awk -v used="$used" 'BEGIN { exit !(used < 0.5 * 2.5 * 1.2) }' || fail "$used CPU seconds in 2.5: it escaped its quota"
	as_before
	all_restored r
}

# Groups that the settings name as background give way while the app needs the CPUs.
case_act_background() {
	local app background seen=''

	arena
	group_inside background
	background=$group
	hogs $((2 * NCPU)) 60 "${IN[@]}" "$background" --
	start "${INSIDE[@]}" "$WORKLOADS/spin" "$NCPU" 60 >/dev/null
	app=$started
	sleep 0.1
	snapshot >before
	observe_start r --pid "$app" -d 5 --background-cgroup "$background"
	attached
	while kill -0 "$observer" 2>/dev/null; do
		[ "$(cat "$background/cpu.idle")" = 0 ] || seen=1
	done
	observed r
	[ "$seen" ] || fail "the group was never idle: $(jq -c .actions r)"
	as_before
	all_restored r
	holds r '.actions[] | select(.knob == "cpu.idle") | (.target | endswith("/accel-test-background")) and .old == "0"
		and .new == "1" and .restored and .effect.windows > 0' .actions
}

# The competitor is beside the group above the app's: there is where the weight counts.
case_act_above() {
	local app above

	arena
	group_inside a
	above=$group
	group_inside b "$above"
	start "${IN[@]}" "$group" -- "$WORKLOADS/spin" "$NCPU" 60 >/dev/null
	app=$started
	group_inside c
	hogs $((3 * NCPU)) 60 "${IN[@]}" "$group" --
	wait_for 2 is_in "$app" "$above/accel-test-b" || fail "the app is not in its group"
	snapshot >before
	observe_start r --pid "$app" -d 4
	attached
	wait_for 4 raised "$above" 1024 || fail "the weight of the group above was never raised"
	observed r
	as_before
	all_restored r
	holds r "$(weight_of /accel-test-a) | .state == \"kept\" and .effect.verdict == \"helps\" and .restored" .actions
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

# Somebody takes the app out of our group, and removes that.
case_act_group_removed_under_it() {
	local app

	arena
	snapshot >before
	attached_inside "$arena"
	echo "$app" >"$arena/cgroup.procs"
	rmdir "$ours" || fail "the group cannot be removed"
	observed r
	kill -0 "$app" || fail "the app is gone"
	is_in "$app" "$arena" || fail "the app was moved"
	as_before
}

# A group was made again under the same name: it is another one, with somebody else's value.
case_act_group_made_again() {
	local app home

	app_alone 2048
	observe_start r --pid "$app" -d 4
	attached
	wait_for 2 raised "$home" 2048 || fail "cpu.shares is $(cat "$home/cpu.shares")"
	echo "$app" >"$arena/cgroup.procs"
	rmdir "$home" && mkdir "$home" || fail "the group cannot be made again"
	echo 3000 >"$home/cpu.shares"
	observed r
	[ "$(cat "$home/cpu.shares")" = 3000 ] || fail "cpu.shares of another group was set to $(cat "$home/cpu.shares")"
	holds r "$(weight_of /accel-test-alone) | .restored | not" .actions
}

# Its home vanishes with it.
case_act_home_removed() {
	local app home

	arena
	snapshot >before
	group_inside home
	home=$group
	start "${IN[@]}" "$home" -- sleep 60
	attached_inside "$home"
	echo "$app" >"$arena/cgroup.procs"
	echo "$(cat "$home/cgroup.procs")" >"$arena/cgroup.procs"
	rmdir "$ours" "$home" || fail "the groups cannot be removed"
	observed r
	is_in "$app" "$arena" || fail "the app was moved"
	as_before
}

# --- what cannot be ---

case_act_read_only_cgroupfs() {
	local mount private

	mount=$(v1_mount cpu) || skip "the cpu controller is not in a v1 hierarchy here"
	private=(unshare -m --propagation private sh -c 'mount -o bind,ro "$1" "$1" || exit 77; shift; exec "$@"' sh "$mount")
	"${private[@]}" true || skip "no private mount can be made"
	snapshot >before
	AGENT=("${private[@]}" "${AGENT[@]}")
	observe r -- "$WORKLOADS/spin" 1 0.5
	holds r '[.actions[] | .state] == ["refused"] and (.actions[0].reason | contains("read-only"))' .actions
	"${AGENT[@]}" -o text -- "$WORKLOADS/spin" 1 0.5 >/dev/null 2>err || fail "exit status $?: $(cat err)"
	grep -q '^Nothing was changed: ' text || fail "the report ends with: $(tail -n 2 text)"
	as_before
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
