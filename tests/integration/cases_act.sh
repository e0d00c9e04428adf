# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
# Acting, on real cgroups of the cpu controller (v1): what is changed while an app runs, and what it does.

. "$here/lib_act.sh"

# From its first instruction on, the command is in a group of its own, with a weight; which goes after a second if nobody
# competes: so it is read without starting anything.
case_act_launch_places() {
	local mount line

	mount=$(v1_mount cpu || v2_mount cpu) || skip "no cgroup hierarchy with cpu"
	use_weights
	line=0::*
	[ -z "$CPU_LINE" ] || line='*:cpu:*|*:cpu,cpuacct:*'
	snapshot >before
	cat >show <<-END
		while read -r line; do
			echo "\$line"
			case \$line in
			$line)
				read -r weight <"\$1\${line#*:*:}/$WEIGHT"
				echo "\$weight" >weight
				;;
			esac
		done </proc/self/cgroup >where
		echo "\$PPID" >agent
	END
	observe r -- sh show "$mount"
	note_agent "$(cat agent)"
	grep -q ":/.*accel-agent\.$(cat agent)\.[0-9a-f]*-0\$" where ||
		fail "the command was not in a group of its own: $(cat where)"
	[ "$(cat weight)" -gt "$(weight 1024)" ] || fail "its weight was $(cat weight)"
	as_before "after the command"
	all_restored r
	# more is tried only where the command takes longer than a moment
	holds r "[.actions[:2][].knob] == [\"cgroup.procs\", \"$WEIGHT\"] and all(.actions[:2][]; .state == \"kept\")" .actions
	"${AGENT[@]}" -o text -- sh show "$mount" 2>err || fail "exit status $?: $(cat err)"
	note_agent "$(cat agent)"
	grep -qx 'Everything is as it was before\.' text || fail "the report ends with: $(tail -n 2 text)"
	as_before "after the second command"
}

# spreads COMMAND...: jobs, one for each CPU, 60 times over, beside neighbours, by an agent that COMMAND starts: its threads
# are brought to CPUs that the neighbours have.
spreads() {
	[ "$NCPU" -gt 1 ] || skip "one CPU"
	use_weights
	hogs $((3 * NCPU)) 900 env
	snapshot >before
	cat >jobs <<-'END'
		turn=0
		while [ "$turn" -lt 60 ]; do
			job=0
			while [ "$job" -lt "$2" ]; do
				"$1" 1 0.05 >/dev/null &
				job=$((job + 1))
			done
			wait
			turn=$((turn + 1))
		done
	END
	"$@" "${AGENT[@]}" -v -f json -o r -- sh jobs "$WORKLOADS/spin" "$NCPU" 2>err ||
		fail "exit status $?: $(cat err)"
	holds r '[.actions[] | select(.knob == "spread").state] == ["kept"]' .actions
	grep -q ' times a thread was brought to a CPU of a neighbour' err || fail "no thread was moved: $(cat err)"
	as_before "at the end"
}

case_act_spread() {
	spreads
}

# A thread alone waits for nobody of its app: it leaves a CPU of which a neighbour takes his share. And what ends after
# three seconds has not paid for measuring.
case_act_spread_alone() {
	local cpu

	[ "$NCPU" -gt 1 ] || skip "one CPU"
	need taskset
	use_weights
	for ((cpu = 0; cpu < NCPU; cpu++)); do # where the kernel cannot take them all to another CPU
		hogs 3 60 taskset -c "$cpu"
	done
	snapshot >before
	"${AGENT[@]}" -v -f json -o r -- "$WORKLOADS/spin" 1 3 >/dev/null 2>err || fail "exit status $?: $(cat err)"
	grep -q ' times a thread was brought to a CPU of a neighbour' err || fail "it was not moved: $(cat err)"
	holds r "$(weight_of -0) | .state == \"kept\" and .effect == null" .actions
	as_before "at the end"
}

# In a pid namespace, as in a container, threads have other numbers than the kernel's.
case_act_spread_namespace() {
	need unshare
	spreads unshare -fp --mount-proc
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
	find_ours && wait_for 1 raised "$ours" 1024 || fail "no weight in ${ours:-no group}"
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

# The same while it forks as fast as it can. With the weight that the app gets, this shell is slow.
case_act_attach_storm() {
	arena
	# on one CPU: the agent gives its group a hundred times this shell's weight, which needs its turns, too
	storm_start 5 "${INSIDE[@]}" taskset -c 0
	sleep 0.5
	snapshot >before
	observe_start r --pid "$storm" -d 120
	attached
	note_agent "$agent"
	wait_for 20 in_group_of_ours "$storm" || fail "the first process was not moved"
	wait_for 20 at_home 0 || fail "left at home: $(grep -vcx "$stranger" "$arena/cgroup.procs")"
	kill -INT "$agent"
	observed r
	is_in "$storm" "$arena" || fail "the first process is not at home"
	as_before
	touch calm
	end_of "$storm"
	[ "$(truth storm.out leaves)" -eq 40 ] || fail "the storm lost processes: $(cat storm.out)"
	all_restored r
}

# Three for each CPU compete: the weight helps, and that is proven. The app has two threads a CPU: with one, both could
# begin on the same CPU, which they would have for themselves with and without the weight.
case_act_proves_gain() {
	arena
	agent_inside
	snapshot >before
	hogs $((3 * NCPU)) 30
	observe r -- "$WORKLOADS/spin" $((2 * NCPU)) 8
	as_before
	all_restored r
	holds r "$(weight_of -0) | .state == \"kept\" and .bottleneck == \"cpu-neighbour\" and .effect.verdict == \"helps\"
		and .effect.low > 0 and .effect.windows >= 6" .actions
	holds r ".thread_seconds.run > 0.8 * $NCPU * .wall_seconds" '[.wall_seconds, .thread_seconds]'
	holds r '.actions as $actions | [.bottlenecks[] | select(.id == "cpu-neighbour")] | length == 1 and (.[0].action as $id
		| any($actions[]; .id == $id and .bottleneck == "cpu-neighbour"))' '[.bottlenecks, .actions]'
}

# busy_seconds >FILE ... skip_unless_quiet FILE: between the two the app computed all the time, on one CPU; others, on all
# CPUs together, at most a tenth of it.
busy_seconds() {
	awk -v hz="$(getconf CLK_TCK)" 'NR == 1 { print ($2 + $3 + $4 + $7 + $8 + $9) / hz; exit }' /proc/stat
	cut -d' ' -f1 /proc/uptime
}

skip_unless_quiet() {
	{ cat "$1"; busy_seconds; } | xargs | awk '{ exit !($3 - $1 - ($4 - $2) < 0.1 * ($4 - $2)) }' ||
		skip "the machine was not quiet: others ran meanwhile"
}

weight_is_up() {
	raised "$ours" 1024
}

weight_is_default() {
	[ "$(cat "$ours/$WEIGHT")" -eq "$(weight 1024)" ]
}

# Nobody competes: the weight goes after a second, and is not brought back to see what happens; until somebody comes.
case_act_weight_when_needed() {
	local app looks=0 windows=0

	arena
	quiet_machine
	start "${INSIDE[@]}" "$WORKLOADS/spin" 1 120 >/dev/null
	app=$started
	observe_start r --pid "$app" -d 10
	attached
	busy_seconds >from
	wait_for 2 in_group_of_ours "$app" || fail "the app was not placed"
	find_ours
	wait_for 3 weight_is_default || { skip_unless_quiet from; fail "it stays up"; }
	while [ "$looks" -lt 40 ]; do
		looks=$((looks + 1))
		weight_is_default || windows=$((windows + 1))
		sleep 0.015 # who looks all the time competes
	done
	[ "$windows" -eq 0 ] || { skip_unless_quiet from; fail "with the weight in $windows of $looks looks"; }
	hogs 8 10
	wait_for 3 weight_is_up || fail "with neighbours it is still $(cat "$ours/$WEIGHT")"
	observed r
	holds r "$(weight_of -0) | .state == \"kept\" and .restored" .actions
}

# And if nobody comes, the report says so. A moment's work of somebody else is enough to make it true that others came:
# one quiet run of three tells.
case_act_weight_not_needed() {
	local app try

	arena
	quiet_machine
	start "${INSIDE[@]}" "$WORKLOADS/spin" 1 120 >/dev/null
	app=$started
	busy_seconds >from
	for try in 1 2 3; do
		observe_start r --pid "$app" -d 2
		attached
		observed r
		jq -e "$(weight_of -0) | .reason | test(\"nobody did\")" r >/dev/null && break
		[ "$try" -lt 3 ] || skip_unless_quiet from
	done
	holds r "$(weight_of -0) | .state == \"undone\" and .restored and .effect == null" .actions
	holds r "$(weight_of -0) | .reason | test(\"nobody did\")" .actions
}

# The plan is the same, and nothing is done.
case_act_dry_run() {
	local app

	arena
	hogs "$NCPU" 120
	start "${INSIDE[@]}" "$WORKLOADS/spin" "$NCPU" 120 >/dev/null
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
	holds r '[.actions[] | select(.knob == "cgroup.procs"
			or (.knob == ("cpu.shares", "cpu.weight") and (.target | contains("accel-agent.")))) ]
		| length == 2 and all(.state == "planned")' .actions
	holds r 'all(.actions[]; .state == "planned" or .state == "refused")' .actions
	observe wet --pid "$app" -d 1
	[ "$(num r '[.actions[] | select(.state == "planned") | [.knob, .new] | join(" ")] | .[1]' | cut -d' ' -f1)" = \
		"$(num wet '.actions[1].knob')" ] || fail "planned: $(jq -c .actions r), done: $(jq -c .actions wet)"
	"${AGENT[@]}" --pid "$app" -d 1 -n -o text 2>err || fail "exit status $?: $(cat err)"
	grep -q '^Nothing was changed: this was a dry run\.' text || fail "the report ends with: $(tail -n 2 text)"
}

# In the root group sessions compete, each as one: the weight is made for as many as compute, of whom others may be one.
case_act_sessions() {
	local i one planned

	use_weights
	[ "$(cat /proc/sys/kernel/sched_autogroup_enabled 2>/dev/null)" = 1 ] || skip "the kernel does not part sessions"
	grep -q '^[0-9]*:\(\|cpu\|.*,cpu\|cpu,.*\):/$' /proc/self/cgroup || skip "not in the root group"
	for i in 1 2; do
		start setsid "$WORKLOADS/spin" 3 60 >/dev/null
	done
	sleep 0.5 # until it shows that they compute
	observe r --dry-run -- true
	one=$(weight 19455)
	planned=$(num r ".actions[] | select(.knob == \"$WEIGHT\") | .new")
	[ "$planned" -ge $((2 * one)) ] && [ "$planned" -le $((3 * one + 3)) ] ||
		fail "planned beside two sessions of three threads: $WEIGHT $planned"
}

# What is not allowed is not done: neither weights nor the group that they would need.
case_act_only_and_without() {
	local app words

	arena
	hogs $((2 * NCPU)) 120
	start "${INSIDE[@]}" "$WORKLOADS/spin" "$NCPU" 120 >/dev/null
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

# Commands that are over before the agent has had a look.
case_act_short_commands() {
	local round

	arena
	agent_inside
	snapshot >before
	for ((round = 0; round < 20; round++)); do
		observe r -- "$WORKLOADS/exitcode" 0
		all_restored r
	done
	as_before
}

# --cgroup names a group in which, by definition, nobody but the app is.
case_act_cgroup() {
	local app home

	app_alone 1024
	hogs $((2 * NCPU)) 60
	snapshot >before
	observe_start r --cgroup "$home" -d 2
	attached
	wait_for 2 raised "$home" 1024 || fail "$WEIGHT is $(cat "$home/$WEIGHT")"
	observed r
	is_in "$app" "$home" || fail "the app was moved out of the group that was named"
	as_before
	all_restored r
}

# The root group has no neighbours, and what the machine itself runs is not moved.
case_act_root_group() {
	snapshot >before
	observe r --cgroup / -d 1
	as_before
	holds r '[.actions[] | select(.knob == "cgroup.procs")] | length == 1 and .[0].state == "refused" and
		(.[0].reason | test("root group"))' .actions
	holds r 'all(.actions[]; .knob | startswith("cpu.") | not)' .actions
}

# --- groups of others ---

# An app that is alone in its group: that one gets the weight, and no other is made. app_alone SHARES
app_alone() {
	arena
	group_inside alone
	home=$group
	group_set "$home" "$WEIGHT" "$(weight "$1")"
	start "${IN[@]}" "$home" -- "$WORKLOADS/spin" "$NCPU" 60 >/dev/null
	app=$started
	wait_for 2 is_in "$app" "$home" || fail "the app is not in its group"
}

case_act_alone_in_group() {
	local app home

	app_alone 2048
	snapshot >before
	observe_start r --pid "$app" -d 60
	attached
	wait_for $((4 * TOLERANCE)) raised "$home" 2048 || fail "$WEIGHT is $(cat "$home/$WEIGHT")"
	find_ours && fail "a group was made: $ours"
	kill -INT "$agent"
	observed r
	[ "$(cat "$home/$WEIGHT")" = "$(weight 2048)" ] || fail "$WEIGHT is $(cat "$home/$WEIGHT") afterwards"
	as_before
	all_restored r
	holds r "$(weight_of /accel-test-alone) | .old == \"$(weight 2048)\" and .restored" .actions
	holds r 'all(.actions[]; .knob != "cgroup.procs")' .actions
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
	observe_start r --pid "$app" -d 8 --background-cgroup "$background"
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

# A name that is wrong is said once, and the run goes on.
case_act_background_missing() {
	observe r --background-cgroup /no-such-group-of-anybody -- true
	[ "$(grep -c '/no-such-group-of-anybody: no such background group' r.err)" -eq 1 ] || fail "stderr: $(cat r.err)"
}

# in_background PID: whether it is in a group for background programs.
in_background() {
	grep -q "^[0-9]*:$CPU_LINE:.*/accel-agent\..*-background-[0-9]*\$" "/proc/$1/cgroup"
}

# Programs that the catalogue knows as background give way if the settings say so, wherever they are; and go home.
case_act_demote_background() {
	local app seen=''

	arena
	cp "$WORKLOADS/spin" indexer-of-test
	printf '[background]\nindex = indexer-of-*\n' >catalogue
	start "${INSIDE[@]}" ./indexer-of-test $((2 * NCPU)) 60 >/dev/null
	hog=$started
	start "${INSIDE[@]}" "$WORKLOADS/spin" "$NCPU" 60 >/dev/null
	app=$started
	sleep 0.1
	snapshot >before
	observe r --pid "$app" -d 2 --catalogue catalogue
	! grep -q background- r || fail "demoted, though nobody allowed it: $(jq -c .actions r)"
	observe_start r --pid "$app" -d 8 --catalogue catalogue --demote-background
	attached
	while kill -0 "$observer" 2>/dev/null; do
		! in_background "$hog" 2>/dev/null || seen=1
	done
	observed r
	[ "$seen" ] || fail "it was never in a group for background programs: $(jq -c .actions r)"
	is_in "$hog" "$arena" || fail "it is not at home: $(cat "/proc/$hog/cgroup")"
	as_before
	all_restored r
	holds r '[.actions[] | select(.target | test("-background-[0-9]+$"))] |
		(map(.knob) | sort == ["cgroup.procs", "cpu.idle"]) and
		any(.[]; .knob == "cpu.idle" and .new == "1" and .effect.windows > 0)' .actions
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
	observe_start r --pid "$app" -d 8
	attached
	wait_for 4 raised "$above" 1024 || fail "the weight of the group above was never raised"
	observed r
	as_before
	all_restored r
	holds r "$(weight_of /accel-test-a) | .state == \"kept\" and .effect.verdict == \"helps\" and .restored" .actions
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
