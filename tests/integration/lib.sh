# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
# What the cases share: verdicts, processes, cgroups, reports. Sourced by run. A case runs in a subshell, in its own
# folder.

# --- verdicts -----------------------------------------------------------------------------------------------------------

fail() {
	echo "$*" >&3
	exit 1
}

skip() {
	echo "$*" >&3
	exit 77
}

need() {
	local tool

	for tool; do
		command -v "$tool" >/dev/null || skip "$tool is not installed"
	done
}

# --- processes ----------------------------------------------------------------------------------------------------------

# The background ignores SIGINT in a shell script: give the agent the signals a terminal would give it.
AGENT=(env --default-signal=INT,QUIT timeout -k 5 "${AGENT_SECONDS:-90}" "$ACCEL_AGENT")
NCPU=$(nproc)

# Starts a command in the background; its pid is in $started. case_end ends it.
start() {
	"$@" &
	started=$!
}

# Sets $agent to the process below timeout, once it runs the agent.
agent_pid() {
	local child='' i

	for ((i = 0; i < 100; i++)); do
		child=$(cat "/proc/$1/task/$1/children" 2>/dev/null) || child=''
		child=${child%% *}
		[ -n "$child" ] && [ "$(readlink "/proc/$child/exe")" = "$ACCEL_AGENT" ] && break
		child=''
		sleep 0.05
	done
	[ -n "$child" ] || fail "the agent did not start"
	agent=$child
}

# wait_for SECONDS COMMAND...: until the command succeeds.
wait_for() {
	local i n=$(($1 * POLLS))

	shift
	for ((i = 0; i < n; i++)); do
		"$@" >/dev/null 2>&1 && return 0
		sleep "$((1000 / POLLS))e-3"
	done
	return 1
}

# Looks a second: on an emulated CPU each takes the others their time.
POLLS=$((TOLERANCE > 1 ? 5 : 20))

# child_runs PID NAME: whether a child of the process has this name. Starts no program: it would hardly get a turn beside a
# storm of them.
child_runs() {
	local children child name

	read -r -a children <"/proc/$1/task/$1/children"
	for child in "${children[@]}"; do
		read -r name <"/proc/$child/comm" && [ "$name" = "$2" ] && return 0
	done
	return 1
}

# Share of all CPUs that was busy during a quarter of a second, in percent.
busy_percent() {
	awk 'NR == 1 { for (i = 2; i <= 9; i++) all += $i; idle = $5 + $6; printf "%d %d\n", all, idle }' /proc/stat >cpu.1
	sleep 0.25
	awk 'NR == 1 { for (i = 2; i <= 9; i++) all += $i; idle = $5 + $6; printf "%d %d\n", all, idle }' /proc/stat |
		paste cpu.1 - | awk '{ print ($3 > $1 ? int(100 - ($4 - $2) * 100 / ($3 - $1)) : 100) }'
}

# For cases that need the CPUs for themselves: what others do to them, the report would rightly say. Waits for a quiet
# moment; QUIET_PERCENT=100 where nobody else is, and the look alone takes an emulated CPU a quarter of its time.
quiet_machine() {
	local i busy=100

	[ "${QUIET_PERCENT:-10}" -lt 100 ] || return 0
	for ((i = 0; i < 4 * ${QUIET_SECONDS:-30}; i++)); do
		busy=$(busy_percent)
		[ "$busy" -lt "${QUIET_PERCENT:-10}" ] && return 0
	done
	skip "the machine is not quiet: others keep $busy % of its CPUs busy"
}

# Waits for a process that start started; its exit status is in $status.
end_of() {
	wait "$1"
	status=$?
}

# Groups, mounts, mapped and loop devices and processes that this case made; only these are touched.
groups=()
mounts=()
mapped=()
loops=()

case_end() {
	local pid group name loop i

	for pid in $(jobs -p); do
		kill -TERM "$pid" 2>/dev/null
	done
	wait 2>/dev/null
	for group in "${groups[@]}"; do
		group_remove "$group"
	done
	for ((i = ${#mounts[@]} - 1; i >= 0; i--)); do
		mountpoint -q "${mounts[i]}" && umount "${mounts[i]}"
	done
	for name in "${mapped[@]}"; do
		device_mapper remove "$name"
	done
	for loop in "${loops[@]}"; do
		losetup -d "$loop"
	done
}

# --- cgroups ------------------------------------------------------------------------------------------------------------

# Mount point of a v1 controller. Fails where there is none.
v1_mount() {
	awk -v want="$1" '{
		for (i = 7; $i != "-"; i++)
			;
		n = split($(i + 3), option, ",")
		for (k = 1; k <= n; k++)
			if ($(i + 1) == "cgroup" && option[k] == want && !found++)
				print $5
	} END { exit !found }' /proc/self/mountinfo
}

# Mount point of cgroup v2, if its root has the controller ("" asks for none). Fails where it has not.
v2_mount() {
	local mount

	mount=$(awk '{ for (i = 7; $i != "-"; i++); if ($(i + 1) == "cgroup2" && !found++) print $5 } END { exit !found }' \
		/proc/self/mountinfo) || return 1
	[ -z "$1" ] || grep -qw "$1" "$mount/cgroup.subtree_control" || return 1
	echo "$mount"
}

# group_make CONTROLLER: makes a group; its path is in $group, its version in $version.
group_make() {
	local mount

	version=1
	if ! mount=$(v1_mount "$1"); then
		version=2
		mount=$(v2_mount "$1") || skip "no cgroup hierarchy with $1"
	fi
	group_make_at "$mount"
}

group_make_at() {
	group=$1/accel-test-$ACCEL_TEST_RUN-$((++group_count))
	mkdir "$group" || skip "$1: no group can be made there"
	groups+=("$group")
}
group_count=0

# With what was made in it: an agent that a failed case leaves behind leaves its groups.
group_remove() {
	local pid i

	[ -d "$1" ] || return 0
	for ((i = 0; i < 40; i++)); do
		for pid in $(find "$1" -name cgroup.procs -exec cat {} +); do
			kill -KILL "$pid" 2>/dev/null
		done
		find "$1" -mindepth 1 -depth -type d -exec rmdir {} + 2>/dev/null
		rmdir "$1" 2>/dev/null && return 0
		sleep 0.05
	done
	return 1
}

group_set() {
	echo "$3" >"$1/$2" || skip "$1/$2 cannot be set"
}

# A group with so many permille of a CPU: group_quota PERMILLE
group_quota() {
	group_make cpu
	if [ "$version" -eq 1 ]; then
		group_set "$group" cpu.cfs_period_us 100000
		group_set "$group" cpu.cfs_quota_us $(($1 * 100))
	else
		group_set "$group" cpu.max "$(($1 * 100)) 100000"
	fi
}

# A group with so many bytes of memory: group_memory BYTES
group_memory() {
	group_make memory
	[ "$version" -eq 1 ] && group_set "$group" memory.limit_in_bytes "$1"
	[ "$version" -eq 2 ] && group_set "$group" memory.max "$1"
}

# A group for which the disk below $WORK does so many reads a second, or any group where the kernel cannot do that: the
# cause then shows less clearly, on a fast disk. group_slow_disk READS
group_slow_disk() {
	local dev parent

	dev=$(stat -c '%Hd:%Ld' "$WORK")
	parent=$(readlink -f "/sys/dev/block/$dev/..")
	[ -f "/sys/dev/block/$dev/partition" ] && dev=$(cat "$parent/dev")
	if v1_mount blkio >/dev/null; then
		group_make blkio
		echo "$dev $1" >"$group/blkio.throttle.read_iops_device"
	elif v2_mount io >/dev/null; then
		group_make io
		echo "$dev riops=$1" >"$group/io.max"
	else
		group_make cpu
	fi
}

# Both: what is limited in memory waits for a disk of so many reads a second. In cgroup v2 a process is in one group
# only. group_thrash READS BYTES: the groups are $disk and $group
group_thrash() {
	group_slow_disk "$1"
	disk=$group
	if [ -f "$disk/memory.max" ]; then
		group_set "$disk" memory.max "$2"
	else
		group_memory "$2"
	fi
}

# "${IN[@]}" GROUP... -- COMMAND...: runs the command inside these groups.
IN=(sh -c 'while [ "$1" != -- ]; do echo $$ >"$1/cgroup.procs" || exit 99; shift; done; shift; exec "$@"' sh)

# --- files --------------------------------------------------------------------------------------------------------------

# A file of so many MiB that holds no zeroes, for all cases: cold_file MIB; its path is in $cold.
cold_file() {
	cold=$WORK/cold.$1
	if [ ! -f "$cold" ]; then
		dd if=/dev/urandom of="$cold.new" bs=1M count="$1" status=none conv=fsync || fail "no room for $cold"
		mv "$cold.new" "$cold"
	fi
}

# A loop device over a new file of so many MiB, which nobody else uses: its path is in $loop.
loop_device() {
	dd if=/dev/urandom of=disk.img bs=1M count="$1" status=none conv=fsync || fail "no room for disk.img"
	loop_over disk.img
}

loop_over() {
	loop=$(losetup -f --show "$1") || skip "no loop device can be made"
	loops+=("$loop")
}

# dmsetup, where there may be no udev to wait for.
device_mapper() {
	dmsetup --noudevsync --noudevrules "$@"
}

# A device of what the table on stdin says: mapped_device NAME; its path is in $mapping.
mapped_device() {
	modprobe dm_mod 2>/dev/null
	device_mapper create "$1" || fail "no device can be mapped: $(tail -n 1 log)"
	mapped+=("$1")
	mapping=/dev/$(dmsetup info -c --noheadings -o blkdevname "$1")
}

# The same device, of another table.
remap_device() {
	device_mapper suspend "$1" && device_mapper reload "$1" && device_mapper resume "$1" || fail "$1: $(tail -n 1 log)"
}

# --- reports ------------------------------------------------------------------------------------------------------------

# One line each of what is wrong in a file of one or more reports.
report_problems() {
	jq -r -s -f "$here/report.jq" "$1" 2>&1 | head -n 3
}

# Every report of every case comes through here: identity of the ledger, schema.
check_report() {
	local problems

	[ -s "$1" ] || fail "$1: no report; stderr: $(tail -n 2 "$1.err" 2>/dev/null)"
	problems=$(report_problems "$1")
	[ -z "$problems" ] || fail "$1: $problems"
}

# observe REPORT ARGUMENT...: one run of the agent; its stderr is in REPORT.err, the command's stdout in REPORT.out.
observe() {
	local report=$1

	shift
	"${AGENT[@]}" -f json -o "$report" "$@" >"$report.out" 2>"$report.err"
	status=$?
	[ "$status" -eq 0 ] || fail "exit status $status; stderr: $(tail -n 2 "$report.err")"
	check_report "$report"
}

# The same in the background: pid of timeout in $started. Finish with observed REPORT.
observe_start() {
	local report=$1

	shift
	start "${AGENT[@]}" -v -f json -o "$report" "$@" >"$report.out" 2>"$report.err"
	observer=$started
	observed_report=$report
}

observed() {
	end_of "$observer"
	[ "$status" -eq 0 ] || fail "exit status $status; stderr: $(tail -n 2 "$1.err")"
	check_report "$1"
}

# Until the agent that observe_start started has marked what runs, and waits for its app or follows it. Its pid is in
# $agent.
attached() {
	agent_pid "$observer"
	wait_for "${ATTACH_SECONDS:-40}" marked_or_over
	grep -q 'threads marked' "$observed_report.err" ||
		fail "the agent does not attach: $(tail -n 2 "$observed_report.err")"
}

marked_or_over() {
	grep -q 'threads marked' "$observed_report.err" || ! kill -0 "$observer"
}

# A number from a report: num REPORT JQ
num() {
	jq -r "$2" "$1"
}

# holds REPORT JQ-CONDITION [SHOWN]: fails with the condition, and what SHOWN evaluates to.
holds() {
	jq -e "$2" "$1" >/dev/null || fail "not true: $2; found $(jq -c "${3:-.wall}" "$1")"
}

ranking() {
	jq -r '[.bottlenecks[] | "\(.id) \(.impact_percent | floor)%"] | join(", ")' "$1"
}

# The largest bottleneck is ID. An emulated CPU takes many times as long for the same work, while disks and timers do not:
# there what the CPUs need may come before it, if it is a sixth of the time or more.
first_is() {
	jq -e --arg id "$2" --argjson emulated "$((TOLERANCE > 1))" '[.bottlenecks[] | select(.id == $id
			or $emulated == 0 or (.id | IN("serial", "cpu-bound", "cpu-oversubscribed") | not))][0]
		| .id == $id and ($emulated == 0 or .impact_percent > 16)' "$1" >/dev/null ||
		fail "expected $2 first, found: $(ranking "$1")"
}

# share_is REPORT ID PERCENT POINTS: the impact of ID is within so many points (times the tolerance).
share_is() {
	jq -e --arg id "$2" --argjson want "$3" --argjson points "$(($4 * TOLERANCE))" \
		'([.bottlenecks[] | select(.id == $id) | .impact_percent] | add) as $p | $p != null and ($p - $want | fabs) <= $points' \
		"$1" >/dev/null || fail "expected $2 at $3 +- $(($4 * TOLERANCE)) points, found: $(ranking "$1")"
}

# near FOUND WANTED PERCENT WHAT [SLACK]: equal within so many percent, or within the absolute slack (times the tolerance).
near() {
	awk -v a="$1" -v b="$2" -v p="$(($3 * TOLERANCE))" -v s="${5:-0}" -v t="$TOLERANCE" \
		'BEGIN { d = a - b; if (d < 0) d = -d; exit !(a != "null" && (d <= b * p / 100 || d <= s * t)) }' ||
		fail "$4: found $1, the truth is $2 (allowed: $(($3 * TOLERANCE)) %)"
}

# Value of KEY=VALUE in the output of a workload.
truth() {
	grep -o "\b$2=[0-9.]*" "$1" | tail -n 1 | cut -d= -f2
}

# Numbers of all loaded BPF programs, and the processes that hold them.
note_programs() {
	bpftool -j prog show 2>/dev/null | jq -c '.[] | {id, name, held: ((.pids // []) | length)}'
}
