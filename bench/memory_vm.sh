#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
# What bench/memory.py runs in a virtual machine: the build alone, beside the hog, beside the hog with memory.low set by
# hand, beside the hog under the agent. /dev/vda holds the compiler, /dev/vdb is swap. Prints a line a build:
# "result VARIANT BUILD_SECONDS SECONDS file_refaults swapins low_events psi_ms" (the agent's start and end count in
# SECONDS only), and the agent's report as one line "report JSON".
# usage: memory_vm.sh HOG_MIB HOG_CPU_PERCENT JOBS VARIANT...
set -u

hog_mib=$1
hog_cpu=$2
jobs=$3
shift 3
groups=/sys/fs/cgroup

die()
{
	echo "memory_vm: $*"
	exit 1
}

prepare()
{
	mount -t ext4 /dev/vda /mnt || die "no compiler disk"
	for folder in proc sys dev; do
		mount --bind "/$folder" "/mnt/$folder" || die "mount $folder"
	done
	mkdir /mnt/build "$groups/hog" "$groups/build" || die "mkdir"
	cp /vmtest/*.c /vmtest/Makefile /mnt/build/ || die "no sources"
	echo "$((hog_cpu * 1000)) 100000" >"$groups/hog/cpu.max"
	mkswap /dev/vdb >/dev/null || die "mkswap"
	swapon /dev/vdb || die "swapon"
}

# in_group NAME COMMAND...: the shell moves itself, so that nothing is charged elsewhere.
in_group()
{
	group=$1
	shift
	sh -c 'echo 0 >"$0/cgroup.procs" && exec "$@"' "$groups/$group" "$@"
}

hog_start()
{
	: >/tmp/hog
	in_group hog memhog "$hog_mib" >/tmp/hog &
	until grep -q touched /tmp/hog; do
		sleep 0.2
	done
	sleep 2
}

hog_stop()
{
	echo 1 >"$groups/hog/cgroup.kill"
	wait
}

counter()
{
	awk -v name="$1" '$1 == name { print $2 }' /proc/vmstat
}

stalled_ms()
{
	sed -n 's/^some .*total=//p' /proc/pressure/memory | awk '{ printf "%d", $1 / 1000 }'
}

low_events()
{
	awk '$1 == "low" { print $2 }' "$groups/build/memory.events"
}

seconds()
{
	cut -d ' ' -f 1 /proc/uptime
}

# What is timed: from before make is read from the disk to its end.
timed_make='
read -r from _ </proc/uptime
make -s "-j$0" -C /build || exit 1
read -r to _ </proc/uptime
echo "$to $from" >/build/times
'

compile()
{
	rm -f /mnt/build/*.o
	if test "$1" = agent; then
		accel-agent -q -f json -o /tmp/report -- chroot /mnt sh -c "$timed_make" "$jobs"
	else
		in_group build chroot /mnt sh -c "$timed_make" "$jobs"
	fi
}

# between "TO FROM"
elapsed()
{
	awk '{ printf "%.2f", $1 - $2 }'
}

# What a build has in memory when nobody takes it away, and a quarter more for what its processes allocate meanwhile.
measure_working_set()
{
	compile unmeasured || die "the build failed"
	working_set=$(($(cat "$groups/build/memory.current") * 5 / 4))
	echo "working_set $working_set"
}

# Each begins with nothing cached; then the hog takes its memory, then the build starts.
variant()
{
	sync
	echo 3 >/proc/sys/vm/drop_caches
	test "$1" != low || echo "$working_set" >"$groups/build/memory.low"
	test "$1" = alone || hog_start
	refaults=$(counter workingset_refault_file)
	swapins=$(counter pswpin)
	low=$(low_events)
	stalled=$(stalled_ms)
	from=$(seconds)
	compile "$1" || die "the build failed"
	to=$(seconds)
	echo "result $1 $(elapsed </mnt/build/times) $(echo "$to $from" | elapsed)" \
		"$(($(counter workingset_refault_file) - refaults)) $(($(counter pswpin) - swapins))" \
		"$(($(low_events) - low)) $(($(stalled_ms) - stalled))"
	test "$1" = alone || hog_stop
	echo 0 >"$groups/build/memory.low"
	if test "$1" = agent; then
		echo "report $(tr -d '\n' </tmp/report)"
	fi
}

prepare
measure_working_set
for name in "$@"; do
	variant "$name"
done
