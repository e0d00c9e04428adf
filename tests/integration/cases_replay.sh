# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
# What the agent brings ahead of an app that it recorded before, against the page cache itself (fincore). The helpers for
# files and profiles are those of cases_record.sh.

# replay REPORT COMMAND...: a run of which only prefetching is allowed.
replay() {
	local report=$1

	shift
	observe "$report" --without cpu,memory,io -- "$@"
}

# replayed REPORT JQ-CONDITION: what must be true of the replay.
replayed() {
	holds "$1" ".prefetch.replayed | $2" .prefetch
}

# Twenty files of 64 pages, and the steps that read all of each, a pause after every one: the app is slower than the
# replay, whatever the machine.
many_files() {
	local i

	files=()
	steps=()
	for ((i = 0; i < 20; i++)); do
		file_of 64 "f$i"
		files+=("f$i")
		steps+=("r:f$i:0:64" "s:${1:-20}")
	done
	steps=(s:100 "${steps[@]}")
}

# Files that were cold are there before the app wants them; the report says how much that was.
case_replay_brings() {
	need fincore
	many_files
	replay r1 "$WORKLOADS/steps" "${steps[@]}"
	replayed r1 '.state == "no profile" and .bytes == 0 and .coverage == null'
	chill "${files[@]}"
	replay r2 "$WORKLOADS/steps" "${steps[@]}"
	replayed r2 '.state == "done" and .stopped == "done" and .bytes >= 20 * 64 * 4096 and .failed_bytes == 0'
	replayed r2 '.coverage >= 0.95 and .timely >= 0.95'
	replayed r2 '.accuracy == null or .accuracy >= 0.95'
	[ "$(num r2 .prefetch.recorded.state)" = warm ] || fail "the app missed something: $(num r2 .prefetch.recorded)"
}

# Before the command's first instruction the replay is under way: what it needs last is there before it asks.
case_replay_ahead() {
	need fincore
	file_of 64 late
	replay r1 "$WORKLOADS/steps" s:1500 r:late:0:64
	chill late
	observe_start r2 --without cpu,memory,io -- "$WORKLOADS/steps" s:1500 r:late:0:64
	wait_for 1 sh -c '[ "$(fincore -n -o PAGES late)" -eq 64 ]' || fail "late: $(resident late) pages after a second"
	observed r2
}

# Only what was looked at is brought, not what the kernel read beside it.
case_replay_exact() {
	need fincore
	file_of 4096 big
	replay r1 sh -c 'dd if=big bs=4096 skip=1000 count=4 status=none of=/dev/null'
	chill big
	replay r2 sh -c 'dd if=big bs=4096 skip=1000 count=4 status=none of=/dev/null'
	replayed r2 '.accuracy == null or .accuracy >= 0.95'
	replayed r2 '.accuracy == null or .bytes <= 2 * 1024 * 1024'
}

# A warm start is left alone.
case_replay_warm() {
	need fincore
	many_files 0
	replay r1 "$WORKLOADS/steps" "${steps[@]}"
	replay r2 "$WORKLOADS/steps" "${steps[@]}"
	replayed r2 '.state == "done" and .stopped == "resident" and .bytes == 0 and .gain_percent == null and .engine == null'
}

# A tenth of the files has changed, one is gone: the rest is brought all the same, and what is gone is forgotten.
case_replay_changed() {
	local i

	need fincore
	many_files
	replay r1 "$WORKLOADS/steps" "${steps[@]}"
	file_of 80 f3
	file_of 10 f7
	rm f19
	steps=("${steps[@]:0:7}" r:f3:0:80 "${steps[@]:8:7}" r:f7:0:10 "${steps[@]:16:22}")
	chill "${files[@]:0:19}"
	replay r2 "$WORKLOADS/steps" "${steps[@]}"
	replayed r2 '.changed == 2 and .gone == 1 and .coverage >= 0.8'
	only_profile
	! grep -q "$PWD/f19\$" profile || fail "the profile still has f19"
	[ "$(resident f3)" -eq 80 ] || fail "f3: $(resident f3) pages"
}

# What is no regular file any more is not opened: a FIFO without a writer, a link, a folder, a device.
case_replay_strange_files() {
	local before

	need fincore
	many_files 0
	file_of 64 elsewhere
	replay r1 "$WORKLOADS/steps" "${steps[@]}"
	rm f0 f1 f2 f3
	mkfifo f0
	ln -s elsewhere f1
	mkdir f2
	mknod f3 c 1 5
	chill "${files[@]:4}"
	chill elsewhere
	replay r2 "$WORKLOADS/steps" "${steps[@]:9}"
	replay r3 "$WORKLOADS/steps" s:300
	[ "$(resident elsewhere)" -eq 0 ] || fail "a link was followed"
	[ "$(resident f4)" -eq 64 ] || fail "f4: $(resident f4) pages"
}

# Files that the app reads itself before their turn are left to it.
case_replay_without() {
	need fincore
	many_files 0
	replay r1 "$WORKLOADS/steps" "${steps[@]}"
	chill "${files[@]}"
	observe r2 --without prefetch -- "$WORKLOADS/steps" s:300
	holds r2 '.prefetch == null' .prefetch
	observe r3 --dry-run -- "$WORKLOADS/steps" s:300
	[ "$(resident f0)" -eq 0 ] || fail "f0 was brought: $(resident f0) pages"
}

# With --app, from the exec event on.
case_replay_attached() {
	need fincore
	many_files
	cp "$WORKLOADS/steps" ./reader
	observe_start r --without cpu,memory,io --app reader --app nobody -d 8
	attached
	./reader "${steps[@]}"
	wait_for 3 sh -c "ls $PROFILES/*.profile" || fail "nothing was recorded"
	chill "${files[@]}"
	./reader s:700 "${steps[@]}"
	observed r
	jq -e -s '.[0].prefetch.replayed | .bytes >= 20 * 64 * 4096 and .coverage >= 0.95' r >/dev/null ||
		fail "report: $(jq -c .prefetch r)"
}

# A profile that three cold runs on end did not make faster is not replayed any more, and the report says so.
case_replay_does_not_pay() {
	local i

	need fincore
	file_of 16 small
	replay r0 "$WORKLOADS/steps" r:small:0:16 s:400
	for i in 1 2 3; do
		chill small
		replay "r$i" "$WORKLOADS/steps" r:small:0:16 s:400
		replayed "r$i" '.state == "done" and .gain_percent != null and .gain_percent < 2'
		replayed "r$i" ".disabled_now == ($i == 3)"
	done
	chill small
	replay r4 "$WORKLOADS/steps" r:small:0:16 s:400
	replayed r4 '.state == "disabled" and .bytes == 0'
}

# What came after a command twice is brought while the command runs for the third time, and the disk has nothing to do.
case_replay_next() {
	local i

	need fincore
	[ -r /proc/pressure/io ] || skip "the kernel does not tell when the disk is busy"
	file_of 64 first
	file_of 256 second
	for i in 1 2; do
		chill first second
		replay r1 "$WORKLOADS/steps" r:first:0:64
		replay r2 cat second
		replayed r1 '.next == null'
	done
	chill first second
	observe_start r3 --without cpu,memory,io -- "$WORKLOADS/steps" r:first:0:64 s:4000
	wait_for 4 sh -c '[ "$(fincore -n -o PAGES second)" -eq 256 ]' || fail "second: $(resident second) pages"
	observed r3
	replayed r3 '.next.command == "cat" and .next.bytes >= 256 * 4096'
	chill second
	mkdir elsewhere
	(cd elsewhere && replay ../r4 "$WORKLOADS/steps" s:1500)
	[ "$(resident second)" -eq 0 ] || fail "second was brought for a command in another folder"
}

# The reading ends with the agent, however that ends.
case_replay_agent_killed() {
	local i

	need fincore
	group_slow_disk 20
	many_files 0
	replay r1 "$WORKLOADS/steps" "${steps[@]}"
	chill "${files[@]}"
	start "${IN[@]}" "$group" -- "${AGENT[@]}" --without cpu,memory,io -- "$WORKLOADS/steps" s:3000
	observer=$started
	agent_pid "$observer"
	wait_for 5 pgrep -x -P "$agent" accel-replay || skip "the replay was over too soon: the kernel has no slow disk"
	kill -KILL "$agent"
	wait_for 5 sh -c '! pgrep -x accel-replay' || fail "$(pgrep -a -x accel-replay) outlived the agent"
}
