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
	replayed r1 '.state == "no profile" and .bytes == 0 and .coverage == null and .stopped == null'
	holds r1 '.prefetch.recorded | .state == "written" and .added == false' .prefetch.recorded
	chill "${files[@]}"
	replay r2 "$WORKLOADS/steps" "${steps[@]}"
	replayed r2 '.state == "done" and .stopped == "done" and .bytes >= 20 * 64 * 4096 and .failed_bytes == 0'
	replayed r2 '.coverage >= 0.95 and .timely >= 0.95'
	replayed r2 '.accuracy == null or .accuracy >= 0.95'
	# of a run that waited most of its time for timers, not much can be gained, but none of it is lost
	replayed r2 '.wait_seconds != null and .wait_seconds_without != null and .gain_percent > -5'
	holds r2 '.agent.start_seconds > 0.01 and .agent.start_seconds < 60' .agent
	# memory is reclaimed at any time: a page of a library may be read again
	holds r2 ".prefetch.recorded.bytes <= 262144" .prefetch.recorded
}

# Whoever runs an app from what he mounted for it can unmount that when it has ended, though the agent waits on.
case_replay_unmounts() {
	mkdir place
	mount -t tmpfs place place || skip "no tmpfs"
	mounts+=("$PWD/place")
	cp "$WORKLOADS/steps" place/mounted-app
	observe_start r --without cpu,memory,io --app mounted-app --app nobody -d 60
	attached
	place/mounted-app s:100
	wait_for 5 umount place || fail "it is busy: $(ls -l "/proc/$agent/fd" | grep place)"
	kill -INT "$agent"
	observed r
}

# Of an app that never came nothing is known, which is not nothing.
case_replay_never() {
	observe r --without cpu,memory,io --app nobody --app nobody-else -d 0.2
	jq -s -e 'all(.[]; .prefetch.replayed | .state == "nothing" and .coverage == null and .gain_percent == null)' r \
		>/dev/null || fail "$(jq -c .prefetch.replayed r)"
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

# An app that the agent waits for as APP starts cold twice: its first start is recorded, its second finds the profile.
reader_twice() {
	need fincore
	many_files
	cp "$WORKLOADS/steps" ./reader
	observe_start r --without cpu,memory,io --app "$1" --app nobody -d 8
	attached
	./reader "${steps[@]}"
	wait_for 3 sh -c "ls $PROFILES/*.profile" || fail "nothing was recorded"
	chill "${files[@]}"
	./reader s:1500 "${steps[@]}"
	observed r
}

# With --app: it may sleep at first, and misses nothing by then.
case_replay_attached() {
	reader_twice reader
	jq -e -s '.[0].prefetch.replayed | .bytes >= 20 * 64 * 4096 and .coverage >= 0.95' r >/dev/null ||
		fail "report: $(jq -c .prefetch r)"
}

# An app that starts from memory is left alone: nothing is brought, judged or written. What it misses later begins the replay.
case_replay_attached_warm() {
	need fincore
	many_files 0
	cp "$WORKLOADS/steps" ./reader
	./reader "${steps[@]}"
	observe_start r --without cpu,memory,io --app reader --app nobody -d 5
	attached
	./reader "${steps[@]}"
	sleep 0.5 # else both are one run
	./reader "${steps[@]}"
	observed r
	jq -e -s '.[0].prefetch | .replayed.state == "not needed" and .recorded.state == "warm" and .recorded.runs == 2' r \
		>/dev/null || fail "report: $(jq -c .prefetch r)"
	! ls "$PROFILES"/*.profile 2>/dev/null || fail "a profile was written"
	observe_start r --without cpu,memory,io --app reader --app nobody -d 6
	attached
	chill "${files[@]}"
	./reader "${steps[@]}"
	wait_for 3 sh -c "ls $PROFILES/*.profile" || fail "nothing was recorded"
	chill "${files[@]}"
	./reader r:f0:0:64 s:200 "${steps[@]}"
	observed r
	jq -e -s '.[0].prefetch.replayed | .state == "done" and .bytes >= 15 * 64 * 4096 and .coverage >= 0.75' r >/dev/null ||
		fail "report: $(jq -c .prefetch r)"
}

# programs_attached: links that the agent holds.
programs_attached() {
	grep -l link_type "/proc/$agent/fdinfo/"* | wc -l
}

# Nothing that watches its faults is attached for it, not even when it has ended before that was decided.
case_replay_attached_warm_unwatched() {
	local before

	cp "$WORKLOADS/steps" ./reader
	./reader s:1
	observe_start r --without cpu,memory,io --app reader --app nobody -d 4
	attached
	before=$(programs_attached)
	[ "$before" -gt 0 ] || skip "links are not told apart here"
	./reader s:50
	sleep 1.5
	[ "$(programs_attached)" -eq "$before" ] || fail "$before programs were attached before, $(programs_attached) are now"
	observed r
	jq -e -s '.[0].prefetch.replayed.state == "not needed"' r >/dev/null || fail "report: $(jq -c .prefetch r)"
}

# The same for an app that a glob names: its profile is that of the command, not of the glob.
case_replay_glob() {
	reader_twice 'reade[a-z]*' # and not readlink, which the cases run
	jq -e -s '.[0].prefetch.replayed | .bytes >= 20 * 64 * 4096' r >/dev/null || fail "report: $(jq -c .prefetch r)"
	profiles_are '[.profiles[].command] == ["reader"]'
}

# A profile that three cold runs on end did not make faster is not replayed any more, and the report says so, until four
# more have been cold: then it is tried again.
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
	for i in 4 5 6 7; do
		chill small
		replay "r$i" "$WORKLOADS/steps" r:small:0:16 s:400
		replayed "r$i" '.state == "disabled" and .bytes == 0 and .stopped == null'
	done
	chill small
	replay r8 "$WORKLOADS/steps" r:small:0:16 s:400
	replayed r8 '.state == "done" and .disabled_now == false'
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

# --- apps of others -------------------------------------------------------------------------------------------------------

NOBODY=(setpriv --reuid 65534 --regid 65534 --clear-groups)

# profiles_are JQ-CONDITION: what must be true of the list of profiles.
profiles_are() {
	"${AGENT[@]}" profile list -f json >list || fail "profile list: $(tail -n 1 log)"
	jq -e "$1" list >/dev/null || fail "not true: $1; found $(jq -c '[.profiles[] | {command, uid, container, files}]' list)"
}

# Attaches to an app called reader, which is in this folder and which everybody may run: attach_reader REPORT SECONDS
attach_reader() {
	need fincore
	[ -e reader ] || cp "$WORKLOADS/steps" ./reader
	chmod 755 . reader
	observe_start "$1" --without cpu,memory,io --app reader --app nobody -d "$2"
	attached
}

# A run of another user is recorded under that user, and replayed for that user, with that user's rights.
case_replay_other_user() {
	many_files
	attach_reader r 9
	"${NOBODY[@]}" ./reader "${steps[@]}"
	wait_for 3 sh -c "ls $PROFILES/*.profile" || fail "nothing was recorded"
	profiles_are '.profiles | length == 1 and .[0].uid == 65534 and (.[0].container | not) and .[0].program_bytes > 0'
	chill "${files[@]}"
	"${NOBODY[@]}" ./reader s:1500 "${steps[@]}"
	observed r
	jq -e -s '.[0].prefetch.replayed | .state == "done" and .bytes >= 20 * 64 * 4096 and .coverage >= 0.95' r >/dev/null ||
		fail "report: $(jq -c .prefetch r)"
}

# That run's profile is not root's: what root runs in the same place has one of its own.
case_replay_user_is_key() {
	need fincore
	many_files
	attach_reader r 9
	"${NOBODY[@]}" ./reader "${steps[@]}"
	wait_for 3 sh -c "ls $PROFILES/*.profile" || fail "nothing was recorded"
	chill "${files[@]}"
	./reader s:1500
	observed r
	jq -e -s '.[0].prefetch.replayed | .state == "no profile" and .bytes == 0' r >/dev/null || fail "report: $(jq -c .prefetch r)"
	[ "$(resident f0)" -eq 0 ] || fail "f0 was brought for another user: $(resident f0) pages"
}

# A file that this user may not read stays cold, whatever the profile says; the same profile of root's brings it.
case_replay_no_rights() {
	local user

	need fincore
	file_of 64 open
	file_of 64 secret
	mkdir -m 700 closed
	file_of 64 closed/inside
	chmod 644 open
	chmod 600 secret
	for user in 65534 0; do
		mkdir -p -m 700 "$PROFILES"
		cp "$WORKLOADS/steps" ./reader
		"$here/profile.py" "$PROFILES" reader "$PWD/reader" "$PWD" uid=$user runs=1 "$PWD/open" "$PWD/secret" "$PWD/closed/inside" >id
		chill open secret closed/inside
		attach_reader "r$user" 5
		setpriv --reuid $user --regid $user --clear-groups ./reader s:1500
		observed "r$user"
		[ "$(resident open)" -ge 32 ] || fail "uid $user: open: $(resident open) pages; $(jq -c .prefetch "r$user")"
		jq -e -s ".[0].prefetch.replayed | .state == \"done\" and .refused == $((user ? 2 : 0))" "r$user" \
			>/dev/null || fail "uid $user: $(jq -c .prefetch "r$user")"
		if [ $user -eq 0 ]; then
			[ "$(resident secret)" -ge 32 ] && [ "$(resident closed/inside)" -ge 32 ] || fail "root's own files were not brought"
		else
			[ "$(resident secret)" -eq 0 ] && [ "$(resident closed/inside)" -eq 0 ] ||
				fail "read with root's rights: $(resident secret) and $(resident closed/inside) pages"
		fi
	done
}

# A program that was upgraded starts a new profile.
case_replay_upgraded() {
	need fincore
	many_files 0
	cp "$WORKLOADS/steps" ./reader
	replay r1 ./reader "${steps[@]}"
	touch ./reader
	chill "${files[@]}"
	replay r2 ./reader s:300
	replayed r2 '.state == "no profile" and .bytes == 0'
	[ "$(resident f0)" -eq 0 ] || fail "f0 was brought: $(resident f0) pages"
}

# inside COMMAND...: runs it where ./inside lies upon ./work, seen by nobody else.
inside() {
	unshare -m --propagation private sh -c 'mount --bind inside work && cd work && exec "$@"' sh "$@"
}

# In a container, an app has files of its own by the same paths: these are recorded and brought, and a profile of the
# host's is not used for it, nor its profile for the host.
case_replay_container() {
	local i

	need fincore unshare
	mkdir work inside
	file_of 64 work/f
	for ((i = 0; i < 20; i++)); do
		file_of 64 "inside/f$i"
		steps+=("r:f$i:0:64" s:20)
	done
	attach_reader r1 9
	(cd work && ../reader r:f:0:64)
	wait_for 3 sh -c "ls $PROFILES/*.profile" || fail "nothing was recorded on the host"
	chill work/f
	inside "$PWD/reader" s:300 "${steps[@]}"
	sleep 1
	[ "$(resident work/f)" -eq 0 ] || fail "the host's file was brought for the container: $(resident work/f) pages"
	profiles_are '.profiles | length == 2 and (map(.container) | sort) == [false, true]'
	chill inside/f*
	inside "$PWD/reader" s:1500 "${steps[@]}"
	observed r1
	jq -e -s '.[0].prefetch.replayed | .state == "done" and .bytes >= 20 * 64 * 4096 and .coverage >= 0.95' r1 >/dev/null ||
		fail "report: $(jq -c .prefetch r1)"
	chill inside/f* work/f
	attach_reader r2 4
	(cd work && ../reader s:1500)
	observed r2
	[ "$(resident inside/f0)" -eq 0 ] || fail "the container's file was brought for the host"
	[ "$(resident work/f)" -ge 32 ] || fail "the host's own profile was not used: $(jq -c .prefetch r2)"
}

# The same with a root of its own, an overlay, in a user namespace, as another user: what rootless containers do.
case_replay_rootless() {
	local lower

	need fincore unshare
	new_fs ext4 64
	mkdir -p mnt/lower/bin mnt/lower/src mnt/upper mnt/work mnt/lower/lib64
	cp "$WORKLOADS/steps" mnt/lower/bin/reader
	ldd mnt/lower/bin/reader | grep -o '/[^ ]*' | while read -r lower; do
		mkdir -p "mnt/lower$(dirname "$lower")" && cp -L "$lower" "mnt/lower$lower"
	done
	chmod 755 . mnt mnt/lower
	file_of 64 mnt/lower/src/f
	chown -R 65534:65534 mnt/lower mnt/upper mnt/work
	cat >enter.sh <<-'END'
		mount -t overlay -o lowerdir=mnt/lower,upperdir=mnt/upper,workdir=mnt/work overlay mnt/lower || exit 77
		cd mnt/lower && exec chroot . /bin/reader "$@"
	END
	attach_reader r 9
	"${NOBODY[@]}" unshare -Urm sh enter.sh s:200 r:src/f:0:64
	[ $? -ne 77 ] || skip "no overlay in a user namespace"
	wait_for 3 sh -c "ls $PROFILES/*.profile" || fail "nothing was recorded"
	profiles_are '.profiles | length == 1 and .[0].uid == 65534 and .[0].container and .[0].program == "/bin/reader" and .[0].directory == "/"'
	chill mnt/lower/src/f
	"${NOBODY[@]}" unshare -Urm sh enter.sh s:1500
	observed r
	# memory is reclaimed at any time
	[ "$(resident mnt/lower/src/f)" -ge 48 ] || fail "f: $(resident mnt/lower/src/f) pages; $(jq -c .prefetch r)"
}

# The app may have few processes left before a limit: a replay takes a small part of them.
case_replay_processes() {
	local slow

	need fincore
	many_files 0
	replay r1 "$WORKLOADS/steps" "${steps[@]}"
	chill "${files[@]}"
	group_slow_disk 200
	slow=$group
	group_make pids
	group_set "$group" pids.max 12
	start "${IN[@]}" "$slow" "$group" -- "${AGENT[@]}" -f json -o r2 --without cpu,memory,io -- "$WORKLOADS/steps" "${steps[@]}"
	end_of "$started"
	[ "$status" -eq 0 ] || fail "exit status $status"
	check_report r2
	replayed r2 '.state == "done" and .bytes > 0'
	grep -qx 'max 0' "$group/pids.events" || fail "the group was full: $(cat "$group/pids.events")"
}

# Where a file system of a user's hangs, nobody can end the replay: nobody waits for it either, nor for what it would write.
case_replay_hangs() {
	local fs

	need fincore
	[ -e /dev/fuse ] || skip "no FUSE"
	mkdir mnt
	start python3 "$here/stuck_fs.py" mnt "$PWD/hang" >fs.out
	fs=$started
	wait_for 10 grep -q ready fs.out || skip "no FUSE file system can be mounted"
	replay r1 "$WORKLOADS/steps" r:mnt/f:0:64
	chill mnt/f
	touch hang
	{
		"${AGENT[@]}" -o r2 -f json --without cpu,memory,io -- "$WORKLOADS/steps" s:500 2>&1 | cat
		[ -e fs.ended ] || echo in time >ended
	} &
	wait_for 10 pgrep -x accel-replay || fail "nothing is replayed"
	wait_for 15 [ -e ended ]
	touch fs.ended
	kill "$fs"
	wait_for 10 umount mnt || fail "somebody still has files of it"
	[ -e ended ] || fail "somebody waits for the replay"
	replayed r2 '.state == "done" and .stopped == "app ended"'
}

# What a replay needs for itself is not taken from the app's memory, of which there may be little.
case_replay_small_group() {
	local deep events

	need fincore
	cp "$WORKLOADS/steps" ./reader
	deep=$PWD/$(printf 'd%.0s' {1..250})
	mkdir -p "$deep" && file_of 1 "$deep/f"
	mkdir -p -m 700 "$PROFILES"
	python3 -c 'import runpy, sys; sys.argv = sys.argv[1:6] + sys.argv[6:] * 12000; runpy.run_path(sys.argv[0], {}, "__main__")' \
		"$here/profile.py" "$PROFILES" reader "$PWD/reader" "$PWD" "$deep/f" || fail "no profile was written"
	group_memory $((4 << 20))
	attach_reader r 5
	"${IN[@]}" "$group" -- ./reader s:2000
	observed r
	events=$group/memory.oom_control
	[ "$version" -eq 1 ] || events=$group/memory.events
	grep -qx 'oom_kill 0' "$events" || fail "out of memory: $(tr '\n' ' ' <"$events")"
	jq -e -s '.[0].prefetch.replayed.state == "done"' r >/dev/null || fail "report: $(jq -c .prefetch r)"
}
