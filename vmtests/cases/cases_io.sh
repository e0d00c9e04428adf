# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
# warm, recording and replaying on file systems, disks and settings that a test machine need not have: broken blocks, a
# slow disk, a full one, io_uring switched off. The helpers are those of cases_warm.sh, cases_record.sh and
# cases_replay.sh.

# --- an app -------------------------------------------------------------------------------------------------------------

# An app of a program and 20 files of 256 KiB, in ./mnt/app; what it does is in the array app_steps, and what its
# profile has to say of the files is in $app_ranges.
make_app() {
	local i

	mkdir -p mnt/app/data
	cp "$WORKLOADS/steps" mnt/app/
	app_steps=()
	app_ranges=
	for i in {01..20}; do
		head -c 262144 /dev/urandom >"mnt/app/data/$i" || fail "no room for the app"
		app_steps+=("r:data/$i:0:64" s:10)
		app_ranges+="${app_ranges:+ }$i:0:64"
	done
	sync -f mnt/app
}

# run_app REPORT: it has nothing but prefetching.
run_app() {
	(cd mnt/app && observe "../../$1" -q --without cpu,memory,io -- ./steps s:200 "${app_steps[@]}") || exit 1
}

# Nothing of the app is in memory then.
mount_anew() {
	umount mnt || fail "mnt is busy"
	"$@" || fail "it cannot be mounted again: $(tail -n 1 log)"
	count_missing mnt/app
	[ "$missing" -eq "$pages" ] || fail "mounted anew, $((pages - missing)) of $pages pages are in memory"
}

# app_on_disk FOLDER MOUNT...: warm, a recorded run and a replayed one, each after MOUNT. FOLDER is what profiles say.
app_on_disk() {
	local folder=$1

	shift
	mount_anew "$@"
	warm 0 -f json mnt/app
	[ ! -s err ] || fail "warm says $(cat err)"
	summary '.errors == 0 and .files == 21 and .read.files == 21 and .read.bytes == .bytes and .bytes > 20 * 262144'
	missing_is 0 mnt/app
	warm 0 -f json mnt/app
	summary '.read.files == 0 and .resident.files == 21'

	mount_anew "$@"
	run_app first
	holds first '.prefetch.recorded | .state == "written" and .lost == 0 and .files >= 21
		and .left_out.dropped_ranges == 0' .prefetch
	only_profile
	has_ranges "$folder" "$app_ranges"
	mount_anew "$@"
	run_app second
	replayed second '.state == "done" and .failed_bytes == 0 and .bytes >= 20 * 262144 and .coverage >= 0.8'
	umount mnt || fail "mnt is busy"
}

# --- every file system --------------------------------------------------------------------------------------------------

case_io_ext4() {
	new_fs ext4 64
	make_app
	app_on_disk "$PWD/mnt/app/data" mount "$loop" mnt
}

case_io_xfs() {
	new_fs xfs 320
	make_app
	app_on_disk "$PWD/mnt/app/data" mount "$loop" mnt
}

# In a subvolume, whose files have a device of their own.
case_io_btrfs() {
	new_fs btrfs 128
	btrfs -q subvolume create mnt/app || fail "no subvolume can be made"
	make_app
	app_on_disk "$PWD/mnt/app/data" mount "$loop" mnt
}

mount_layers() {
	! mountpoint -q disk || umount disk
	mount "$loop" disk && mount -t overlay -o "lowerdir=disk/lower,upperdir=disk/upper,workdir=disk/work" overlay mnt
}

# The app lies in the lower layer.
case_io_overlay() {
	modprobe overlay
	new_fs ext4 64
	make_app
	mkdir -p mnt/lower mnt/upper mnt/work disk
	mv mnt/app mnt/lower/
	mounts+=("$PWD/disk" "$PWD/mnt")
	app_on_disk "$PWD/disk/lower/app/data" mount_layers
}

# There is no disk behind it: nothing to read, nothing to record.
case_io_tmpfs() {
	mkdir mnt
	mount -t tmpfs tmpfs mnt || fail "no tmpfs"
	mounts+=("$PWD/mnt")
	make_app
	warm 0 -f json mnt/app
	[ ! -s err ] || fail "warm says $(cat err)"
	summary '.errors == 0 and .read.files == 0 and .resident.files == 21'
	run_app first
	holds first '.prefetch.recorded | .state == "warm" or .files <= 2' .prefetch
	! grep -qs "$PWD/mnt" "$PROFILES"/* || fail "files of a tmpfs are in the profile"
	umount mnt || fail "mnt is busy"
}

# --- broken blocks ------------------------------------------------------------------------------------------------------

# An ext4 on a device that can break or become slow, named $disk: mapped_fs MIB
mapped_fs() {
	disk=accel-test-$ACCEL_TEST_RUN
	truncate -s "$1M" disk.img
	loop_over disk.img
	sectors=$(($1 * 2048))
	mapped_device "$disk" <<<"0 $sectors linear $loop 0"
	mkfs.ext4 -q -b 1024 "$mapping" || fail "mkfs.ext4 fails: $(tail -n 3 log)"
	mkdir mnt
	mount_mapped || fail "it cannot be mounted"
	mounts+=("$PWD/mnt")
}

mount_mapped() {
	mount "$mapping" mnt
}

# broken_table FROM NUMBER: all of the loop device, but for so many sectors.
broken_table() {
	echo "0 $1 linear $loop 0"
	echo "$1 $2 error"
	echo "$(($1 + $2)) $((sectors - $1 - $2)) linear $loop $(($1 + $2))"
}

# The sector in which the second MiB of a file starts; blocks are 1 KiB.
middle_of() {
	filefrag -v -b1024 "$1" |
		awk -F'[ .:]+' '$2 ~ /^[0-9]+$/ && $3 <= 1024 && $4 >= 1024 { print ($5 + 1024 - $3) * 2; exit }'
}

# An app that goes on when a file cannot be read: run_reader STATUS REPORT
run_reader() {
	(cd mnt/app && "${AGENT[@]}" -q -f json -o "../../$2" --without cpu,memory,io -- sh -c \
		'for file in data/*; do cat "$file" >/dev/null || status=1; sleep 0.03; done; exit ${status:-0}') 2>err
	status=$?
	[ "$status" -eq "$1" ] || fail "exit status $status instead of $1: $(tail -n 2 err)"
	check_report "$2"
}

# A file with broken blocks: all others are read, and what failed is counted and named.
case_io_errors() {
	local sector

	mapped_fs 64
	make_app
	for i in 1 2 3 4 5; do
		head -c 4194304 /dev/urandom >"mnt/app/data/large$i"
	done
	mount_anew mount_mapped
	run_reader 0 first
	sector=$(middle_of mnt/app/data/large3)
	[ "$sector" -gt 0 ] || fail "where large3 lies is not known: $(filefrag -v mnt/app/data/large3)"
	mount_anew mount_mapped
	remap_device "$disk" < <(broken_table "$sector" 16)

	warm 1 -f json mnt/app
	summary '.errors == 1 and .first_errors[0].error == "Input/output error" and .files == 26 and .read.files == 25'
	summary '.read.bytes >= .bytes - 4 * 1048576 and .read.bytes < .bytes'
	grep -q 'data/large3: Input/output error$' err && [ "$(wc -l <err)" -eq 1 ] || fail "stderr: $(cat err)"
	missing_is 0 mnt/app/steps mnt/app/data/[0-9]* mnt/app/data/large[1245]
	warm 1 -f json mnt/app
	summary '.errors == 1 and .resident.files == 25'

	mount_anew mount_mapped
	run_reader 1 second
	replayed second '.state == "done" and .failed_bytes > 0 and .failed_bytes <= 4194304 and .bytes > 20000000'
	missing_is 0 mnt/app/data/[0-9]* mnt/app/data/large[1245]
	umount mnt || fail "mnt is busy"
}

# --- a slow disk --------------------------------------------------------------------------------------------------------

# Every request takes a millisecond or more, as on a disk in a network: what a cold start waits for, a replay has read
# before, many pages at a time.
case_io_slow() {
	local i

	modprobe dm_delay
	mapped_fs 64
	mkdir mnt/app
	cp "$WORKLOADS/steps" mnt/app/
	app_steps=()
	for i in 1 2 3 4; do
		head -c 8388608 /dev/urandom >"mnt/app/$i" || fail "no room for the app"
	done
	# pages far apart, in no order: nothing that readahead would bring
	for ((i = 0; i < 600; i++)); do
		app_steps+=("r:$((i % 4 + 1)):$((i * 997 % 2048)):1")
	done
	sync -f mnt/app
	mount_anew mount_mapped
	remap_device "$disk" <<<"0 $sectors delay $loop 0 1"
	run_app first
	replayed first '.state == "no profile" and .bytes == 0 and .coverage == null'
	holds first '.prefetch.recorded | .state == "written" and .lost == 0' .prefetch
	holds first '.wall.disk > 0.6'
	first_is first disk-read
	mount_anew mount_mapped
	run_app second
	replayed second '.state == "done" and .stopped == "done" and .failed_bytes == 0 and .bytes >= 600 * 4096'
	replayed second '.coverage >= 0.95 and .timely >= 0.95 and (.accuracy == null or .accuracy >= 0.95)'
	# an app that does nothing but read needs less of the CPU, too: then the two runs may not be comparable
	replayed second '.wait_seconds < .wait_seconds_without / 4 and (.gain_percent == null or .gain_percent > 30)'
	holds second ".wall_seconds < $(num first .wall_seconds) / 2 and .wall.disk < $(num first .wall.disk) / 4"
	umount mnt || fail "mnt is busy"
}

# --- a full disk --------------------------------------------------------------------------------------------------------

# A profile that has no room: the earlier one stays, the report says why, and the next run with room writes again.
case_io_full() {
	local before

	mount -t tmpfs -o size=64k,mode=700 tmpfs /var/lib/accel-agent || fail "no tmpfs"
	mounts+=(/var/lib/accel-agent)
	new_fs ext4 64
	make_app
	mount_anew mount "$loop" mnt
	run_app first
	only_profile
	before=$(md5sum "$profile")
	dd if=/dev/zero of=/var/lib/accel-agent/filler bs=4k status=none 2>/dev/null
	head -c 262144 /dev/urandom >mnt/app/data/new
	app_steps+=(r:data/new:0:64)
	mount_anew mount "$loop" mnt
	run_app second
	holds second '.prefetch.recorded | .state == "failed" and .error == "No space left on device"' .prefetch.recorded
	replayed second '.state == "done" and .bytes >= 20 * 262144'
	[ "$(md5sum "$profile")" = "$before" ] || fail "the earlier profile has changed"
	rm /var/lib/accel-agent/filler
	mount_anew mount "$loop" mnt
	run_app third
	holds third '.prefetch.recorded.state == "written"' .prefetch.recorded
	only_profile
	has_ranges "$PWD/mnt/app/data" "new:0:64 $app_ranges"
}

# --- io_uring switched off ----------------------------------------------------------------------------------------------

# Threads read then, and not a word is said about it on stderr.
case_io_uring_off() {
	local setting=/proc/sys/kernel/io_uring_disabled

	[ -e $setting ] || skip "this kernel cannot switch io_uring off: it has no $setting"
	new_fs ext4 64
	make_app
	mount_anew mount "$loop" mnt
	run_app first
	trap "echo 0 >$setting; case_end" EXIT
	echo 2 >$setting
	mount_anew mount "$loop" mnt
	warm 0 -f json mnt/app
	[ ! -s err ] || fail "warm says $(cat err)"
	summary '.read.files == 21 and .errors == 0 and .backend == "threads (io_uring: Operation not permitted)"'
	missing_is 0 mnt/app
	mount_anew mount "$loop" mnt
	run_app second
	[ ! -s second.err ] || fail "stderr: $(cat second.err)"
	replayed second '.state == "done" and .bytes >= 20 * 262144 and .coverage >= 0.8'
	replayed second '.engine == "threads (io_uring: Operation not permitted)"'
}
