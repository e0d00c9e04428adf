# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
# What kernels and containers withhold from the agent: it does with what there is and says by name what is missing, or
# ends with one line that does.

# COVERED PATH FILE... COMMAND: the command sees FILE (or nothing, if it is "empty") at PATH.
COVERED=(unshare -m --propagation private sh -c '
	case $2 in
	empty) mount -t tmpfs tmpfs "$1" ;;
	*) mount --bind "$2" "$1" ;;
	esac || exit 99
	shift 2
	exec "$@"' sh)

# doctor_says STATUS REGEX...: its exit status, and lines of its output.
doctor_says() {
	local want=$1 line

	shift
	"${AGENT[@]}" doctor >doctor.out 2>doctor.err
	status=$?
	[ "$status" -eq "$want" ] || fail "doctor: exit status $status instead of $want: $(tail -n 2 doctor.out doctor.err)"
	for line; do
		grep -Eq -- "$line" doctor.out || fail "doctor: no line '$line', but $(grep -E 'missing|unknown' doctor.out)"
	done
}

# following_refused STATUS WORD: whatever is to be followed, one line names WORD; a command is not even started.
following_refused() {
	refused "$1" "$2" --app no-such-app
	refused "$1" "$2" -- touch started
	[ ! -e started ] || fail "the command was started"
}

# ran REPORT SECONDS: threads that spin for so long by the clock run or wait for a CPU all the time, and the dynamic
# linker before them. (The CPU time that an emulated kernel accounts for falls behind where it is kept from its ticks.)
ran() {
	holds "$1" "[.thread_seconds | .run, .runq] | add | . > $2 * 0.98 and . < $2 + 2" .thread_seconds
}

before() {
	snapshot >before
}

as_it_was() {
	local found

	wait_for 10 no_agent_runs || fail "processes left behind: $(marked_processes)"
	wait_for 10 no_leftover_programs || fail "programs left behind: $(leftover_programs)"
	snapshot | diff before - >difference || fail "not as it was: $(head -n 4 difference)"
	found=$(ls -A /run/accel-agent 2>/dev/null | grep -v '\.lock$')
	[ -z "$found" ] || fail "notes left behind: $found"
}

# --- kernels ------------------------------------------------------------------------------------------------------------

case_confined_no_btf() {
	before
	AGENT=("${COVERED[@]}" /sys/kernel/btf empty "${AGENT[@]}")
	following_refused 3 CONFIG_DEBUG_INFO_BTF=y
	doctor_says 3 '^  BTF +missing .*needs CONFIG_DEBUG_INFO_BTF=y' '^Apps cannot be followed. Missing: BTF$'
	warm 0 "$WORKLOADS/spin" # which needs none of this
	as_it_was
}

# A kernel that does not know ring buffers, or does not trace its scheduler, by what its BTF says.
case_confined_too_old() {
	local usual=("${AGENT[@]}")

	before
	sed 's/BPF_MAP_TYPE_RINGBUF/BPF_MAP_TYPE_RINGBUX/' /sys/kernel/btf/vmlinux >no-rings
	AGENT=("${COVERED[@]}" /sys/kernel/btf/vmlinux no-rings "${usual[@]}")
	following_refused 3 "Linux 5.8"
	doctor_says 3 '^  ring buffers +missing .*Linux 5\.8' '^Apps cannot be followed. Missing: ring buffers$'
	sed 's/btf_trace_sched_switch/btf_trace_sched_swatch/' /sys/kernel/btf/vmlinux >no-switch
	AGENT=("${COVERED[@]}" /sys/kernel/btf/vmlinux no-switch "${usual[@]}")
	following_refused 3 CONFIG_TRACEPOINTS=y
	as_it_was
}

# Nobody can take it back: nothing that traces runs on this machine afterwards.
case_confined_lockdown() {
	local file=/sys/kernel/security/lockdown usual=("${AGENT[@]}")

	[ -e $file ] || skip "this kernel has no lockdown"
	before
	echo integrity >$file || fail "$file cannot be set: $(cat $file)"
	observe r -- "$WORKLOADS/spin" 1 0.5
	ran r 0.5
	doctor_says 0 '^  lockdown +ok +integrity: does not forbid tracing' '^  load +ok '
	echo confidentiality >$file || fail "$file cannot be set: $(cat $file)"
	following_refused 3 lockdown=integrity
	doctor_says 3 '^  lockdown +missing +confidentiality' '^  kernel memory +missing .*lockdown=confidentiality' \
		'^Apps cannot be followed. Missing: lockdown, kernel memory$'
	# as in a container, where the kernel's own word for it is not to be read
	AGENT=("${COVERED[@]}" /sys/kernel/security empty "${usual[@]}")
	following_refused 3 lockdown=integrity
	doctor_says 3 '^  lockdown +unknown ' '^  kernel memory +missing .*lockdown=confidentiality'
	warm 0 "$WORKLOADS/spin"
	as_it_was
}

# --- io_uring -----------------------------------------------------------------------------------------------------------

# Containers mostly have no io_uring: warming and replaying lose no word about it but who read instead.
case_confined_io_uring() {
	local i setting=/proc/sys/kernel/io_uring_disabled steps=(s:50) usual=("${AGENT[@]}")

	AGENT=("$WORKLOADS/forbid" io_uring "${AGENT[@]}")
	make_tree 2 4 64
	warm 0 -f json tree
	[ ! -s err ] || fail "stderr: $(cat err)"
	missing_is 0 tree
	summary '.read.files == 8 and .errors == 0 and .backend == "threads (io_uring: Operation not permitted)"'
	for ((i = 0; i < 4; i++)); do
		file_of 64 "f$i"
		steps+=("r:f$i:0:64" s:50)
	done
	record r1 "${steps[@]}"
	chill f?
	replay r2 "$WORKLOADS/steps" "${steps[@]}"
	replayed r2 '.state == "done" and .stopped == "done" and .failed_bytes == 0 and .bytes >= 4 * 64 * 4096'
	replayed r2 '.coverage >= 0.8'
	replayed r2 '.engine == "threads (io_uring: Operation not permitted)"'
	! grep . r1.err r2.err || fail "stderr: $(cat r1.err r2.err)"
	[ -e $setting ] || return 0 # Linux 6.6 has it
	AGENT=("${usual[@]}")
	trap 'echo 0 >/proc/sys/kernel/io_uring_disabled; case_end' EXIT
	echo 2 >$setting
	doctor_says 0 '^  io_uring +missing .*which threads do instead: needs sysctl kernel.io_uring_disabled=0'
}

# --- rights -------------------------------------------------------------------------------------------------------------

# with_capabilities +NAME,...: the agent is nobody, with these only.
with_capabilities() {
	AGENT=(setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set "-all,$1" --inh-caps "-all,$1"
		--ambient-caps "-all,$1" "${usual[@]}")
}

# Two capabilities are what following takes, and on kernels that count the memory of BPF as locked a third one; each of
# them is missed by its name.
case_confined_capabilities() {
	local usual=("${AGENT[@]}") enough=+bpf,+perfmon

	before
	with_capabilities +bpf
	following_refused 4 "tracing needs CAP_PERFMON (or CAP_SYS_ADMIN)"
	with_capabilities +perfmon
	following_refused 4 "tracing needs CAP_BPF (or CAP_SYS_ADMIN)"
	doctor_says 4 '^  CAP_BPF +missing ' '^  CAP_PERFMON +ok ' '^Apps cannot be followed: not permitted. Missing: CAP_BPF$'
	if grep -q bpf_map_memory /sys/kernel/btf/vmlinux; then
		with_capabilities $enough
		following_refused 4 CAP_SYS_RESOURCE
		doctor_says 4 '^  load +missing .*CAP_SYS_RESOURCE'
		enough+=,+sys_resource
	fi
	with_capabilities $enough
	"${AGENT[@]}" -f json -- "$WORKLOADS/spin" 1 0.5 2>r.err >r.both || fail "exit status $?: $(cat r.err)"
	grep -v '^cpu=' r.both >r # the command has the same stdout
	check_report r
	ran r 0.5
	holds r 'all(.actions[]; .state == "refused")' .actions
	doctor_says 0 '^  CAP_BPF +ok ' '^  CAP_PERFMON +ok ' '^  load +ok ' '^  /run +missing .*needs root'
	as_it_was
}

case_confined_seccomp_bpf() {
	AGENT=("$WORKLOADS/forbid" bpf "${AGENT[@]}")
	following_refused 4 seccomp
	doctor_says 4 '^  load +missing .*seccomp' '^Apps cannot be followed: not permitted. Missing: load$'
}

# --- containers ---------------------------------------------------------------------------------------------------------

# What Docker gives, and what following takes.
CONTAINER_CAPABILITIES=-all,+chown,+dac_override,+fowner,+fsetid,+kill,+setgid,+setuid,+setpcap,+net_bind_service
CONTAINER_CAPABILITIES+=,+net_raw,+sys_chroot,+mknod,+audit_write,+setfcap,+bpf,+perfmon,+sys_ptrace

# As root in new mount and cgroup namespaces: what a container sees, in which nobody may mount anything.
ENTER=(sh -c '
	set -e
	capabilities=$1 forbid=$2
	shift 2
	mount -t proc proc /proc
	umount /sys/kernel/security /sys/kernel/tracing /sys/kernel/debug 2>/dev/null || :
	umount /sys/fs/cgroup
	mount -t cgroup2 -o ro cgroup2 /sys/fs/cgroup
	mount -o remount,bind,ro /sys
	mkdir -p -m 700 /run/accel-agent
	mount -t tmpfs -o mode=700 tmpfs /run/accel-agent
	mount -t tmpfs -o mode=700 tmpfs /var/lib/accel-agent
	exec setpriv --bounding-set "$capabilities" --inh-caps "$capabilities" "$forbid" io_uring "$@"
	' sh "$CONTAINER_CAPABILITIES" "$WORKLOADS/forbid")

# container COMMAND...: sets CONTAINER, in front of a command that is to be process 1 of one; its group is $group.
container() {
	[ -n "$(v2_mount cpu)" ] || skip "the containers here are those of cgroup v2"
	group_make cpu
	CONTAINER=("${IN[@]}" "$group" -- unshare --pid --fork --kill-child --mount --cgroup --propagation private
		"${ENTER[@]}")
}

# Without task storage (Linux 5.13 has it) threads are known by their pids in the first pid namespace only.
knows_first_pids_only() {
	! grep -q BPF_MAP_TYPE_TASK_STORAGE /sys/kernel/btf/vmlinux
}

# What the report says where nothing may be changed: each change that it would make, and why it did not.
all_refused() {
	holds "$1" '[.actions[].state] | length > 0 and all(. == "refused")' .actions
}

# compete_with PID TEXT: once the agent has said TEXT, others want the CPUs, until PID has ended, with status 0.
compete_with() {
	wait_for 60 grep -q "$2" r.err || fail "the agent does not start: $(tail -n 2 r.err)"
	start "$WORKLOADS/spin" "$NCPU" 100 >/dev/null
	end_of "$1"
	kill "$started"
	[ "$status" -eq 0 ] || fail "exit status $status: $(tail -n 2 r.err)"
	check_report r
}

# The agent is process 1 and starts the app, with which others compete for the CPUs.
case_confined_container_launch() {
	container
	before
	if knows_first_pids_only; then
		AGENT=("${CONTAINER[@]}" "$ACCEL_AGENT")
		following_refused 3 "Linux 5.13"
		doctor_says 3 '^  task storage +missing .*first pid namespace' '^Apps cannot be followed. Missing: task storage$'
		as_it_was
		return 0
	fi
	start timeout -s KILL 100 "${CONTAINER[@]}" "$ACCEL_AGENT" -v -f json -o "$PWD/r" -- "$WORKLOADS/spin" "$NCPU" 2 \
		>r.out 2>r.err
	compete_with "$started" 'loaded and attached'
	ran r $((2 * NCPU))
	first_is r cpu-neighbour
	holds r '.app.processes == 1 and .agent.lost_events == 0' '[.app, .agent]'
	all_refused r
	holds r 'any(.actions[]; .reason | contains("read-only"))' .actions
	as_it_was
}

# Process 1 of the container that container_start started, and so all that is in it; unshare itself heeds no SIGTERM.
container_stop() {
	local pid

	for pid in $(cat "/proc/$container/task/$container/children"); do
		kill -KILL "$pid"
	done
}

# container_start COMMAND...: in the background, once it has written "pid"; $holder is its process 1.
container_start() {
	container
	start "${CONTAINER[@]}" "$@"
	container=$started
	trap 'container_stop; case_end' EXIT
	wait_for 20 test -s pid || fail "the container does not start: $(tail -n 2 log)"
	holder=$(tr -d ' ' <"/proc/$container/task/$container/children")
}

# An app that runs in the same container, by the pid that it has there; and by its name one that starts later, and one
# of that name outside.
case_confined_container_follow() {
	local app

	knows_first_pids_only && skip "no task storage, without which the agent cannot be in a container"
	cp "$WORKLOADS/spin" inner
	cat >inside.sh <<-'END'
		agent=$1 spin=$2
		"$spin" 1 100 >/dev/null &
		echo $! >pid
		timeout 100 "$agent" --pid $! -d 1 -f json -o by-pid >out 2>by-pid.err
		echo $? >by-pid.status
		timeout 100 "$agent" doctor >doctor.out 2>&1
		echo $? >doctor.status
		timeout 100 "$agent" --app inner -v -d 15 -f json -o by-name >out 2>by-name.err &
		until grep -q 'waiting for' by-name.err; do sleep 0.1; done
		touch waiting
		./inner 1 3 >/dev/null
		wait $!
		echo $? >by-name.status
		sleep 100
	END
	container_start bash inside.sh "$ACCEL_AGENT" "$WORKLOADS/spin"
	before
	app=$(cat pid)
	wait_for 60 test -e waiting || fail "$(tail -n 1 ./*.err)"
	./inner 1 0.5 >/dev/null
	wait_for 60 test -s by-name.status || fail "$(tail -n 1 ./*.err)"
	[ "$(cat by-pid.status doctor.status by-name.status | tr '\n' ' ')" = "0 0 0 " ] ||
		fail "exit statuses $(cat ./*.status | tr '\n' ' '): $(tail -n 1 ./*.err)"
	check_report by-pid
	[ "$(readlink "/proc/$app/exe")" != "$WORKLOADS/spin" ] || fail "the app is process $app outside as well"
	holds by-pid ".app.name == \"pid $app\" and .app.command == \"$WORKLOADS/spin 1 100\" and .app.processes == 1" .app
	holds by-pid '.thread_seconds | .run / (.run + .runq) > 0.5 and .run + .runq > 0.9' .thread_seconds
	check_report by-name
	holds by-name '.app.processes == 2' .app
	ran by-name 3.5
	grep -q '^  container .*a pid namespace of its own' doctor.out || fail "doctor: $(grep container doctor.out)"
	grep -q '^  control group  *missing .*[Rr]ead-only' doctor.out || fail "doctor: $(grep 'control group' doctor.out)"
	grep -q '^  io_uring  *missing .*which threads do instead: needs a container.s seccomp profile' doctor.out ||
		fail "doctor: $(grep io_uring doctor.out)"
	as_it_was
}

# Two containers with one pid namespace, the agent in one and the app in the other, whose control group is not in sight.
case_confined_sidecar() {
	knows_first_pids_only && skip "no task storage, without which the agent cannot be in a container"
	container_start bash -c '"$@" >/dev/null & echo $! >pid; wait' bash "$WORKLOADS/spin" "$NCPU" 100
	group_make cpu
	before
	start timeout -s KILL 100 "${IN[@]}" "$group" -- nsenter --target "$holder" --pid \
		unshare --mount --cgroup --propagation private "${ENTER[@]}" \
		"$ACCEL_AGENT" --pid "$(cat pid)" -v -d 3 -f json -o "$PWD/r" 2>r.err
	compete_with "$started" 'threads marked'
	holds r ".app.name == \"pid $(cat pid)\" and .app.command == \"$WORKLOADS/spin $NCPU 100\"" .app
	holds r ".app.processes == 1 and .app.threads_peak == $((NCPU + 1))" .app
	first_is r cpu-neighbour
	all_refused r
	as_it_was
}
