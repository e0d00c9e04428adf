# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
# What breaks while the agent runs: the agent itself, its memory, groups, disks, CPUs, the clock, the app. For a machine
# of which nobody else has a share (control groups v2, no swap): nothing is left of the agent afterwards, and the app
# goes on as it would have without it.

CGROUPS=/sys/fs/cgroup

# --- what the agent leaves --------------------------------------------------------------------------------------------

agent_processes() {
	find /proc -maxdepth 2 -name exe -lname "$ACCEL_AGENT*" -printf '%h ' 2>/dev/null
}

no_agent_process() {
	[ -z "$(agent_processes)" ]
}

groups_of_ours() {
	find "$CGROUPS" -type d -name 'accel-agent.*'
}

journals() {
	find "$STATE" -name '*-[0-9]*' -o -name expedite.lock -size +0 2>/dev/null
}

# Nothing is left of any agent: no process, no program in the kernel, no group, no journal, no value of ours.
nothing_left() {
	wait_for 10 no_agent_process || fail "${1:-after it}: processes of the agent are left: $(agent_processes)"
	wait_for 10 no_leftover_programs || fail "${1:-after it}: programs are left: $(leftover_programs)"
	[ -z "$(groups_of_ours)" ] || fail "${1:-after it}: groups are left: $(groups_of_ours)"
	[ -z "$(journals)" ] || fail "${1:-after it}: journals are left: $(journals)"
	[ ! -f before ] || as_before "${1:-after it}"
}

restored() {
	restore
	[ "$status" -eq 0 ] || fail "$1: restore: exit status $status: $(cat err out)"
	nothing_left "$1"
}

# --- an app -----------------------------------------------------------------------------------------------------------

# This shell, and what it starts here, before the app with the weight that it gets: it would hardly come to look.
shell_first() {
	[ -d "$CGROUPS/accel-faults" ] || mkdir "$CGROUPS/accel-faults"
	echo 10000 >"$CGROUPS/accel-faults/cpu.weight" && echo "$BASHPID" >"$CGROUPS/accel-faults/cgroup.procs" ||
		fail "this shell cannot be put first"
}

# A group with a stranger, so that the app that starts there is moved to a group of ours beside it: $home, $stranger.
faults_home() {
	v2_mount cpu >/dev/null || skip "cgroup v2 has no cpu controller here"
	shell_first
	group_make cpu
	home=$group
	start "${IN[@]}" "$home" -- sleep 600
	stranger=$started
	wait_for 5 is_in "$stranger" "$home" || fail "nobody is in $home"
}

# app_at_home COMMAND...: in that group; its pid is in $app.
app_at_home() {
	start "${IN[@]}" "$home" -- "$@"
	app=$started
	wait_for 5 is_in "$app" "$home" || fail "the app is not in $home"
}

is_placed() {
	grep -q '^0::.*/accel-agent\.[0-9a-f.-]*$' "/proc/$1/cgroup"
}

# Until the app was moved to the group of ours; its path is in $ours.
placed() {
	wait_for 20 is_placed "$1" || fail "the app was not placed: $(tail -n 3 "$observed_report.err")"
	ours=$CGROUPS$(sed -n 's/^0:://p' "/proc/$1/cgroup")
}

# --- the clock --------------------------------------------------------------------------------------------------------

# An hour back, and an hour and two forward: the agent's times are those of a clock that nobody sets.
case_faults_clock_set() {
	local app

	start "$WORKLOADS/spin" 1 200 >/dev/null
	app=$started
	start "${AGENT[@]}" -v -f json --pid "$app" -i 0.5 -d 6 >r 2>r.err
	observer=$started observed_report=r # each report goes to stdout, after the one before
	attached
	sleep 1
	date -s '1 hour ago' >/dev/null || fail "the clock cannot be set"
	sleep 1.5
	date -s '3 hours' >/dev/null
	sleep 1
	date -s '2 hours ago' >/dev/null
	observed r
	jq -s -e 'map(.wall_seconds) | . == sort and .[-1] > 5 and .[-1] < 12' r >/dev/null ||
		fail "wall seconds: $(jq -s -c 'map(.wall_seconds)' r)"
	jq -s -e 'length >= 5 and length <= 14' r >/dev/null || fail "$(jq -s length r) reports in 6 s"
	jq -s -e 'all(.[]; (.app.ended - .app.started - .wall_seconds | fabs) < 0.2)
		and (map(.app.started) | unique | length == 1)' r >/dev/null ||
		fail "started and ended: $(jq -s -c 'map(.app | [.started, .ended])' r)"
	jq -s -e 'last | .thread_seconds.run + .thread_seconds.runq > 0.8 * .wall_seconds' r >/dev/null ||
		fail "the last report: $(jq -s -c 'last | .thread_seconds' r)"
	kill -0 "$app" || fail "the app did not survive"
	nothing_left
}

# --- pauses -----------------------------------------------------------------------------------------------------------

# The agent is stopped for five seconds while the app forks: what its rings could not take is told, the sums have it all.
case_faults_agent_stopped() {
	observe_start r --ring-size 4 -- "$WORKLOADS/forkstorm" 4 7 20 "$WORKLOADS/exitcode"
	agent_pid "$observer"
	wait_for 20 child_runs "$agent" forkstorm || fail "the storm did not start"
	sleep 0.5
	kill -STOP "$agent"
	sleep 5
	kill -CONT "$agent"
	observed r
	holds r '.agent.lost_events > 0 and ([.agent.lost[]] | add) == .agent.lost_events' .agent
	[ "$(num r .app.processes)" -eq $(($(truth r.out processes) + 1)) ] ||
		fail "processes: found $(num r .app.processes), the truth is $(truth r.out processes) and the first"
	holds r '[.commands[] | select(.name == "exitcode") | .processes] == [80]' .commands
	holds r '.wall_seconds >= 7' .wall_seconds
	nothing_left
}

# Everything is stopped for five seconds, the app and the agent, as a snapshot of a virtual machine does it.
case_faults_all_stopped() {
	local app

	faults_home
	snapshot >before
	app_at_home "$WORKLOADS/spin" 1 200 >/dev/null
	observe_start r --pid "$app" -d 8
	attached
	placed "$app"
	kill -STOP "$agent" "$app"
	sleep 5
	kill -CONT "$app" "$agent"
	observed r
	holds r '.wall_seconds >= 8 and .wall.sleep + .wall.idle > 4.5' '[.wall_seconds, .wall]'
	holds r '.thread_seconds.run + .thread_seconds.runq < .wall_seconds - 4.5' '[.wall_seconds, .thread_seconds]'
	all_restored r
	is_in "$app" "$home" || fail "the app is not at home"
	nothing_left
}

is_frozen() {
	grep -q '^frozen 1' "$1/cgroup.events"
}

# The group of ours that the app is in is frozen, as who pauses a container does it, and still is when the agent ends: the
# app is taken home all the same, where it goes on.
case_faults_frozen() {
	local app begin

	faults_home
	[ -f "$home/cgroup.freeze" ] || skip "this kernel cannot freeze a group of cgroup v2"
	snapshot >before
	app_at_home "$WORKLOADS/spin" 1 200 >/dev/null
	observe_start r --pid "$app" -d 5
	attached
	placed "$app"
	echo 1 >"$ours/cgroup.freeze"
	wait_for 10 is_frozen "$ours" || fail "the group does not freeze"
	observed r
	is_in "$app" "$home" || fail "the app is not at home"
	holds r '.wall_seconds >= 5 and .wall.sleep + .wall.idle > 0.5' '[.wall_seconds, .wall]'
	begin=$(awk '{ print $14 + $15 }' "/proc/$app/stat")
	wait_for 10 has_computed "$app" "$begin" || fail "the app does not go on"
	all_restored r
	nothing_left
}

has_computed() {
	[ "$(awk '{ print $14 + $15 }' "/proc/$1/stat")" -gt "$2" ]
}

# --- CPUs -------------------------------------------------------------------------------------------------------------

# A CPU goes and comes while the app runs on both, and while its threads are moved between them.
case_faults_cpu_unplugged() {
	local online=/sys/devices/system/cpu/cpu1/online allowed i

	[ -w "$online" ] || skip "no CPU can be unplugged here"
	trap 'echo 1 >/sys/devices/system/cpu/cpu1/online; case_end' EXIT # where no local variable is left
	faults_home
	allowed=$(grep '^Cpus_allowed:' /proc/self/status)
	app_at_home "$WORKLOADS/spin" 4 200 >/dev/null
	snapshot >before
	start "${IN[@]}" "$home" -- "$WORKLOADS/spin" 2 200 >/dev/null
	observe_start r --pid "$app" -d 9
	attached
	placed "$app"
	for i in 1 2 3; do
		echo 0 >"$online" || fail "the CPU does not go"
		sleep 1
		echo 1 >"$online" || fail "the CPU does not come back"
		sleep 0.5
	done
	echo 0 >"$online"
	observed r
	holds r '.thread_seconds.run <= 2.02 * .wall_seconds and .thread_seconds.run > 0.2 * .wall_seconds' \
		'[.wall_seconds, .thread_seconds]'
	holds r ".thread_seconds.run + .thread_seconds.runq > 3.6 * .wall_seconds" '[.wall_seconds, .thread_seconds]'
	all_restored r
	echo 1 >"$online"
	[ "$(grep -h '^Cpus_allowed:' "/proc/$app/task/"*/status | sort -u)" = "$allowed" ] ||
		fail "the app may not run where it might: $(grep -h '^Cpus_allowed:' "/proc/$app/task/"*/status)"
	is_in "$app" "$home" || fail "the app is not at home"
	nothing_left
}

# --- a fork bomb ------------------------------------------------------------------------------------------------------

# Each doubles itself until the file is there; most forks fail, and with them who forks, but for the first.
bomb_write() {
	trap 'touch calm; case_end' EXIT
	cat >bomb.sh <<-'END'
		bomb() {
			while [ ! -e calm ]; do
				bomb &
				bomb &
				wait
			done
		}
		bomb &
		until [ -e calm ]; do :; done
	END
}

bomb_is_full() {
	[ "$(cat "$group/pids.current")" -gt $(($(cat "$group/pids.max") - 5)) ]
}

bomb_end() {
	touch calm
	wait_for 60 grep -q '^populated 0' "$group/cgroup.events" || fail "the bomb does not end: $(cat "$group/pids.current")"
}

# The bomb is in a group with 200 processes at most, the agent is outside.
case_faults_fork_bomb() {
	local begin

	group_make pids
	group_set "$group" pids.max 200
	bomb_write
	start "${IN[@]}" "$group" -- sh bomb.sh 2>/dev/null
	app=$started
	wait_for 30 bomb_is_full || fail "only $(cat "$group/pids.current") processes"
	begin=$(cut -d' ' -f1 /proc/uptime)
	observe_start r --pid "$app" -d 3
	observed r
	awk -v begin="$begin" '{ exit !($1 - begin < 30) }' /proc/uptime || fail "it took from $begin to $(cat /proc/uptime)"
	[ "$(cat "$group/pids.current")" -le 200 ] || fail "it escaped its limit"
	# those that have ended and are not waited for are within the limit, too
	holds r '.app.processes >= 150 and .app.threads_peak >= 50 and .app.threads_peak <= 201' .app
	holds r 'all(.actions[]; .state == "refused" or (.restored and .knob != "cgroup.procs"))' .actions
	kill -0 "$app" || fail "the app did not survive"
	bomb_end
	nothing_left
}

# The agent starts the bomb, inside the limit: neither it nor its writers get another process.
case_faults_fork_bomb_inside() {
	group_make pids
	group_set "$group" pids.max 100
	bomb_write
	AGENT=("${IN[@]}" "$group" -- "${AGENT[@]}")
	observe_start r -d 8 -- sh bomb.sh
	wait_for 40 bomb_is_full || fail "only $(cat "$group/pids.current") processes"
	wait_for 40 test -s r || fail "no report"
	[ "$(cat "$group/pids.current")" -le 100 ] || fail "it escaped its limit"
	touch calm
	end_of "$observer"
	check_report r
	holds r '.app.processes >= 80 and .app.threads_peak >= 25 and .app.threads_peak <= 100' .app
	bomb_end
	nothing_left
}

# --- memory -----------------------------------------------------------------------------------------------------------

oom_kills() {
	awk '$1 == "oom_kill" { print $2 }' "$1/memory.events"
}

# The agent's own group has not enough memory, from the start, or suddenly while it acts: the kernel ends it there, or it
# gets along. The app is elsewhere.
case_faults_out_of_memory() {
	local app mib kills=0 outside=("${AGENT[@]}")

	faults_home
	app_at_home "$WORKLOADS/spin" 1 200 >/dev/null
	for mib in 1 16; do
		group_memory $((mib << 20))
		snapshot >before
		"${IN[@]}" "$group" -- "${AGENT[@]}" -q -o text --pid "$app" -d 0.5 >out 2>&1
		kills=$((kills + $(oom_kills "$group")))
		kill -0 "$app" || fail "$mib MiB: the app did not survive"
		restored "$mib MiB"
	done
	[ "$kills" -gt 0 ] || fail "1 MiB is enough: that tests nothing"
	group_make memory
	snapshot >before
	AGENT=("${IN[@]}" "$group" -- "${AGENT[@]}")
	observe_start r --pid "$app"
	attached
	placed "$app"
	echo 1 >"$group/memory.max"
	end_of "$observer"
	[ "$(oom_kills "$group")" -gt 0 ] || fail "the agent was not killed: exit status $status"
	is_placed "$app" && [ -n "$(journals)" ] || fail "nothing was left to restore: that tests nothing"
	kill -0 "$app" || fail "the app did not survive"
	AGENT=("${outside[@]}")
	restored "killed while it acted"
	is_in "$app" "$home" || fail "the app is not at home"
}

# --- groups -----------------------------------------------------------------------------------------------------------

# Somebody takes the app out of our group, and removes that, and then the home, too.
case_faults_group_removed() {
	local app elsewhere

	faults_home
	group_make cpu
	elsewhere=$group
	app_at_home "$WORKLOADS/spin" 1 200 >/dev/null
	observe_start r --pid "$app" -d 4
	attached
	placed "$app"
	echo "$app" >"$elsewhere/cgroup.procs"
	echo "$stranger" >"$elsewhere/cgroup.procs"
	rmdir "$ours" "$home" || fail "the groups cannot be removed"
	observed r
	is_in "$app" "$elsewhere" || fail "the app is not where it was put"
	holds r '.thread_seconds.run > 0.3' .thread_seconds
	nothing_left
	restored "after the run"
}

# --- disks ------------------------------------------------------------------------------------------------------------

# A disk of so many MiB that can break, with ext4 on it: disk_make NAME MIB FOLDER
disks=()
disk_make() {
	local sectors=$(($2 << 11))

	modprobe dm_mod && modprobe dm_flakey || skip "this kernel has no device mapper"
	truncate -s "$2M" "$1.img"
	loop=$(losetup -f --show "$1.img") || fail "no loop device"
	loops+=("$loop")
	trap 'case_end; disks_end' EXIT # where no local variable is left
	disks+=("$1 $loop $sectors $3")
	echo "0 $sectors linear $loop 0" | device_mapper create "$1" || fail "no device for $1"
	mkfs.ext4 -q "$(disk_node "$1")" || fail "no file system on $1"
	mkdir -p -m 700 "$3"
	mount "$(disk_node "$1")" "$3" || fail "$1 cannot be mounted"
	chmod 700 "$3"
}

# The kernel's own name for it: nobody here makes others.
disk_node() {
	grep -lx "$1" /sys/block/dm-*/dm/name | sed 's,/sys/block/\(dm-[0-9]*\)/.*,/dev/\1,'
}

# disk_becomes NAME TARGET: linear; flakey, which takes no writes; error
disk_becomes() {
	local disk

	for disk in "${disks[@]}"; do
		set -- "$1" "$2" $disk
		[ "$1" = "$3" ] || continue
		case $2 in
		linear) echo "0 $5 linear $4 0" ;;
		flakey) echo "0 $5 flakey $4 0 0 600 1 error_writes" ;;
		error) echo "0 $5 error" ;;
		esac >"table.$1"
		device_mapper suspend --nolockfs "$1" && device_mapper reload "$1" "table.$1" && device_mapper resume "$1" ||
			fail "$1 does not become $2"
	done
}

# The disk works again: mounted anew, as after the mending.
disk_mend() {
	local disk

	disk_becomes "$1" linear
	for disk in "${disks[@]}"; do
		set -- "$1" $disk
		[ "$1" = "$2" ] || continue
		umount "$5" || fail "$5 cannot be unmounted"
		e2fsck -fy "$(disk_node "$1")" >fsck 2>&1
		mount "$(disk_node "$1")" "$5" || fail "$1 cannot be mounted again"
	done
}

disks_end() {
	local disk

	for disk in "${disks[@]}"; do
		set -- $disk
		disk_becomes "$1" linear
		umount "$4"
		device_mapper remove "$1"
	done
}

# An app that reads a cold file and ends with 7: cold_run REPORT
cold_run() {
	[ -f "$WORK/cold.4" ] || cold_file 4
	chill "$WORK/cold.4"
	"${AGENT[@]}" -f json -o "$1" --without cpu,memory,io -- sh -c 'cat "$0" >copy; exit 7' "$WORK/cold.4" 2>"$1.err"
	status=$?
	[ "$status" -eq 7 ] || fail "$1: exit status $status: $(tail -n 2 "$1.err")"
	check_report "$1"
	cmp -s copy "$WORK/cold.4" || fail "$1: the app read something else"
}

# recording_failed REPORT ERROR...: one of these is said, in the report.
recording_failed() {
	local report=$1 error

	shift
	for error; do
		jq -e --arg error "$error" '.prefetch.recorded | .state == "failed" and .error == $error' "$report" >/dev/null &&
			return
	done
	fail "$report: not one of: $*, found $(num "$report" .prefetch.recorded)"
}

# What was recorded is of use, and nothing went wrong.
replayed_well() {
	holds "$1" '.prefetch | .replayed.state == "done" and .replayed.failed_bytes == 0 and .recorded.error == null' .prefetch
}

profile_is_good() {
	"$ACCEL_AGENT" profile list >list 2>&1 || fail "$1: profiles cannot be listed: $(cat list)"
	only_profile
	grep -q "$WORK/cold.4" profile || fail "$1: the profile is damaged"
}

# The disk of the profiles takes no writes, then nothing at all, then works again.
case_faults_profile_disk() {
	need fincore
	disk_make state 24 /var/lib/accel-agent
	cold_run first
	state_is first written
	sync
	disk_becomes state flakey
	cold_run flakey
	recording_failed flakey 'Input/output error' 'Read-only file system'
	echo 3 >/proc/sys/vm/drop_caches
	disk_becomes state error
	cold_run error
	recording_failed error 'Input/output error' 'Read-only file system'
	nothing_left "with a broken disk"
	disk_mend state
	profile_is_good "mended"
	[ "$(ls -A "$PROFILES" | wc -l)" -eq 1 ] || fail "left: $(ls -A "$PROFILES")"
	cold_run mended
	replayed_well mended
	nothing_left
}

# The disk of the journals is broken from the start: nothing is changed. It breaks while a change stands: that is undone.
case_faults_journal_disk() {
	local app

	disk_make journals 24 "$STATE"
	faults_home
	app_at_home "$WORKLOADS/spin" 4 200 >/dev/null
	start "${IN[@]}" "$home" -- "$WORKLOADS/spin" 2 200 >/dev/null
	snapshot >before
	observe_start r --pid "$app" -d 4
	attached
	placed "$app"
	disk_becomes journals error
	observed r
	is_in "$app" "$home" || fail "the app is not at home"
	[ -z "$(groups_of_ours)" ] || fail "groups are left: $(groups_of_ours)"
	as_before "broken meanwhile"
	echo 3 >/proc/sys/vm/drop_caches
	observe broken --pid "$app" -d 1
	holds broken 'all(.actions[]; .state == "refused")
		and (.actions == [] or any(.actions[]; .reason | contains("journal")))' .actions
	is_in "$app" "$home" || fail "the app was moved"
	as_before "broken before"
	disk_mend journals
	restored "mended"
	observe again --pid "$app" -d 1
	all_restored again
	nothing_left
}

# No room for journals, profiles and reports.
case_faults_state_full() {
	local app

	need fincore
	mkdir -p -m 700 "$STATE"
	trap 'case_end; umount "$STATE"; umount /var/lib/accel-agent' EXIT
	mount -t tmpfs -o mode=700,size=64k tmpfs /var/lib/accel-agent && mount -t tmpfs -o mode=700,size=64k tmpfs "$STATE" ||
		fail "no small disks"
	dd if=/dev/zero of="$STATE/filler" bs=4k status=none 2>/dev/null
	faults_home
	app_at_home "$WORKLOADS/spin" 4 200 >/dev/null
	start "${IN[@]}" "$home" -- "$WORKLOADS/spin" 2 200 >/dev/null
	snapshot >before
	observe r --pid "$app" -d 4
	holds r '[.actions[] | select(.knob == "cgroup.procs")] | length == 1 and all(.[]; .state == "refused"
		and (.reason | contains("the journal cannot be written: No space left on device")))' .actions
	as_before
	[ "$(ls -A "$STATE" | tr '\n' ' ')" = "expedite.lock filler " ] || fail "left: $(ls -A "$STATE" | tr '\n' ' ')"
	kill -KILL "$app"
	cold_run first
	state_is first written
	md5sum "$PROFILES"/* >sum
	dd if=/dev/zero of=/var/lib/accel-agent/filler bs=4k status=none 2>/dev/null
	cold_run full
	recording_failed full 'No space left on device'
	md5sum -c --quiet sum || fail "the earlier profile was changed"
	[ "$(ls -A "$PROFILES" | wc -l)" -eq 1 ] || fail "left: $(ls -A "$PROFILES" | tr '\n' ' ')"
	rm "$STATE/filler" /var/lib/accel-agent/filler
	cold_run room
	replayed_well room
	nothing_left
}

# The disk that the app reads stops answering, then fails, while it is followed: the agent does not wait with it.
case_faults_app_disk() {
	local app begin

	disk_make data 24 "$PWD/mnt"
	dd if=/dev/urandom of=mnt/file bs=1M count=8 status=none conv=fsync
	start sh -c 'while dd if="$0" of=/dev/null bs=64k iflag=direct status=none 2>err; do :; done; exit 5' mnt/file
	app=$started
	observe_start r --pid "$app" -d 3
	attached
	device_mapper suspend --nolockfs --noflush data || fail "the disk cannot be stopped"
	begin=$(cut -d' ' -f1 /proc/uptime)
	observed r
	awk -v begin="$begin" '{ exit !($1 - begin < 15) }' /proc/uptime || fail "the agent waited for the disk"
	device_mapper resume data
	holds r '.wall.disk > 1 and .bottlenecks[0].id == "disk-read"' '[.wall, .bottlenecks]'
	observe_start r2 --pid "$app"
	attached
	disk_becomes data error
	observed r2
	end_of "$app"
	[ "$status" -eq 5 ] || fail "exit status $status of the app"
	holds r2 '.app.processes >= 1 and .wall_seconds < 60' '[.app, .wall_seconds]'
	nothing_left
}

# --- killed -----------------------------------------------------------------------------------------------------------

# At one step of each kind of cases_act_steps.sh, other ones in each run: in v2 the agent also gives a group its
# controllers, and makes its own beside the app's. An agent below strace takes an emulated CPU ten seconds.
case_faults_killed_each_step() {
	local every=20 step_kinds=. step_waits='' step_seconds=0.2 turn allowed pid tracer agent tree app

	need strace
	v2_mount cpu >/dev/null || skip "cgroup v2 has no cpu controller here"
	shell_first
	group_make cpu
	ground=$group # without the controller for those below: the agent gives it to them
	arena=$ground/accel-test-arena
	mkdir "$arena" || fail "$arena cannot be made"
	groups=("$arena" "${groups[@]}")
	INSIDE=("${IN[@]}" "$arena" --)
	start "${INSIDE[@]}" sleep 900
	app=$started
	start "${INSIDE[@]}" sh -c 'sleep 900 & sleep 900 & wait'
	tree=$started
	wait_for 10 has_processes "$arena" 4 || fail "not all have started"
	step_begin
	for pid in $(cat "$arena/cgroup.procs"); do
		step_stays "$pid" "$arena"
	done
	cat >command.sh <<-'END'
		echo $$ >command
		sleep 900 &
		echo $! >>command
		wait
	END
	kill_each_step launch -- sh command.sh
	steps_has launch 25 "^write .*/journal-N" "^write $ground/cgroup.subtree_control\$" \
		"^mkdirat .*/accel-agent.N-0\$" "^write .*/accel-agent.N-0/cpu.weight\$" "^unlinkat .*/accel-agent.N-0\$"
	step_waits=1
	kill_each_step moved --pid "$tree"
	steps_has moved 25 "^write .*/accel-agent.N-0/cgroup.procs\$" "^write $arena/cgroup.procs\$"
	[ -s killed ] || fail "$(wc -l <missed) steps were not hit: $(cat missed)"
	as_before "at the end"
	nothing_left
}

has_processes() {
	[ "$(wc -l <"$1/cgroup.procs")" -eq "$2" ]
}

# --- crowds -----------------------------------------------------------------------------------------------------------

is_ready() {
	grep -q ready "$1"
}

# 10,000 processes that run already are found, moved to a group of ours, and back; 10,000 that start are followed.
case_faults_10000_processes() {
	[ "$(cat /proc/sys/kernel/threads-max)" -gt 12000 ] && [ "$(cat /proc/sys/kernel/pid_max)" -gt 12000 ] ||
		skip "this system allows fewer than 12,000 processes"
	AGENT=(env --default-signal=INT,QUIT timeout -k 5 280 "$ACCEL_AGENT") # a slow machine is long at it
	faults_home
	observe_start r1 --without cpu -- "${IN[@]}" "$home" -- "$WORKLOADS/crowd" 10000 end
	started_first=$observer
	wait_for 200 is_ready r1.out || fail "the crowd could not be started: $(tail -n 1 r1.err)"
	app=$(pgrep -o -x crowd)
	snapshot >before
	observe_start r2 --pid "$app" -d 2
	observed r2
	holds r2 '.app.processes == 10001 and .app.threads_peak == 10001 and .agent.max_rss_kib < 100000' '[.app, .agent]'
	holds r2 '.actions | any(.knob == "cgroup.procs" and .state == "kept" and .restored)' .actions
	has_processes "$home" 10002 || fail "at home: $(wc -l <"$home/cgroup.procs") of 10002"
	as_before
	touch end
	observer=$started_first
	observed r1
	holds r1 '.app.processes == 10001 and .app.threads_peak == 10001 and .agent.max_rss_kib < 100000' '[.app, .agent]'
	nothing_left
}
