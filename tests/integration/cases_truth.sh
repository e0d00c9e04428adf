# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
# The report against outside witnesses: the scheduler's accounting, the block layer's, fio's, and what a workload
# counted itself.

# A build of so many C files: make_project FILES
make_project() {
	local i

	mkdir project
	for ((i = 0; i < $1; i++)); do
		cat >"project/f$i.c" <<-END
			#include <math.h>
			#include <pthread.h>
			#include <stdio.h>
			#include <stdlib.h>
			#include <string.h>
			#include <sys/stat.h>
			struct point$i { double x, y; char name[$((i + 8))]; };
			static int order(const void *a, const void *b) { return strcmp(a, b) * $((i + 1)); }
			int work$i(struct point$i *p, size_t n);
			int work$i(struct point$i *p, size_t n)
			{
				size_t i, j;
				qsort(p, n, sizeof(*p), order);
				for (i = 0; i < n; i++)
					for (j = i; j < n; j++)
						p[i].x += sqrt(p[j].y * (double)(i + $i));
				return printf("%f\n", n ? p[0].x : 0);
			}
		END
	done
	printf 'OBJECTS := $(patsubst %%.c,%%.o,$(wildcard *.c))\nlib.a: $(OBJECTS)\n\tar rcs $@ $^\n%%.o: %%.c\n\t%s -O2 -c $< -o $@\n' \
		"$COMPILER" >project/Makefile
}

need_compiler() {
	need make ar
	COMPILER=$(command -v gcc || command -v clang || command -v cc) || skip "no C compiler"
}

# The oracle follows the build on its own; what the agent saw of the oracle itself is taken off. compare_with_oracle PERCENT
compare_with_oracle() {
	local run runq threads

	run=$(num r '.thread_seconds.run - ([.commands[] | select(.name == "accounting") | .thread_seconds.run] | add // 0)')
	runq=$(num r '.thread_seconds.runq - ([.commands[] | select(.name == "accounting") | .thread_seconds.runq] | add // 0)')
	near "$run" "$(jq .run truth)" "$1" "run thread seconds"
	near "$runq" "$(jq .runq truth)" "$1" "runq thread seconds" 0.02
	near "$(num r '.app.processes')" "$(($(jq .processes truth) + 1))" 0 "processes"
}

case_truth_schedstat_build() {
	quiet_machine
	need_compiler
	[ -x "$ORACLE/accounting" ] || skip "$ORACLE/accounting is not built"
	make_project 40
	observe r -- "$ORACLE/accounting" -o truth -- make -s -C project -j$((NCPU * 2))
	compare_with_oracle 2
}

case_truth_schedstat_storm() {
	quiet_machine
	[ -x "$ORACLE/accounting" ] || skip "$ORACLE/accounting is not built"
	observe r -- "$ORACLE/accounting" -o truth -- "$WORKLOADS/forkstorm" 4 1 20 "$WORKLOADS/exitcode"
	compare_with_oracle 2
}

case_truth_schedstat_threads() {
	quiet_machine
	[ -x "$ORACLE/accounting" ] || skip "$ORACLE/accounting is not built"
	observe r -- "$ORACLE/accounting" -o truth -- sh -c '"$1/spin" 7 1; "$1/mmaplock" 8 0.5; "$1/pingpong" 0.5' sh "$WORKLOADS"
	compare_with_oracle 2
}

case_truth_cpu_clock() {
	quiet_machine
	observe r -- "$WORKLOADS/spin" "$NCPU" 1
	near "$(num r .thread_seconds.run)" "$(truth r.out cpu)" 2 "run thread seconds against the process's own CPU clock"
}

case_truth_elapsed() {
	local begin end

	begin=$(date +%s.%N)
	observe r -- sleep 1.5
	end=$(date +%s.%N)
	holds r '.wall_seconds >= 1.5' .wall_seconds
	awk "BEGIN { exit !($(num r .wall_seconds) <= $end - $begin) }" || fail "wall_seconds is longer than the run"
	holds r '(.app.ended - .app.started - .wall_seconds | fabs) < 0.2 or (.app.started | type) != "number"' .app
}

# Nothing is lost in the sums while the ring buffers overflow: the agent is stopped, so nobody empties them.
case_truth_tiny_rings() {
	local pid

	observe_start r --ring-size 4 -- "$WORKLOADS/forkstorm" 4 $((2 * TOLERANCE)) 20 "$WORKLOADS/exitcode"
	agent_pid "$observer"
	wait_for 20 child_runs "$agent" forkstorm || fail "the storm did not start"
	sleep 0.5
	kill -STOP "$agent"
	sleep "$TOLERANCE"
	kill -CONT "$agent"
	observed r
	holds r '.agent.lost_events > 0' .agent
	holds r '([.agent.lost[]] | add) == .agent.lost_events' .agent
	[ "$(num r .app.processes)" -eq $(($(truth r.out processes) + 1)) ] ||
		fail "processes: found $(num r .app.processes), the truth is $(truth r.out processes) and the first"
	holds r '[.commands[] | select(.name == "exitcode") | .processes] == [80]' .commands
}

case_truth_tiny_rings_text() {
	local pid

	start "${AGENT[@]}" --ring-size 4 -- "$WORKLOADS/forkstorm" 4 $((2 * TOLERANCE)) 20 "$WORKLOADS/exitcode" >text 2>err
	agent_pid "$started"
	wait_for 20 child_runs "$agent" forkstorm || fail "the storm did not start"
	sleep 0.5
	kill -STOP "$agent"
	sleep "$TOLERANCE"
	kill -CONT "$agent"
	end_of "$started"
	[ "$status" -eq 0 ] || fail "exit status $status: $(tail -n 2 err)"
	grep -q 'events were lost' text || fail "the report does not say that events were lost"
}

case_truth_no_losses() {
	observe r -- "$WORKLOADS/forkstorm" 2 1 10 "$WORKLOADS/exitcode"
	[ "$(num r .app.processes)" -eq $(($(truth r.out processes) + 1)) ] ||
		fail "processes: found $(num r .app.processes), the truth is $(truth r.out processes) and the first"
}

# A loop device is used by nobody else: what the kernel counts for it between two looks is what the app did.
disk_counts() {
	awk -v name="${loop#/dev/}" '$3 == name { printf "%d %.0f %d %.0f\n", $4, $6 * 512, $8, $10 * 512 }' /proc/diskstats
}

compare_diskstats() {
	local name=${loop#/dev/} before=($1) after=($2) keys=(reads read_bytes writes write_bytes) i found

	for i in 0 1 2 3; do
		found=$(jq --arg d "$name" --arg k "${keys[i]}" \
			'[.devices[] | select(.name == $d) | .[$k] + (.others[$k] // 0)] | add // 0' r)
		near "$found" $((after[i] - before[i])) 2 "$name ${keys[i]}"
	done
}

case_truth_diskstats_read() {
	local before

	need fio
	loop_device 64
	sleep 0.5
	before=$(disk_counts)
	observe r -- fio --name=x --filename="$loop" --rw=randread --bs=16k --direct=1 --ioengine=psync --time_based --runtime=2 \
		--output=fio.json --output-format=json
	compare_diskstats "$before" "$(disk_counts)"
	holds r "[.devices[] | select(.name == \"${loop#/dev/}\") | .reads] | add > 100" .devices
}

case_truth_diskstats_write() {
	local before

	need fio
	loop_device 64
	sleep 0.5
	before=$(disk_counts)
	observe r -- fio --name=x --filename="$loop" --rw=randrw --bs=8k --direct=1 --ioengine=libaio --iodepth=8 --time_based \
		--runtime=2 --output=fio.json --output-format=json
	compare_diskstats "$before" "$(disk_counts)"
	holds r "[.devices[] | select(.name == \"${loop#/dev/}\") | .writes] | add > 100" .devices
}

# A deep queue of large requests: the device takes far longer than the system call around it.
case_truth_latency() {
	local p

	quiet_machine
	need fio
	cold_file 128
	observe r -- fio --name=x --filename="$cold" --rw=randread --bs=512k --direct=1 --ioengine=libaio --iodepth=4 --time_based \
		--runtime=3 --percentile_list=50:95:99 --output=fio.json --output-format=json
	for p in 50 95 99; do
		near "$(num r ".devices[0].latency_us.p$p")" \
			"$(jq --arg p "$p.000000" '.jobs[0].read.clat_ns.percentile[$p] / 1000' fio.json)" 10 "p$p in microseconds"
	done
}

# The kernel's own measure: time in which the app stalled for memory, in a group of its own. It is a little more, as the
# kernel counts a stalled thread's time on the CPU, while it submits the read of a page that was evicted too early, as a
# stall.
case_truth_memory_pressure() {
	local mount pressure disk memory

	mount=$(v2_mount '') || skip "cgroup v2 is not mounted"
	cold_file 24
	group_slow_disk 5000
	disk=$group
	group_memory $((21 << 20))
	memory=$group
	pressure=$memory
	if [ "$version" -eq 1 ]; then
		group_make_at "$mount"
		pressure=$group
	fi
	[ -r "$pressure/memory.pressure" ] || skip "no pressure accounting"
	observe r -- "${IN[@]}" "$disk" "$memory" "$pressure" -- "$WORKLOADS/memthrash" "$cold" 6
	near "$(num r .wall.reclaim)" \
		"$(awk '/^some/ { sub("total=", "", $NF); print $NF / 1000000 }' "$pressure/memory.pressure")" 25 "reclaim seconds" 0.05
}

case_truth_cold_bytes() {
	cold_file 128
	observe r -- "$WORKLOADS/coldread" "$cold" 1
	near "$(num r .page_cache.missed_bytes)" $(($(truth r.out reads) * 4096)) 5 "bytes that the page cache missed"
}

case_truth_major_faults() {
	cold_file 128
	observe r -- "$WORKLOADS/coldmmap" "$cold" 1
	near "$(num r .page_cache.major_faults)" "$(truth r.out faults)" 2 "major faults" 30
}
