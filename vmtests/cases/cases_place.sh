# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
# What a kernel and its control groups allow: the doctor against a look of our own, the programs that are loaded, and
# what is changed in cgroup v2, v1 and hybrid. The machine is ours: settings of the kernel and groups in roots as well.

. "$here/lib_act.sh"

# --- what the kernel has ---

# The kernel's events by bpftool, in $WORK/events: "NAME ARGUMENTS FOLIO", FOLIO 1 if the second one is a folio. All of
# its types in $WORK/types.
kernel_events() {
	[ -s "$WORK/events" ] && return
	bpftool btf dump file /sys/kernel/btf/vmlinux format raw >"$WORK/types" || fail "bpftool cannot read the BTF"
	awk -F"[][' =]+" '
		$3 == "TYPEDEF" && $4 ~ /^btf_trace_/ { event[substr($4, 11)] = $NF }
		$3 == "PTR" { target[$2] = $NF }
		$3 == "STRUCT" && $4 == "folio" { folio[$2] = 1 }
		$3 == "FUNC_PROTO" { proto = $2; arguments[proto] = $NF - 1; seen = 0; next }
		proto && /^\t/ { if (++seen == 2) first[proto] = $NF; next }
		{ proto = "" }
		END {
			for (name in event) {
				proto = target[event[name]]
				print name, arguments[proto], target[first[proto]] in folio
			}
		}' "$WORK/types" >"$WORK/events"
}

# The number of an event's arguments, or -1.
arguments() {
	awk -v name="$1" '$1 == name { n = $2; found = 1 } END { print found ? n : -1 }' "$WORK/events"
}

takes_folio() {
	grep -q "^$1 [0-9]* 1\$" "$WORK/events"
}

kernel_names() {
	grep -q "'$1'" "$WORK/types"
}

# --- what the doctor says ---

doctor() {
	"$ACCEL_AGENT" doctor >"$1" 2>"$1.err" || fail "doctor: status $?: $(cat "$1.err" "$1")"
}

# says FILE NAME STATE [TEXT]: the doctor's line about something begins and goes on like this.
says() {
	local found

	found=$(sed -n "s/^  $2  *//p" "$1" | head -n 1)
	[[ $found == "$3 "*"${4:-}"* ]] || fail "of $2 the doctor says: ${found:-nothing}; the truth is: $3 ${4:-}"
}

# says_ok_if FILE NAME TEXT COMMAND...: it is said to be there, in these words, exactly if the command succeeds.
says_ok_if() {
	local file=$1 name=$2 text=$3

	shift 3
	if "$@" >/dev/null 2>&1; then
		says "$file" "$name" ok "$text"
	else
		says "$file" "$name" missing
	fi
}

# says_setting FILE NAME GROUP: a file of the app's group is there exactly if a group that was made for it has it.
says_setting() {
	says_ok_if "$1" "$2" "can be set in a group of the app's" test -e "$3/$2"
}

schedulers_have() {
	grep -qs "\[$1\]" /sys/block/*/queue/scheduler
}

# Weights and classes for disks: files that have an effect only with a scheduler that heeds them.
says_disk_settings() {
	local file=$1 group=$2 weight class=io.prio.class

	if [ -e "$group/cgroup.controllers" ]; then
		weight=io.weight
		[ ! -e "$group/io.bfq.weight" ] || weight=io.bfq.weight
	else
		weight=blkio.bfq.weight
		class=blkio.prio.class
	fi
	if schedulers_have bfq; then
		says_setting "$file" "$weight" "$group"
	elif [ -e "$group/$weight" ]; then
		says "$file" "$weight" missing "no disk uses BFQ"
	else
		says "$file" "$weight" missing # for both reasons
	fi
	if [ ! -e "$group/$class" ]; then
		says "$file" "$class" missing "needs Linux 5.14 or later with CONFIG_BLK_CGROUP_IOPRIO=y"
	else
		says_ok_if "$file" "$class" '' schedulers_have mq-deadline
	fi
}

# says_memory FILE GROUP: protection has another name in v1.
says_memory() {
	if [ -e "$2/cgroup.controllers" ]; then
		says_setting "$1" memory.low "$2"
		says_setting "$1" memory.reclaim "$2"
		says "$1" memory.soft_limit_in_bytes n/a "v2 has memory.low"
	else
		says_setting "$1" memory.soft_limit_in_bytes "$2"
		says "$1" memory.low n/a "v1 has memory.soft_limit_in_bytes"
		says "$1" memory.reclaim n/a "v1 has memory.soft_limit_in_bytes"
	fi
}

# group_for CONTROLLER: a group that has its files, in whichever hierarchy it is, in $group. Fails if it is in none.
group_for() {
	local mount

	mount=$(v1_mount "$1" || v2_mount "${1/blkio/io}") || return 1
	group_make_at "$mount"
}

# What can be set, in each hierarchy.
says_settings() {
	local name

	group_for cpu || fail "no hierarchy has the cpu controller"
	use_weights
	says_setting "$1" "$WEIGHT" "$group"
	says_setting "$1" cpu.idle "$group"
	group_for blkio || fail "no hierarchy has the io controller"
	says_disk_settings "$1" "$group"
	if group_for cpuset; then
		says_setting "$1" cpuset.cpus "$group"
	else
		says "$1" cpuset.cpus missing 'no hierarchy here has the controller "cpuset"'
	fi
	if group_for memory; then
		says_memory "$1" "$group"
		says "$1" "memory protection" ok "is writable"
		says "$1" "memory limit" ok "readable; here none"
	else
		for name in memory.low memory.reclaim memory.soft_limit_in_bytes; do
			says "$1" "$name" missing 'no hierarchy here has the controller "memory"'
		done
		says "$1" "memory protection" missing "needs the memory controller mounted"
		says "$1" "memory limit" missing "needs the memory controller mounted"
	fi
	says "$1" "control group" ok "an app gets one of its own below /"
	says "$1" "CPU weights" ok "is writable"
	says "$1" "CPU quota" ok "readable; here none"
	says "$1" systemd ok "does not run here"
}

says_layout() {
	local v1='' v2

	v1_mount cpu >/dev/null && v1=1
	v2=$(v2_mount '') || v2=
	case $v1:$v2 in
	:*) says "$1" layout ok "v2 at $v2" ;;
	1:) says "$1" layout ok "v1" ;;
	*) says "$1" layout ok "hybrid: v1, and v2 at $v2" ;;
	esac
}

says_events() {
	local file=$1 issue

	case $(arguments sched_switch) in
	3) says "$file" scheduler ok "sched_switch with 3 arguments" ;;
	4) says "$file" scheduler ok "sched_switch with 4 arguments" ;;
	*) fail "sched_switch has $(arguments sched_switch) arguments, by bpftool" ;;
	esac
	says_ok_if "$file" wake-ups sched_wakeup test "$(arguments sched_wakeup)" -eq 1
	says_ok_if "$file" "new threads" task_newtask test "$(arguments task_newtask)" -eq 2
	says_ok_if "$file" "exec and exit" sched_process_exec test "$(arguments sched_process_exec)" -eq 3
	issue=$(arguments block_rq_issue)
	if [ "$(arguments block_io_start)" -eq 1 ]; then
		says "$file" "block requests" ok "block_io_start"
	else
		says_ok_if "$file" "block requests" "block_rq_insert and block_rq_issue" \
			test "$issue" -ge 1 -a "$(arguments block_rq_complete)" -eq 3
	fi
	if takes_folio mm_filemap_add_to_page_cache; then
		says "$file" "page cache" ok "with folios"
	else
		says_ok_if "$file" "page cache" "with pages" test "$(arguments mm_filemap_add_to_page_cache)" -eq 1
	fi
	says_ok_if "$file" "page use" mm_filemap_get_pages test "$(arguments mm_filemap_get_pages)" -eq 3 -a \
		"$(arguments mm_filemap_map_pages)" -eq 3 -a "$(arguments mm_filemap_fault)" -eq 2
	says_ok_if "$file" "direct reclaim" mm_vmscan test "$(arguments mm_vmscan_direct_reclaim_begin)" -ge 0
	says_ok_if "$file" "memcg reclaim" mm_vmscan test "$(arguments mm_vmscan_memcg_reclaim_begin)" -ge 0
	says_ok_if "$file" "cgroup moves" cgroup_attach_task test "$(arguments cgroup_attach_task)" -ge 3
}

says_kernel() {
	local file=$1 word

	says "$file" release ok "$(uname -r), $NCPU CPUs, "
	word=$(sed 's/.*\[\(.*\)\].*/\1/' /sys/kernel/security/lockdown) || fail "no lockdown in securityfs"
	says "$file" lockdown ok "$word: "
	says_ok_if "$file" BTF '' test -r /sys/kernel/btf/vmlinux
	says_ok_if "$file" "ring buffers" '' kernel_names BPF_MAP_TYPE_RINGBUF
	says_ok_if "$file" "task iterator" '' kernel_names bpf_iter__task
	says_ok_if "$file" steal '' grep -q '^cpu ' /proc/stat
	says_ok_if "$file" "pressure (PSI)" '' cat /proc/pressure/cpu /proc/pressure/memory /proc/pressure/io
	says_ok_if "$file" schedstat '' cat /proc/self/schedstat
	says_ok_if "$file" "BPF run time" '' grep -qx 1 /proc/sys/kernel/bpf_stats_enabled
	says "$file" container ok "none"
}

says_disks() {
	local file=$1 disk

	for disk in /sys/block/*; do
		[ "$(cat "$disk/size")" -gt 0 ] || continue
		says "$file" "${disk##*/}" ok \
			"I/O scheduler $(sed 's/.*\[\(.*\)\].*/\1/' "$disk/queue/scheduler")"
	done
}

may_use_io_uring() {
	grep -q ' [tT] __[a-z0-9]*_sys_io_uring_setup$' /proc/kallsyms &&
		{ [ ! -e /proc/sys/kernel/io_uring_disabled ] || grep -qx 0 /proc/sys/kernel/io_uring_disabled; }
}

set_sysctl() {
	[ ! -e "/proc/sys/kernel/$1" ] || echo "$2" >"/proc/sys/kernel/$1"
}

# Each line, where there is no group but the root; then with a group to look at, and with the kernel set otherwise.
case_place_doctor() {
	kernel_events
	snapshot >before
	doctor root
	says_kernel root
	says_events root
	says_layout root
	says_disks root
	says root load ok "were loaded and attached"
	says root scan ok
	says root wakers ok
	says_ok_if root io_uring allowed may_use_io_uring
	grep -q '^Apps can be followed\.' root || fail "the doctor concludes: $(tail -n 1 root)"
	as_before "after the doctor"
	note_programs >programs
	cmp -s programs "$WORK/programs-before" || fail "programs are left: $(diff programs "$WORK/programs-before")"
	# what a group has must not be called missing where there is none to look at
	says root cpu.weight ok "can be set in a group of the app's"
	says root memory.low ok "can be set in a group of the app's"
	says root cpuset.cpus ok "can be set in a group of the app's"
	! grep '^  [a-z.]* *missing *this kernel has no \(cpu\|memory\|cpuset\)\.' root | grep -v 'needs Linux' >wrong ||
		fail "untrue: $(cat wrong)"
	group_for cpu
	set_sysctl bpf_stats_enabled 1
	set_sysctl io_uring_disabled 2
	trap 'set_sysctl bpf_stats_enabled 0; set_sysctl io_uring_disabled 0; case_end' EXIT
	doctor grouped
	says_settings grouped
	says_ok_if grouped "BPF run time" '' grep -qx 1 /proc/sys/kernel/bpf_stats_enabled
	says_ok_if grouped io_uring allowed may_use_io_uring
}

# The same of control groups only, where hierarchies are v1's: what kernels have taken out of there, they say.
place_doctor() {
	doctor root
	says_layout root
	says_settings root
	doctor grouped
	says_settings grouped
}

case_place_doctor_v1() {
	place_doctor
}

case_place_doctor_hybrid() {
	place_doctor
}

# --- programs ---

# attached_if EVENT ROW COMMAND...: the agent has a program on the event exactly if the command succeeds, and if it has
# none, the doctor says so.
attached_if() {
	local event=$1 row=$2

	shift 2
	if "$@"; then
		grep -qx "$event" attached || fail "no program on $event, which this kernel has"
	else
		! grep -qx "$event" attached || fail "a program on $event, which is not as it should be"
		says said "$row" missing "$event"
	fi
}

# The events that the agent's programs are on, against those that the kernel has; nothing stays behind.
case_place_programs() {
	local issue

	kernel_events
	doctor said
	observe_start r -- sleep 60
	agent_pid "$observer"
	wait_for 40 pgrep -x -P "$agent" sleep || fail "the command did not start"
	# nobody else here has any
	bpftool -j link show | jq -r '.[].tp_name // empty' | sort -u >attached
	bpftool -j prog show | jq -r '.[].name' | sort >loaded
	stop_agent
	end_of "$observer" # as the command that the signal ended
	check_report r
	[ -s attached ] || fail "bpftool shows no link"
	issue=$(arguments block_rq_issue)
	attached_if sched_switch scheduler test "$(arguments sched_switch)" -ge 3
	attached_if sched_wakeup wake-ups test "$(arguments sched_wakeup)" -eq 1
	attached_if sched_wakeup_new wake-ups test "$(arguments sched_wakeup_new)" -eq 1
	attached_if task_newtask "new threads" test "$(arguments task_newtask)" -eq 2
	attached_if sched_process_exec "exec and exit" test "$(arguments sched_process_exec)" -eq 3
	attached_if sched_process_exit "exec and exit" test "$(arguments sched_process_exit)" -ge 1
	attached_if block_rq_insert "block requests" test "$(arguments block_rq_insert)" -ge 1
	attached_if block_rq_issue "block requests" test "$issue" -eq 1 -o "$issue" -eq 2
	attached_if block_rq_complete "block requests" test "$(arguments block_rq_complete)" -eq 3
	[ "$(arguments block_io_start)" -ne 1 ] || attached_if block_io_start "block requests" true
	attached_if mm_filemap_add_to_page_cache "page cache" test "$(arguments mm_filemap_add_to_page_cache)" -eq 1
	attached_if mm_vmscan_direct_reclaim_begin "direct reclaim" test "$(arguments mm_vmscan_direct_reclaim_begin)" -ge 0
	attached_if mm_vmscan_memcg_reclaim_begin "memcg reclaim" test "$(arguments mm_vmscan_memcg_reclaim_begin)" -ge 0
	grep -qx sched_waking loaded && grep -qx spread_switch loaded || fail "loaded are only $(xargs <loaded)"
	if [ "$(arguments mm_filemap_get_pages)" -ge 0 ]; then
		grep -qx use_get_pages loaded || fail "no program tells which pages are used: $(xargs <loaded)"
	else
		says said "page use" missing mm_filemap_get_pages
	fi
	note_programs >programs
	cmp -s programs "$WORK/programs-before" || fail "programs are left: $(diff programs "$WORK/programs-before")"
}

# --- weights, in each layout ---

# Killed while it had the app in a group with a weight: that stays, until restore takes it back.
place_killed() {
	local app

	arena
	hogs $((2 * NCPU)) 300
	start "${INSIDE[@]}" "$WORKLOADS/spin" 1 300 >/dev/null
	app=$started
	wait_for 5 is_in "$app" "$arena" || fail "the app is not in the arena"
	snapshot >before
	observe_start r --pid "$app"
	attached
	wait_for 10 in_group_of_ours "$app" || fail "the app was not placed"
	find_ours && wait_for 5 raised "$ours" 1024 || fail "no weight in ${ours:-no group}"
	kill -KILL "$agent"
	end_of "$observer"
	in_group_of_ours "$app" || fail "the app is in $(cat "/proc/$app/cgroup")"
	nothing_changed && fail "nothing is left of a killed agent: what does restore prove?"
	"${AGENT_OUTSIDE[@]}" restore >out 2>err || fail "restore: exit status $?: $(cat out err)"
	is_in "$app" "$arena" || fail "the app is not at home: $(cat "/proc/$app/cgroup")"
	as_before "after restore"
}

case_place_killed() {
	place_killed
}

case_place_killed_v1() {
	place_killed
}

# With the weight the app gets more done beside its neighbours, by its own count; the report says how much, and all is as
# before. An emulated CPU is too slow for windows of 16 ms to prove it each time: they must not say the contrary.
place_gain() {
	local without with

	arena
	agent_inside
	hogs $((3 * NCPU)) 120
	snapshot >before
	observe plain --without cpu -- "$WORKLOADS/spin" $((2 * NCPU)) 6
	observe r -- "$WORKLOADS/spin" $((2 * NCPU)) 6
	as_before
	all_restored r
	holds r "$(weight_of -0) | .state == \"kept\" and .restored and (.new | tonumber) > (.old | tonumber)
		and .bottleneck == \"cpu-neighbour\"" .actions
	holds r "$(weight_of -0) | .effect | .windows >= 6 and .before > 0 and .after > 0 and .percent != null
		and (.verdict == \"helps\" or .verdict == \"inconclusive\")" .actions
	holds plain 'all(.actions[]; .knob | startswith("cpu") or . == "cgroup.procs" | not)' .actions
	without=$(truth plain.out cpu)
	with=$(truth r.out cpu)
	awk -v with="$with" -v without="$without" 'BEGIN { exit !(with > 1.3 * without) }' ||
		fail "the app ran for $with seconds with the weight, $without without: $(jq -c .actions r)"
}

case_place_gain() {
	place_gain
}

case_place_gain_v1() {
	place_gain
}

case_place_gain_hybrid() {
	place_gain
}

# --- memory, where there is too little of it ---

# The app's file, in $own: own_file MIB
own_file() {
	own=$PWD/own.img
	dd if=/dev/zero of=own.img bs=1M count="$1" status=none conv=fsync || fail "no room for own.img"
}

# Somebody who has all memory, and reads as much again and again: no disk is asked for that file, so that it takes what
# others have as fast as it can.
memory_hog() {
	local size

	size=$(awk '/^MemAvailable/ { print int($2 * 1.1) }' /proc/meminfo)
	fallocate -l "${size}KiB" hog.img || fail "no room for hog.img"
	group_for memory || fail "no hierarchy has the memory controller"
	start "${IN[@]}" "$group" -- sh -c "cat hog.img >/dev/null; exec '$WORKLOADS/memthrash' hog.img 300" >/dev/null
	wait_for 60 memory_is_short || fail "the memory does not run short: $(grep MemFree /proc/meminfo)"
}

memory_is_short() {
	[ "$(awk '/^workingset_refault_file/ { print $2 }' /proc/vmstat)" -gt 1000 ]
}

# thrash REPORT WORDS...: the app reads its own file again and again beside the hog, under the agent. In $low is what
# its group's memory.low was, and in $kept what it had of its file, both when last seen.
thrash() {
	local report=$1 now

	shift
	low=0
	kept=0
	observe_start "$report" "$@" -- "$WORKLOADS/memthrash" "$own" 20 400
	agent_pid "$observer"
	note_agent "$agent"
	while kill -0 "$observer" 2>/dev/null; do
		ours=$(find "$mount" -maxdepth 1 -name 'accel-agent.*' | head -n 1)
		now=$(awk '$1 == "file" { print $2 }' "$ours/memory.stat" 2>/dev/null) && [ "${now:-0}" -gt 0 ] && kept=$now
		now=$(cat "$ours/memory.low" 2>/dev/null) && [ "${now:-0}" -gt 0 ] && low=$now
		sleep 0.5
	done
	observed "$report"
}

# memory.low keeps the app's pages in memory, by the kernel's own count in its group, and is as before afterwards.
case_place_memory_low() {
	local mount low kept alone

	mount=$(v2_mount memory) || skip "v2 has no memory controller here"
	own_file 16
	memory_hog
	snapshot >before
	thrash plain --without memory
	holds plain 'all(.actions[]; .knob != "memory.low")' .actions
	[ "$low" -eq 0 ] || fail "memory.low was $low, though it was not allowed"
	alone=$kept
	thrash r
	as_before
	all_restored r
	holds r '[.actions[] | select(.knob == "memory.low" and .state == "kept" and .old == "0" and .restored)]
		| length == 1' .actions
	[ "$low" -gt 0 ] || fail "memory.low was never seen in ${ours:-any group}: $(jq -c .actions r)"
	echo "place_memory_low: bytes of the app's file at the end: $alone, with memory.low at $low $kept" >/dev/kmsg
	[ "$alone" -lt $((13 << 20)) ] || fail "no pressure: the app keeps $alone bytes of its file without memory.low"
	[ $((kept - alone)) -gt $((3 << 20)) ] || fail "with memory.low at $low it keeps $kept bytes, $alone without"
}

# In v1 those that the settings name as background are to give way where memory is short.
case_place_memory_soft_limit() {
	local app background limit seen='' unlimited

	v1_mount memory >/dev/null || skip "this kernel has no memory controller for v1 (CONFIG_MEMCG_V1)"
	own_file 16
	group_memory $((10 << 20))
	start "${IN[@]}" "$group" -- "$WORKLOADS/memthrash" "$own" 120 >/dev/null
	app=$started
	group_for memory
	background=$group
	start "${IN[@]}" "$background" -- sh -c "fallocate -l 8M theirs; cat theirs >/dev/null; exec sleep 120"
	unlimited=$(cat "$background/memory.soft_limit_in_bytes")
	sleep 5
	snapshot >before
	observe_start r --pid "$app" -d 10 --background-cgroup "$background"
	agent_pid "$observer"
	note_agent "$agent"
	while kill -0 "$observer" 2>/dev/null; do
		limit=$(cat "$background/memory.soft_limit_in_bytes")
		[ "$limit" = "$unlimited" ] || seen=$limit
		sleep 0.2
	done
	observed r
	as_before
	[ "$seen" ] || fail "the soft limit was never set: $(ranking r) $(jq -c .actions r)"
	holds r '.actions[] | select(.knob == "memory.soft_limit_in_bytes")
		| .restored and (.old | tonumber) > (.new | tonumber)' .actions
}
