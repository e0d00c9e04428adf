# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
# The right cause first: one workload for each bottleneck, and mixes whose shares are known. Meant for REPEAT=20.

case_cause_neighbours() {
	quiet_machine
	start "$WORKLOADS/spin" $((NCPU * 3)) 60 >/dev/null
	sleep 0.2
	observe r -- "$WORKLOADS/spin" 1 1.5
	first_is r cpu-neighbour
}

case_cause_neighbours_parallel() {
	quiet_machine
	start "$WORKLOADS/spin" $((NCPU * 3)) 60 >/dev/null
	sleep 0.2
	observe r -- "$WORKLOADS/spin" "$NCPU" 1.5
	first_is r cpu-neighbour
}

case_cause_oversubscribed() {
	quiet_machine
	observe r -- "$WORKLOADS/spin" $((NCPU * 4)) 1.5
	first_is r cpu-oversubscribed
}

# Its threads may use one CPU of those that the app has, and wait there for each other while others are idle.
case_cause_pinned() {
	[ "$NCPU" -gt 1 ] || skip "one CPU"
	quiet_machine
	observe r -- sh -c 'taskset -c 0 "$1" 4 1.5; :' sh "$WORKLOADS/spin"
	first_is r cpu-oversubscribed
	holds r '.wall_parts | .pinned > 0.8 and .neighbour < 0.1' .wall_parts
	holds r '.bottlenecks[0].suggestion | contains("pinned")' '.bottlenecks[0]'
}

# pinned_beside THREADS: one thread of the app waits for so many of others, who are pinned there as well.
pinned_beside() {
	[ "$NCPU" -gt 1 ] || skip "one CPU"
	quiet_machine
	start taskset -c 0 "$WORKLOADS/spin" "$1" 60 >/dev/null
	sleep 0.2
	observe r -- sh -c 'taskset -c 0 "$1" 1 2; :' sh "$WORKLOADS/spin"
	first_is r cpu-neighbour
	holds r '.wall_parts | .pinned != null and .neighbour > 0.8 and .neighbour > 8 * .pinned' .wall_parts
}

case_cause_pinned_neighbours() {
	pinned_beside 3
}

# So many that each of them has the CPU for a small part of its wait only.
case_cause_pinned_crowd() {
	pinned_beside 16
}

# Agent and app together in the limited group, as in a container.
case_cause_quota() {
	quiet_machine
	group_quota 500
	"${IN[@]}" "$group" -- "${AGENT[@]}" -f json -o r -- "$WORKLOADS/spin" 2 2 >r.out 2>r.err
	status=$?
	[ "$status" -eq 0 ] || fail "exit status $status; stderr: $(tail -n 2 r.err)"
	check_report r
	first_is r cpu-quota
}

case_cause_quota_of_running_app() {
	quiet_machine
	group_quota 500
	start "${IN[@]}" "$group" -- "$WORKLOADS/spin" 2 60 >/dev/null
	sleep 0.3
	observe r --pid "$started" -d 1.5
	first_is r cpu-quota
}

case_cause_cold_reads() {
	quiet_machine
	cold_file 128
	group_slow_disk 1500
	observe r -- "${IN[@]}" "$group" -- "$WORKLOADS/coldread" "$cold" 1.5
	first_is r disk-read
}

case_cause_cold_mmap() {
	quiet_machine
	cold_file 128
	group_slow_disk 1500
	observe r -- "${IN[@]}" "$group" -- "$WORKLOADS/coldmmap" "$cold" 1.5
	first_is r page-fault
}

case_cause_fsync() {
	quiet_machine
	mkdir dir
	observe r -- "$WORKLOADS/fsyncwrite" dir 1.5
	first_is r disk-write
}

refaulted_pages() {
	awk '$1 == "workingset_refault_file" { print $2 }' /proc/vmstat
}

refaulted_since() {
	[ "$(refaulted_pages)" -gt "$1" ]
}

# The app runs for a while before it is looked at: its first reads of the file are cold.
case_cause_memory_limit() {
	local disk before

	quiet_machine
	# all of it has to be read once before something is needed again: an emulated CPU takes its time for that
	cold_file $((TOLERANCE > 1 ? 8 : 24))
	group_thrash $((5000 / TOLERANCE)) $((TOLERANCE > 1 ? 7 << 20 : 21 << 20))
	start "${IN[@]}" "$disk" "$group" -- "$WORKLOADS/memthrash" "$cold" 60 >/dev/null
	before=$(refaulted_pages)
	wait_for 90 refaulted_since $((before + 1000 * TOLERANCE)) || fail "no page was missed: $(refaulted_pages) after $before"
	observe r --pid "$started" -d 3
	first_is r memory-reclaim
}

case_cause_lock_directory() {
	quiet_machine
	mkdir dir
	observe r -- "$WORKLOADS/dirlock" dir 32 1.5
	first_is r lock
}

case_cause_lock_mmap() {
	quiet_machine
	# an emulated CPU needs some seconds for the first touch of all pages alone
	observe r -- "$WORKLOADS/mmaplock" 16 $((TOLERANCE * 2))
	first_is r lock
}

case_cause_serial() {
	quiet_machine
	[ "$NCPU" -gt 1 ] || skip "one CPU: nothing is serial"
	observe r -- "$WORKLOADS/serial" 1.5
	first_is r serial
	holds r '.bottlenecks[0].evidence | test("serial")' .bottlenecks[0].evidence
}

# The peer is no child of the agent and no part of the app.
case_cause_socket() {
	quiet_machine
	start "$WORKLOADS/sockpeer" "$PWD/socket" 5
	wait_for 5 test -S socket || fail "no socket"
	observe r -- "$WORKLOADS/sockwait" "$PWD/socket" 1.5
	first_is r waiting
	holds r '[.bottlenecks[] | select(.id == "waiting") | .evidence | test("socket")] == [true]' .bottlenecks
}

case_cause_cpu() {
	quiet_machine
	observe r -- "$WORKLOADS/spin" "$NCPU" 1.5
	first_is r cpu-bound
	holds r '.bottlenecks[0].suggestion | test("nothing to tune")' .bottlenecks[0].suggestion
}

# mix KIND TARGET ID: half of the time one thread computes, half of the time it waits. The workload measures what came
# out.
mix_halves() {
	local wait cpu

	[ "$NCPU" -gt 1 ] || skip "one CPU: what computes alone is not serial"
	observe r -- "${IN[@]}" ${group:-} -- "$WORKLOADS/mix" "$1" "$2" 2
	wait=$(truth r.out wait) cpu=$(truth r.out cpu)
	share_is r "$3" "$(awk "BEGIN { print $wait * 100 }")" 10
	share_is r serial "$(awk "BEGIN { print $cpu * 100 }")" 10
}

case_cause_mix_read() {
	quiet_machine
	cold_file 128
	group_slow_disk 3000
	mix_halves read "$cold" disk-read
}

case_cause_mix_fault() {
	quiet_machine
	cold_file 128
	group_slow_disk 3000
	mix_halves fault "$cold" page-fault
}

case_cause_mix_fsync() {
	quiet_machine
	mkdir dir
	mix_halves fsync "$PWD/dir" disk-write
}

case_cause_mix_timer() {
	quiet_machine
	mix_halves timer - waiting
}

case_cause_mix_socket() {
	quiet_machine
	start "$WORKLOADS/sockpeer" "$PWD/socket" 5
	wait_for 5 test -S socket || fail "no socket"
	mix_halves socket "$PWD/socket" waiting
}

# First all CPUs compute, then one does for as long: half cpu-bound, half serial.
case_cause_mix_serial_step() {
	quiet_machine
	[ "$NCPU" -gt 1 ] || skip "one CPU: nothing is serial"
	observe r -- sh -c '"$1" "$2" 1; "$1" 1 1' sh "$WORKLOADS/spin" "$NCPU"
	share_is r cpu-bound 50 10
	share_is r serial 50 10
}
