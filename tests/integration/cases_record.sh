# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
# What a run read from the disk, against the steps of a workload that reads known pages, and against the page cache
# itself (fincore). Profiles are read by profile_ranges.py, which shares nothing with the agent.

PROFILES=/var/lib/accel-agent/profiles

# --- files and their pages ------------------------------------------------------------------------------------------------

# file_of PAGES PATH: a file of so many pages, on the disk and not in the page cache.
file_of() {
	dd if=/dev/urandom of="$2" bs=4096 count="$1" status=none conv=fsync || fail "no room for $2"
	chill "$2"
}

# Drops files from the page cache.
chill() {
	local path

	for path; do
		sync "$path"
		dd if="$path" iflag=nocache count=0 status=none
		[ "$(resident "$path")" -eq 0 ] || skip "$path cannot be dropped from the page cache"
	done
}

# Pages of a file in the page cache.
resident() {
	fincore -n -o PAGES "$1" | tr -d ' '
}

# --- profiles -------------------------------------------------------------------------------------------------------------

# record REPORT STEP...: a run of the steps, which must be recorded.
record() {
	local report=$1

	shift
	observe "$report" --without cpu,memory,io -- "$WORKLOADS/steps" "$@"
}

# The only profile: its path is in $profile, its contents are in the file "profile".
only_profile() {
	set -- "$PROFILES"/*
	[ $# -eq 1 ] && [ -f "$1" ] || fail "expected one profile, found: $*"
	profile=$1
	show_profile "$1"
}

show_profile() {
	python3 "$here/profile_ranges.py" "$1" >profile || fail "$1 cannot be read: $(tail -n 1 log)"
}

# ranges_of FOLDER: the ranges of files in it, one "NAME:PAGE:PAGES" each, in their order, on one line.
ranges_of() {
	awk -v folder="$1/" '$1 != "key" && index($5, folder) == 1 { printf "%s%s:%s:%s", n++ ? " " : "", substr($5, length(folder) + 1), $1, $2 }' \
		profile
}

# has_ranges FOLDER EXPECTED
has_ranges() {
	local found

	found=$(ranges_of "$1")
	[ "$found" = "$2" ] || fail "expected ranges $2 below $1, found ${found:-none}"
}

state_is() {
	[ "$(num "$1" .prefetch.recorded.state)" = "$2" ] || fail "expected state $2, found $(num "$1" .prefetch)"
}

# --- cases ----------------------------------------------------------------------------------------------------------------

# What was read and mapped, page by page, in the order of first use; and the page cache has just that.
case_record_ranges() {
	need fincore
	file_of 256 a
	file_of 256 b
	record r r:a:10:4 s:150 r:b:200:1 s:150 m:a:100:2 s:150 r:a:14:2 r:a:12:4
	state_is r written
	only_profile
	has_ranges "$PWD" "a:10:4 b:200:1 a:100:2 a:14:2"
	[ "$(resident a)" -eq 8 ] && [ "$(resident b)" -eq 1 ] || fail "the page cache has $(resident a) and $(resident b) pages"
	holds r '.prefetch.recorded | .lost == 0 and .runs == 1 and .error == null and .left_out.dropped_ranges == 0' .prefetch
	[ "$(num r '.prefetch.recorded.ranges')" -eq $(($(wc -l <profile) - 1)) ] || fail "report: $(num r .prefetch)"
	grep -q "^key 1 [1-9][0-9]* steps $WORKLOADS/steps $PWD\$" profile || fail "key: $(head -n 1 profile)"
	[ "$(stat -c '%a %u' "$PROFILES")" = "700 0" ] || fail "$PROFILES: $(stat -c '%a %u' "$PROFILES")"
	[ "$(stat -c '%a' "$profile")" = 600 ] || fail "$profile: mode $(stat -c '%a' "$profile")"
}

# What one process read first comes first, though it kept on running when another read.
case_record_order() {
	need fincore
	file_of 8 a
	file_of 8 b
	observe r --without cpu,memory,io -- sh -c '"$0" r:a:1:1 s:900 & "$0" s:400 r:b:2:1; wait' "$WORKLOADS/steps"
	only_profile
	has_ranges "$PWD" "a:1:1 b:2:1"
}

# Readahead is recorded, too: all that the page cache got is in the profile.
case_record_readahead() {
	local pages

	need fincore
	file_of 2048 a
	observe r --without cpu,memory,io -- cat a
	only_profile
	pages=$(awk -v path="$PWD/a" '$5 == path { n += $2 } END { print n }' profile)
	[ "$(resident a)" -eq 2048 ] && [ "$pages" -eq 2048 ] || fail "page cache: $(resident a) pages, profile: $pages"
}

# Who reads a page again and again is watched less closely: what it misses then is recorded all the same.
case_record_hot() {
	need fincore
	file_of 8 hot
	file_of 256 a
	file_of 256 b
	cat >hot.py <<-'END'
		import os, time
		fds = {name: os.open(name, os.O_RDONLY) for name in ("hot", "a", "b")}
		for name in ("a", "b"):
		    os.posix_fadvise(fds[name], 0, 0, os.POSIX_FADV_RANDOM)
		    end = time.monotonic() + 1.6
		    while time.monotonic() < end:
		        for _ in range(1000):
		            os.pread(fds["hot"], 4096, 0)
		    os.pread(fds[name], 8192, 409600)
	END
	observe r --without cpu,memory,io -- python3 hot.py
	only_profile
	case $(ranges_of "$PWD") in
	*"a:100:2 b:100:2") ;;
	*) fail "pages that were read are not recorded: $(ranges_of "$PWD")" ;;
	esac
}

# What the run made, replaced, appended to or deleted is not there to be read next time.
case_record_outputs() {
	need fincore
	file_of 8 in
	file_of 8 log
	file_of 8 old
	sleep 0.1
	record r r:in:0:2 r:log:0:1 a:log:10 r:old:0:1 u:old w:out:8192 d:out r:out:0:2 w:tmp:4096 d:tmp r:tmp:0:1 u:tmp
	only_profile
	has_ranges "$PWD" "in:0:2"
	holds r '.prefetch.recorded.left_out | .outputs == 2 and .gone == 2' .prefetch
}

# A file that is written through a map is an output as well.
case_record_mapped_output() {
	need fincore
	file_of 8 db
	sleep 0.1
	cat >write.py <<-'END'
		import mmap
		with open("db", "r+b") as f:
		    m = mmap.mmap(f.fileno(), 0)
		    m[4096] = 1
		    m.flush()
	END
	chill db
	observe r --without cpu,memory,io -- python3 write.py
	for profile in "$PROFILES"/*; do
		[ -e "$profile" ] || continue # an empty folder, or none
		show_profile "$profile"
		has_ranges "$PWD" ""
	done
	holds r '.prefetch.recorded.left_out.outputs == 1' .prefetch
}

# A run that finds everything in memory leaves the profile as it was, one that misses a little adds to it.
case_record_warm() {
	local before

	need fincore
	file_of 64 a
	file_of 64 b
	record r r:a:0:8 s:150 r:b:0:8
	only_profile
	before=$(cksum <"$profile")
	record r2 r:a:0:8 s:150 r:b:0:8
	state_is r2 warm
	[ "$before" = "$(cksum <"$profile")" ] || fail "a warm run changed the profile"
	record r3 r:a:0:8 s:150 r:b:32:2 r:b:0:8
	state_is r3 written
	only_profile
	[ "$(ranges_of "$PWD" | tr ' ' '\n' | sort | tr '\n' ' ')" = "a:0:8 b:0:8 b:32:2 " ] || fail "ranges: $(ranges_of "$PWD")"
}

# Every process of the app counts, and any name: long, with a newline, no UTF-8, deep, in a folder of a thousand.
case_record_names() {
	local long deep i newline=$'new\nline' bytes=$'\xff\xfe'

	need fincore
	long=$(printf 'l%.0s' {1..250})
	deep=$(printf 'deep/%.0s' {1..20})
	mkdir -p "$deep" many
	(cd many && seq 1000 | xargs touch)
	for i in "$long" "$newline" "$bytes" "${deep}x" many/500; do
		rm -f "$i"
		file_of 2 "$i"
	done
	observe r --without cpu,memory,io -- sh -c 'for f; do (cat "$f" & wait) & wait; done >/dev/null' sh "$long" "$newline" "$bytes" "${deep}x" many/500
	only_profile
	has_ranges "$PWD" "$long:0:2 new%0Aline:0:2 %FF%FE:0:2 ${deep}x:0:2 many/500:0:2"
	grep -q "^key [^ ]* [^ ]* sh $(readlink -f "$(command -v sh)") $PWD\$" profile || fail "key: $(head -n 1 profile)"
}

# With --app, each run from the first process to the last is one recording, by program and folder. (Another app, which
# never comes, keeps the agent waiting.)
case_record_app() {
	local n

	need fincore
	mkdir one two
	file_of 8 one/a
	file_of 8 two/b
	cp "$WORKLOADS/steps" ./reader
	observe_start r --without cpu,memory,io --app reader --app nobody -d 4
	attached
	(cd one && ../reader r:a:0:1 s:200 r:a:4:1)
	sleep 1
	(cd two && ../reader r:b:2:2)
	observed r
	n=$(ls "$PROFILES" | wc -l)
	[ "$n" -eq 2 ] || fail "expected two profiles, found $n"
	jq -e -s '.[0].prefetch.recorded | .runs == 2 and .state == "written"' r >/dev/null || fail "report: $(jq -c .prefetch r)"
	for profile in "$PROFILES"/*; do
		show_profile "$profile"
		case $(head -n 1 profile) in
		*"$PWD/one") has_ranges "$PWD/one" "a:0:1 a:4:1" ;;
		*"$PWD/two") has_ranges "$PWD/two" "b:2:2" ;;
		*) fail "key: $(head -n 1 profile)" ;;
		esac
	done
}

# What runs already was not seen from its start, and is not recorded; nor is what joins it.
case_record_joined() {
	need fincore
	file_of 8 a
	file_of 8 b
	cp "$WORKLOADS/steps" ./reader
	start ./reader s:3000 r:a:0:1
	observe_start r --without cpu,memory,io --app reader
	attached
	./reader r:b:0:1
	observed r
	state_is r nothing
	[ ! -e "$PROFILES" ] || fail "a profile was written"
}

# Where nothing may be changed, or no prefetching is wanted, nothing is recorded.
case_record_off() {
	need fincore
	file_of 8 a
	observe r --dry-run -- "$WORKLOADS/steps" r:a:0:1
	holds r '.prefetch == null' .prefetch
	chill a
	observe r --without prefetch -- "$WORKLOADS/steps" r:a:0:1
	holds r '.prefetch == null' .prefetch
	[ ! -e "$PROFILES" ] || fail "a profile was written"
}

# Ten runs on end do not mix: what each missed is in its own profile, by folder; also of a file that all of them read.
case_record_many() {
	local i

	need fincore
	file_of 16 common
	for i in {1..10}; do
		mkdir "$i"
		file_of 4 "$i/f"
	done
	cp "$WORKLOADS/steps" ./reader
	observe_start r --without cpu,memory,io --app reader --app nobody -d 8
	attached
	for i in {1..10}; do
		(cd "$i" && ../reader "r:f:1:2" "r:../common:$i:1")
		chill common
		sleep 0.4
	done
	observed r
	[ "$(ls "$PROFILES" | wc -l)" -eq 10 ] || fail "expected ten profiles: $(ls "$PROFILES")"
	for profile in "$PROFILES"/*; do
		show_profile "$profile"
		i=$(awk '{ sub(".*/", "", $NF); print $NF; exit }' profile)
		has_ranges "$PWD/$i" "f:1:2"
		grep -q "^$i 1 1 0 $PWD/common\$" profile || fail "run $i: its pages of common: $(grep common profile)"
	done
}

# When too many records are lost, the profile that there is stays as it is.
case_record_lost() {
	need fincore
	file_of 20000 a
	cat >scatter.py <<-'END'
		import os, signal, sys, time
		agent = int(open("agent").read())
		f = os.open("a", os.O_RDONLY)
		os.posix_fadvise(f, 0, 0, os.POSIX_FADV_RANDOM)
		os.kill(agent, signal.SIGSTOP)
		for page in range(0, 20000, 2):
		    os.pread(f, 4096, page * 4096)
		os.kill(agent, signal.SIGCONT)
	END
	cat >start.sh <<-'END'
		echo $PPID >agent
		exec python3 scatter.py
	END
	observe r --without cpu,memory,io --ring-size 64 -- sh start.sh
	state_is r incomplete
	holds r '.prefetch.recorded.lost > 1000' .prefetch
	[ ! -e "$PROFILES" ] || [ -z "$(ls "$PROFILES")" ] || fail "a profile was written"
}

# The record of the end is lost, but none of what was missed: the ledger tells when it ended, so the run is as good as others.
# The agent is stopped until the app is dead, and the ring of what it does besides reading is full long before.
case_record_lost_end() {
	need fincore
	file_of 64 a
	cat >forks.sh <<-'END'
		"$1/steps" r:a:3:2
		echo $$ >pid
		kill -STOP "$PPID"
		until grep -q '^State:.T' "/proc/$PPID/status"; do
			:
		done
		i=0
		while [ $i -lt 500 ]; do
			(:)
			i=$((i + 1))
		done
	END
	observe_start r --without cpu,memory,io --ring-size 16 -- sh forks.sh "$WORKLOADS"
	agent_pid "$observer"
	wait_for 30 dead_but_there || fail "the app did not end"
	kill -CONT "$agent"
	observed r
	holds r '.agent.lost.end == 1 and .agent.lost.miss == 0' .agent.lost
	state_is r written
	only_profile
	has_ranges "$PWD" "a:3:2"
	"$ACCEL_AGENT" profile show -f json forks.sh >shown || fail "it cannot be shown"
	[ "$(jq '[.. | .cold_seconds? | numbers | select(. > 0)] | length' shown)" -eq 1 ] ||
		fail "how long it took is not known: $(cat shown)"
}

# What the agent started last has ended, and the agent does not know yet.
dead_but_there() {
	[ -s pid ] && grep -q '^State:.Z' "/proc/$(cat pid)/status"
}

# --- file systems ---------------------------------------------------------------------------------------------------------

# A new file system on a loop device, mounted at ./mnt: new_fs TYPE MIB [OPTION...] of mount
new_fs() {
	local type=$1 mib=$2

	shift 2
	need "mkfs.$type" fincore
	grep -qw "$type" /proc/filesystems || modprobe "$type" 2>/dev/null || skip "this kernel has no $type"
	truncate -s "${mib}M" disk.img
	loop_over disk.img
	mkfs."$type" -q "$loop" || skip "mkfs.$type fails"
	mkdir -p mnt
	mount "$@" "$loop" mnt || skip "$type cannot be mounted"
	mounts+=("$PWD/mnt")
}

# Reads known pages of a file at PATH below mnt, and expects its profile to name that path.
record_on_fs() {
	file_of 64 "$1"
	record r "r:$1:3:2" s:150 "m:$1:40:1"
	only_profile
	has_ranges "$PWD/mnt" "${1#mnt/}:3:2 ${1#mnt/}:40:1"
}

case_record_ext4() {
	new_fs ext4 64
	mkdir -p mnt/d/e
	record_on_fs mnt/d/e/f
}

case_record_xfs() {
	new_fs xfs 320
	mkdir -p mnt/d/e
	record_on_fs mnt/d/e/f
}

# Also in a subvolume, whose files have a device of their own, and through a mount of only that.
case_record_btrfs() {
	new_fs btrfs 128
	need btrfs
	record_on_fs mnt/f
	rm -r "$PROFILES"
	btrfs -q subvolume create mnt/sub || skip "no subvolume can be made"
	mkdir mnt/sub/d
	record_on_fs mnt/sub/d/f
	rm -r "$PROFILES"
	umount mnt
	mount -o subvol=sub "$loop" mnt || skip "the subvolume cannot be mounted"
	record_on_fs mnt/d/g
}

# Inodes and folders of a file system that was just mounted come as pages of its device.
case_record_metadata() {
	new_fs ext4 64
	mkdir mnt/d
	(cd mnt/d && seq 2000 | xargs touch)
	umount mnt
	mount "$loop" mnt || fail "mount"
	observe r --without cpu,memory,io -- find mnt -newer /
	only_profile
	awk -v path="$loop" '$4 == 1 && $5 == path && $1 < 16384 { n += $2 } END { exit n < 20 }' profile ||
		fail "pages of $loop: $(awk '$4 == 1' profile | head -n 5)"
}

# A file of a layer is found where the layer is: what is read there is in the page cache for the overlay as well.
case_record_overlay() {
	local path

	need fincore
	grep -qw overlay /proc/filesystems || modprobe overlay 2>/dev/null || skip "this kernel has no overlayfs"
	mkdir -p lower/d upper/d work mnt
	file_of 64 lower/d/low
	file_of 64 upper/d/up
	mount -t overlay -o "lowerdir=$PWD/lower,upperdir=$PWD/upper,workdir=$PWD/work" overlay mnt || skip "no overlay can be mounted"
	mounts+=("$PWD/mnt")
	record r r:mnt/d/low:3:2 s:150 r:mnt/d/up:7:1
	only_profile
	has_ranges "$PWD" "lower/d/low:3:2 upper/d/up:7:1"
	chill mnt/d/low lower/d/low
	path=$(awk '$5 ~ /low$/ { print $5; exit }' profile)
	dd if="$path" bs=4096 skip=3 count=2 status=none of=/dev/null
	[ "$(resident mnt/d/low)" -ge 2 ] || fail "what is read from $path is not in the overlay"
}

# Where the layers themselves are out of sight, as in a container, the overlay's own paths are recorded.
case_record_overlay_inside() {
	need fincore
	grep -qw overlay /proc/filesystems || modprobe overlay 2>/dev/null || skip "this kernel has no overlayfs"
	new_fs ext4 64
	mkdir -p mnt/store/lower/d mnt/store/upper mnt/store/work inside
	file_of 64 mnt/store/lower/d/f
	mount -t overlay -o "lowerdir=$PWD/mnt/store/lower,upperdir=$PWD/mnt/store/upper,workdir=$PWD/mnt/store/work" overlay inside ||
		skip "no overlay can be mounted"
	mounts+=("$PWD/inside")
	umount mnt || umount -l mnt
	record r r:inside/d/f:3:2
	only_profile
	has_ranges "$PWD" "inside/d/f:3:2"
}

# A bind mount of a folder: any path will do that opens the file.
case_record_bind() {
	local path

	need fincore
	mkdir -p real bound
	file_of 64 real/f
	mount --bind real bound || skip "no bind mount"
	mounts+=("$PWD/bound")
	record r r:bound/f:3:2
	only_profile
	path=$(awk -v folder="$PWD" 'index($5, folder) == 1 { print $5; exit }' profile)
	[ "$path" = "$PWD/real/f" ] || [ "$path" = "$PWD/bound/f" ] || fail "path: $path"
}
