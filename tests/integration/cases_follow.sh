# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
# Following: which processes belong to the app, from when to when.

# observe_app REPORT ARGUMENT...: attach mode with names; returns once the agent waits.
observe_app() {
	observe_start "$@"
	attached
	wait_for 5 grep -q 'waiting for' "$1.err" || fail "the agent does not say that it waits"
}

command_processes() {
	jq --arg name "$2" '[.commands[] | select(.name == $name) | .processes] | add // 0' "$1"
}

case_follow_app_that_starts_later() {
	observe_app r --app spin
	"$WORKLOADS/spin" 1 0.5 >spin.out
	observed r
	near "$(num r .thread_seconds.run)" "$(truth spin.out cpu)" 2 "run thread seconds"
	holds r '.app.name == "spin" and .app.processes == 1' .app
	holds r '.wall_seconds > 0.4 and .wall_seconds < 5' .wall_seconds
}

# The app lives long enough for an agent that starts slowly, on an emulated CPU.
case_follow_app_that_runs() {
	local seconds=$((TOLERANCE * 6 - 3))

	start "$WORKLOADS/spin" 2 "$seconds" >spin.out
	sleep 0.3
	observe r --app spin
	holds r ".app.processes >= 1 and .wall_seconds > 0.2 and .wall_seconds < $seconds and .thread_seconds.run > 0.2" \
		'[.app, .wall_seconds, .thread_seconds]'
}

case_follow_glob() {
	observe_app r --app 'exit*de'
	"$WORKLOADS/serial" 0.1
	"$WORKLOADS/exitcode" 0
	observed r
	holds r '.app.processes == 1 and ([.commands[].name] | index("serial")) == null' '[.app, .commands]'
}

# A program of that name in another place is the app; one that has the name as an argument is not.
case_follow_name_is_not_an_argument() {
	cp "$WORKLOADS/serial" build.x
	observe_app r --app build.x -d 2
	"$WORKLOADS/spin" 1 0.3 build.x >/dev/null
	ls -d build.x
	./build.x 0.3
	observed r
	holds r '.app.processes == 1 and .thread_seconds.run > 0.25 and .thread_seconds.run < 0.45' '[.app, .thread_seconds]'
}

case_follow_python_script() {
	echo 'import time; time.sleep(0.5)' >build.py
	observe_app r --app build.py
	python3 -c 'pass'
	python3 -u build.py
	observed r
	holds r '.app.processes == 1 and .wall_seconds > 0.4' '[.app, .wall_seconds]'
}

case_follow_running_python_script() {
	echo "import time; time.sleep($((TOLERANCE * 3)))" >build.py
	start python3 build.py
	sleep 0.5
	observe r --app build.py
	holds r '.app.processes == 1 and .wall_seconds > 0.5' '[.app, .wall_seconds]'
}

case_follow_shebang_script() {
	printf '#!/bin/sh\n"%s" 0.3\n"%s" 0\n' "$WORKLOADS/serial" "$WORKLOADS/exitcode" >my-build
	chmod +x my-build
	observe_app r --app my-build
	./my-build
	observed r
	holds r '.app.processes == 3 and .thread_seconds.run > 0.25' '[.app, .thread_seconds]'
	[ "$(command_processes r serial)" = 1 ] || fail "serial is not among the commands"
}

case_follow_node() {
	need node
	echo 'setTimeout(() => {}, 500)' >build.js
	observe_app r --app node
	node build.js
	observed r
	holds r '.app.processes == 1 and .wall_seconds > 0.4' '[.app, .wall_seconds]'
}

case_follow_java_jar() {
	need java javac jar
	printf 'public class A { public static void main(String[] a) throws Exception { Thread.sleep(500); } }\n' >A.java
	javac A.java && jar cfe x.jar A A.class || skip "no jar can be made"
	observe_app r --app x.jar
	java -jar x.jar
	observed r
	holds r '.app.processes == 1 and .wall_seconds > 0.4' '[.app, .wall_seconds]'
}

# The storm goes on while the agent reads who runs, and until it has: a chain of which one process is missed has no
# leaves in the report.
# storm_start LEAVES [GROUP-WORDS...]
storm_start() {
	local leaves=$1

	shift
	rm -f calm
	start "$@" "$WORKLOADS/forkstorm" 8 150 "$leaves" "$WORKLOADS/exitcode" calm >storm.out
	storm=$started
}

# storm_observe REPORT LEAVES ARGUMENT...
storm_observe() {
	local report=$1 leaves=$2 found

	shift 2
	observe_start "$report" "$@"
	attached
	sleep 0.5
	touch calm
	observed "$report"
	end_of "$storm"
	found=$(command_processes "$report" exitcode)
	[ "$(truth storm.out leaves)" -eq "$leaves" ] || fail "the storm started $(truth storm.out leaves) leaves"
	[ "$found" -eq "$leaves" ] || fail "of $leaves leaves, $found were followed: $(tail -n 3 "$report.err")"
	[ "$(num "$report" .app.processes)" -gt "$leaves" ] || fail "the storm itself was not followed"
}

case_follow_storm_by_pid() {
	storm_start 25
	sleep 1
	storm_observe r 200 --pid "$storm"
}

case_follow_storm_by_name() {
	storm_start 25
	sleep 1
	storm_observe r 200 --app forkstorm
}

case_follow_storm_by_cgroup() {
	group_make cpu
	storm_start 25 "${IN[@]}" "$group" --
	sleep 1
	storm_observe r 200 --cgroup "$group"
}

# Many at once, each attached to a storm at another moment.
case_follow_storm_from_its_start() {
	local round

	for round in 1 2 3 4 5; do
		storm_start 5
		storm_observe "r$round" 40 --pid "$storm"
	done
}

case_follow_cgroup() {
	group_make cpu
	observe_start r --cgroup "$group" -d 2
	attached
	"$WORKLOADS/serial" 0.2
	"${IN[@]}" "$group" -- "$WORKLOADS/spin" 2 0.5 >spin.out
	observed r
	near "$(num r .thread_seconds.run)" "$(truth spin.out cpu)" 3 "run thread seconds" 0.02
	holds r '[.commands[].name] | index("serial") == null' '[.commands[].name]'
}

# A path below the mount point names the group as well.
case_follow_cgroup_v2() {
	local mount

	mount=$(v2_mount '') || skip "cgroup v2 is not mounted"
	group_make_at "$mount"
	start "${IN[@]}" "$group" -- "$WORKLOADS/spin" 1 30 >/dev/null
	sleep 0.2
	observe r --cgroup "$group" -d 1
	holds r '.thread_seconds.run > 0.3 and .app.processes >= 1' '[.app, .thread_seconds]'
}

case_follow_cgroup_removed() {
	group_make cpu
	observe_start r --cgroup "$group" -d 3
	attached
	"${IN[@]}" "$group" -- "$WORKLOADS/serial" 0.3
	rmdir "$group" || fail "the group cannot be removed while it is followed"
	observed r
	holds r '.thread_seconds.run > 0.2' .thread_seconds
}

case_follow_two_apps() {
	observe_start r --app spin --app pingpong -d 3
	attached
	"$WORKLOADS/spin" 2 0.8 >/dev/null &
	"$WORKLOADS/pingpong" 0.8 >/dev/null
	observed r
	jq -s -e '[.[].app.name] | sort == ["pingpong", "spin"]' r >/dev/null || fail "apps: $(jq -s -c '[.[].app.name]' r)"
	jq -s -e 'all(.[]; .app.processes == (if .app.name == "spin" then 1 else 2 end))' r >/dev/null ||
		fail "processes: $(jq -s -c '[.[].app]' r)"
}

case_follow_64_apps() {
	local names=() i

	for ((i = 1; i <= 64; i++)); do
		names+=(--app "app$i")
		ln "$WORKLOADS/exitcode" "app$i" 2>/dev/null || cp "$WORKLOADS/exitcode" "app$i"
	done
	observe_start r "${names[@]}" -d 2
	attached
	for ((i = 1; i <= 64; i++)); do
		"./app$i" 0
	done
	observed r
	jq -s -e 'length == 64 and all(.[]; .app.processes == 1)' r >/dev/null ||
		fail "$(jq -s -c '[length, ([.[].app.processes] | add)]' r) reports and processes instead of 64"
}

case_follow_10000_threads() {
	[ "$(cat /proc/sys/kernel/threads-max)" -gt 20000 ] && [ "$(cat /proc/sys/kernel/pid_max)" -gt 20000 ] ||
		skip "this system allows fewer than 20,000 threads"
	observe r -- "$WORKLOADS/manythreads" 1000 10 2
	holds r '.app.processes == 1001 and .app.threads_peak == 10001 and .agent.lost_events == 0' '[.app, .agent]'
}

case_follow_10000_running_threads() {
	[ "$(cat /proc/sys/kernel/threads-max)" -gt 20000 ] && [ "$(cat /proc/sys/kernel/pid_max)" -gt 20000 ] ||
		skip "this system allows fewer than 20,000 threads"
	start "$WORKLOADS/manythreads" 1000 10 120 2 >ready
	wait_for 120 grep -q ready ready || fail "the threads could not be started"
	observe r --pid "$started" -d 1
	holds r '.app.processes == 1001 and .app.threads_peak == 10001' .app
}

# The followed tree is a shell and its sleeping child. The shell ends; its number goes to a stranger, who computes.
case_follow_pid_reuse() {
	local app

	mkfifo go
	start sh -c 'sleep $1 & read -r word <go' sh $((4 * TOLERANCE))
	app=$started
	sleep 0.2
	observe_start r --pid "$app"
	attached
	echo on >go
	end_of "$app"
	"$WORKLOADS/pidreuse" "$app" "$WORKLOADS/serial" 1
	case $? in
	0) ;;
	3) skip "the kernel does not give a process a chosen number" ;;
	*) fail "pidreuse failed" ;;
	esac
	observed r
	holds r '([.commands[].name] | index("serial")) == null and .thread_seconds.run < 0.3 and .wall_seconds > 2' \
		'[.commands, .thread_seconds]'
}

case_follow_pid_gone() {
	sleep 0 &
	wait $!
	"${AGENT[@]}" -f json -o r --pid $! 2>err
	status=$?
	[ "$status" -eq 2 ] || fail "exit status $status instead of 2: $(cat err)"
	[ "$(wc -l <err)" -eq 1 ] && grep -q "^accel-agent: .*$!" err || fail "stderr: $(cat err)"
	[ ! -e r ] || fail "a report was written"
}

case_follow_cgroup_missing() {
	"${AGENT[@]}" -f json -o r --cgroup /no/such/group 2>err
	status=$?
	[ "$status" -eq 2 ] || fail "exit status $status instead of 2: $(cat err)"
	grep -q '^accel-agent: .*no/such/group' err || fail "stderr: $(cat err)"
}

case_follow_name_never_appears() {
	"${AGENT[@]}" -f json -o r --app no-such-app-here -d 1 2>err
	status=$?
	[ "$status" -eq 0 ] || fail "exit status $status instead of 0: $(cat err)"
	grep -q '^accel-agent: .*no-such-app-here' err || fail "stderr does not name it: $(cat err)"
	check_report r
	holds r '.app.processes == 0 and .thread_seconds.run == 0 and .bottlenecks == []' '[.app, .thread_seconds]'
}

case_follow_duration() {
	start "$WORKLOADS/spin" 1 120 >/dev/null
	observe r --pid "$started" -d 1
	holds r '.wall_seconds > 0.8 and .wall_seconds < 2' .wall_seconds
	kill -0 "$started" || fail "the app did not survive"
}

case_follow_interim_reports() {
	start "$WORKLOADS/spin" 1 120 >/dev/null
	"${AGENT[@]}" -f json --pid "$started" -i 0.5 -d 2.2 >r 2>r.err || fail "exit status $?"
	check_report r
	jq -s -e 'length >= 4 and length <= 6 and ([.[].wall_seconds] | . == sort and .[0] > 0.2)' r >/dev/null ||
		fail "reports: $(jq -s -c '[.[].wall_seconds]' r)"
	"${AGENT[@]}" -f json --pid "$started" -i 0.5 -d 1 >r 2>r.err || fail "exit status $?"
	jq -s -e 'length <= 2' r >/dev/null || fail "an interim report with the last: $(jq -s -c '[.[].wall_seconds]' r)"
}

# Ctrl-C ends the watching, not the app; the report comes.
case_follow_interrupted() {
	local app signal

	for signal in INT TERM; do
		start "$WORKLOADS/spin" 1 30 >/dev/null
		app=$started
		observe_start "r$signal" --pid "$app"
		attached
		sleep 0.5
		kill "-$signal" "$agent"
		observed "r$signal"
		holds "r$signal" '.wall_seconds > 0.3 and .thread_seconds.run > 0.1' '[.wall_seconds, .thread_seconds]'
		kill "$app" || fail "the app did not survive"
	done
}
