# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
# accel-agent warm, on real files: what is in the page cache after it, and what it says.

# make_tree FOLDERS FILES KIB: a tree, in ./tree, of so many folders with so many files each, none of it in memory.
make_tree() {
	python3 - "$@" <<-'END'
		import os, sys
		folders, files, kib = map(int, sys.argv[1:])
		noise = os.urandom(1 << 20)
		for i in range(folders):
		    os.makedirs(f"tree/{i}/deep")
		    for k in range(files):
		        with open(f"tree/{i}/deep/{k}" if k % 2 else f"tree/{i}/{k}", "wb") as file:
		            for _ in range(kib // 1024):
		                file.write(noise)
		            file.write(noise[:kib % 1024 * 1024])
	END
	[ $? -eq 0 ] || fail "no room for the tree"
	evict tree
}

evict() {
	python3 "$here/pages.py" evict "$@" || fail "pages cannot be dropped"
	count_missing "$@"
	[ "$missing" -gt 0 ] || skip "the file system keeps its pages in memory"
}

# Sets $missing: pages that are not in memory, and $pages: all.
count_missing() {
	read -r missing pages < <(python3 "$here/pages.py" missing "$@")
}

# missing_is PAGES PATH...: so many pages are not in memory. A kernel that reclaims cold pages in time (DAMON) may have
# taken a few of those that were just read.
missing_is() {
	local want=$1

	shift
	count_missing "$@"
	[ "$missing" -ge "$want" ] && [ "$missing" -le $((want + 1 + pages / 50)) ] ||
		fail "$missing of $pages pages of $* are not in memory, instead of $want: $(head -c 1000 out)"
}

# warm STATUS ARGUMENT...: its stdout is in ./out, its stderr in ./err.
warm() {
	local want=$1

	shift
	"${AGENT[@]}" warm "$@" >out 2>err
	status=$?
	[ "$status" -eq "$want" ] || fail "exit status $status instead of $want: $(cat err)"
}

# summary CONDITION: of the JSON in ./out.
summary() {
	jq -e "$1" out >/dev/null || fail "not true: $1; found $(head -c 2000 out)"
}

case_warm_resident() {
	make_tree 10 20 70
	warm 0 -f json tree
	missing_is 0 tree
	summary '.schema == "accel-agent.warm/1" and .files == 200 and .read.files == 200 and .read.bytes == 200 * 70 * 1024'
	summary '.resident.files == 0 and .errors == 0 and .stopped == null and (.backend | length) > 0 and .seconds > 0'
	[ ! -s err ] || fail "stderr: $(cat err)"
	warm 0 -f json tree
	summary '.read.files <= 4 and .resident.files >= 196 and .resident.bytes >= 196 * 70 * 1024'
}

# The pages of overlayfs are those of other files: what is in memory is found there, too.
case_warm_overlay() {
	make_tree 2 5 20
	mkdir upper work merged
	unshare -m --propagation private bash -c '
		mount -t overlay -o lowerdir=tree,upperdir=upper,workdir=work overlay merged || exit 77
		"$1" warm -f json merged >first && "$1" warm -f json merged >out
	' sh "$ACCEL_AGENT" 2>err
	status=$?
	[ "$status" -ne 77 ] || skip "overlayfs cannot be mounted here"
	[ "$status" -eq 0 ] || fail "exit status $status: $(cat err)"
	jq -e '.read.files == 10 and .resident.files == 0' first >/dev/null || fail "cold: $(cat first)"
	summary '.read.files == 0 and .resident.files == 10 and .resident.bytes == 10 * 20480'
}

# A large file, a part of which is in memory.
case_warm_large_file() {
	mkdir tree
	dd if=/dev/urandom of=tree/large bs=1M count=40 status=none
	evict tree
	dd if=tree/large of=/dev/null bs=1M skip=10 count=10 status=none
	warm 0 tree/large
	missing_is 0 tree
	grep -q '^read 1 file, ' out || fail "$(cat out)"
}

# What was in memory does not count as read, even where it lies in the middle of what is.
case_warm_partly() {
	mkdir tree
	dd if=/dev/urandom of=tree/large bs=1M count=7 status=none
	head -c 30000 tree/large >tree/small
	evict tree
	python3 - <<-'END'
		import os
		for name, offset in (("tree/large", 2500 << 10), ("tree/small", 8192)):
		    fd = os.open(name, os.O_RDONLY)
		    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_RANDOM)
		    os.pread(fd, 8192, offset)
	END
	count_missing tree
	[ "$missing" -lt "$pages" ] || skip "the kernel keeps nothing"
	warm 0 -f json tree
	summary '.read == .planned and .read.files == 2 and .read.bytes + .resident.bytes == .bytes and .after.bytes == .read.bytes'
	missing_is 0 tree
}

# Holes, and space that was never written, are on no disk: neither planned, nor read, nor counted.
case_warm_holes() {
	mkdir tree
	truncate -s 4G tree/holes tree/sparse
	dd if=/dev/urandom of=tree/sparse bs=1M count=3 seek=1001 conv=notrunc status=none
	dd if=/dev/urandom of=tree/sparse bs=4k count=1 seek=7 conv=notrunc status=none
	fallocate -l 8M tree/reserved || skip "the file system reserves no space"
	python3 - <<-'END'
		import os
		fd = os.open("tree/sparse", os.O_RDONLY)
		os.fsync(fd)
		os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
	END
	warm 0 -n -f json tree
	summary '.planned == {"files": 1, "bytes": (3 * 1048576 + 4096)} and .plan[0].data_bytes == 3 * 1048576 + 4096'
	warm 0 -f json tree
	summary '.read == .planned and .read.bytes == 3 * 1048576 + 4096 and .resident.files == 0'
	summary '.hole_bytes == .bytes - .read.bytes and .bytes == 8 * 1073741824 + 8 * 1048576'
	warm 0 -f json tree
	summary '.read.files == 0 and .resident == {"files": 1, "bytes": (3 * 1048576 + 4096)}'
}

case_warm_dry_run() {
	local before

	make_tree 3 10 20
	cat tree/1/0 >/dev/null
	count_missing tree
	before=$missing
	warm 0 --dry-run -f json tree
	missing_is "$before" tree
	summary '.dry_run and (.plan | length) == 29 and .planned.files == 29 and .read.files == 0 and .resident.files == 1'
	summary '[.plan[].bytes] | add == 29 * 20480'
	warm 0 --dry-run tree
	[ "$(grep -c ' 20480 .* 0 .*tree/' out)" -eq 29 ] || fail "the plan is not in the text: $(cat out)"
	missing_is "$before" tree
}

case_warm_budget() {
	make_tree 2 10 100
	warm 0 --budget 1050K -f json tree
	summary '.read.files == 10 and .read.bytes == 10 * 102400 and .budget_bytes == 1075200'
	summary '.skipped.over_budget.count == 10 and .over_budget_bytes == 10 * 102400'
	missing_is 250 tree
	evict tree
	warm 0 --budget 1050K tree
	grep -q '^left out: 10 files, ' out || fail "nothing said: $(cat out)"
}

# Without --budget, no more than the control group may have.
case_warm_budget_of_group() {
	group_memory 67108864
	make_tree 1 2 10
	"${IN[@]}" "$group" -- "$ACCEL_AGENT" warm --dry-run -f json tree >out 2>err || fail "$(cat err)"
	summary '.budget_bytes <= 67108864 and .budget_bytes > 0'
}

# With a budget that the control group's memory does not hold, what was read first is gone again: that is said.
case_warm_evicted() {
	group_memory $((32 << 20))
	make_tree 1 80 1024
	"${IN[@]}" "$group" -- "$ACCEL_AGENT" warm --budget 1G -f json tree >out 2>err || fail "$(cat err)"
	count_missing tree
	summary '.read.bytes == 80 * 1048576 and .after.files == 80 and .after.bytes == .read.bytes'
	summary ".after.missing_bytes >= 48 * 1048576 and .after.missing_bytes <= $missing * 4096 and .resident.files == 0"
	evict tree
	"${IN[@]}" "$group" -- "$ACCEL_AGENT" warm --budget 1G tree >out 2>err || fail "$(cat err)"
	grep -q '^no longer in memory: .* MiB of 80 MiB that was read$' out || fail "nothing said: $(cat out)"
	evict tree
	warm 0 tree
	grep -q 'no longer' out && fail "it says so without need: $(cat out)"
	return 0
}

# Links are not followed below a path, neither in circles nor out of it.
case_warm_links() {
	make_tree 2 4 8
	mkdir outside
	head -c 8192 /dev/urandom >outside/f
	evict outside
	ln -s .. tree/0/up
	ln -s "$PWD/outside" tree/0/out
	ln -s self tree/0/self
	ln tree/0/0 tree/1/again
	ln -s tree link
	warm 0 -f json link
	missing_is 0 tree
	missing_is 2 outside
	summary '.files == 8 and .read.files == 8 and .skipped.links.count == 3 and .skipped.repeated.count == 1'
}

# A FIFO that nobody writes, a socket and devices: passed over, named once.
case_warm_special_files() {
	make_tree 1 2 8
	mkfifo tree/a-fifo tree/0/b-fifo
	python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("tree/socket")'
	mknod tree/null c 1 3 || skip "no device node can be made"
	AGENT_SECONDS=20 warm 0 tree tree/a-fifo /dev/full
	grep -q '^passed over: 3 FIFOs (.*fifo, ...), 1 socket (tree/socket), 2 devices (.*, ...)$' out || fail "$(cat out)"
	grep -q '^read 2 files' out || fail "$(cat out)"
}

case_warm_pseudo() {
	AGENT_SECONDS=20 warm 0 -f json /proc /sys /proc/self/maps
	summary '.files == 0 and .skipped.pseudo.count == 3'
}

# What may not be read fails by name, the rest is read.
case_warm_unreadable() {
	make_tree 2 4 8
	cp "$ACCEL_AGENT" agent
	chmod 755 agent . tree tree/0 tree/0/deep tree/1
	chmod 600 tree/0/0
	chmod 700 tree/1/deep
	setpriv --reuid 65534 --regid 65534 --clear-groups ./agent warm -f json tree >out 2>err
	status=$?
	[ "$status" -eq 1 ] || fail "exit status $status instead of 1: $(cat err)"
	grep -q '^accel-agent: tree/0/0: Permission denied$' err || fail "stderr: $(cat err)"
	grep -q '^accel-agent: tree/1/deep: Permission denied$' err || fail "stderr: $(cat err)"
	summary '.errors == 2 and .first_errors[0].error == "Permission denied" and .files == 5'
	missing_is 6 tree
}

# Who may only read a file is not told what of it is in memory: neither by cachestat(2), since Linux 6.14, nor by mincore(2).
case_warm_not_told() {
	make_tree 1 2 8
	cp "$ACCEL_AGENT" agent
	chmod -R a+rX agent . tree
	python3 - tree/0/0 <<-'END' || skip "this kernel tells everybody"
		import ctypes, os, sys
		fd = os.open(sys.argv[1], os.O_RDONLY)
		os.setuid(65534)
		libc = ctypes.CDLL(None, use_errno=True)
		told = libc.syscall(451, fd, (ctypes.c_uint64 * 2)(0, 0), (ctypes.c_uint64 * 5)(), 0) == 0
		sys.exit(told)
	END
	for arguments in "" "-f json" "-n" "-n -f json"; do
		setpriv --reuid 65534 --regid 65534 --clear-groups ./agent warm $arguments tree >"out$arguments" 2>err || fail "$(cat err)"
	done
	grep -q '^in memory before: unknown, ' out || fail "$(cat out)"
	grep -q '^ *8192 *unknown  tree/' out-n || fail "$(cat out-n)"
	cp "out-f json" out
	summary '.resident == {"files": null, "bytes": null} and .resident_unknown_files == 2 and .read.files == 2'
	cp "out-n -f json" out
	summary '[.plan[].resident_bytes] == [null, null]'
}

case_warm_missing_path() {
	make_tree 1 2 8
	for arguments in "" "-n"; do
		warm 1 $arguments none nor-this
		[ ! -s out ] || fail "figures of nothing: $(cat out)"
		[ "$(grep -c '^accel-agent: .*: No such file or directory$' err)" -eq 2 ] || fail "stderr: $(cat err)"
	done
	warm 1 -f json none
	summary '.errors == 1 and .files == 0'
	warm 1 none tree
	grep -q '^accel-agent: none: No such file or directory$' err || fail "stderr: $(cat err)"
	missing_is 0 tree
}

# Files that come, go, shrink and grow meanwhile: no crash, and nothing is said of them but a count.
case_warm_changing_files() {
	local i

	make_tree 20 50 40
	start python3 -c '
import os
for i in range(100000):
    name = f"tree/{i % 20}/{i % 50 // 2 * 2}"
    if i % 3 == 0:
        os.path.exists(name) and os.truncate(name, i * 77 % 40960)
    elif i % 3 == 1:
        os.path.exists(name) and os.unlink(name)
    else:
        with open(name, "ab") as file:
            file.write(bytes(i * 131 % 100000))'
	for ((i = 0; i < 10; i++)); do
		sync
		warm 0 -f json tree
		summary '.errors == 0'
	done
	kill "$started"
}

# Memory and time stay within bounds.
case_warm_large_folder() {
	mkdir tree
	python3 -c '
for i in range(200000):
    open(f"tree/a-name-of-usual-length-{i}", "w").close()'
	python3 - "$ACCEL_AGENT" <<-'END' >out || fail "$(cat out)"
		import resource, subprocess, sys, time
		start = time.monotonic()
		subprocess.run([sys.argv[1], "warm", "-f", "json", "tree"], check=True, timeout=60)
		used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
		print(file=sys.stderr)
		sys.exit(f"{used} KiB of memory" if used > 48 * 1024 else 0)
	END
	summary '.files == 200000 and .read.files == 0 and .errors == 0'
}

# Deeper than there are descriptors, and than a path is long.
case_warm_deep_tree() {
	python3 -c '
import os
os.mkdir("tree")
os.chdir("tree")
for i in range(3000):
    os.mkdir("folder")
    os.chdir("folder")
    if i in (20, 2999):
        open("file", "w").write("x" * 5000)'
	(ulimit -n 100 && warm 1 -f json tree) || exit 1
	summary '.files == 1 and .errors == 1'
	grep -q 'Too many open files' err || fail "stderr: $(cat err)"
	(ulimit -n 10000 && warm 0 -f json tree) || exit 1
	summary '.files == 2'
}

case_warm_few_descriptors() {
	make_tree 200 10 4
	(ulimit -n 80 && warm 0 -f json tree) || exit 1
	summary '.read.files == 2000 and .errors == 0'
	missing_is 0 tree
}

# Names that are no text cannot drive a terminal or break the JSON.
case_warm_names() {
	make_tree 1 2 8
	python3 -c '
import os
for name in (b"new\nline", b"not\xffutf", b"esc\033[2J"):
    open(b"tree/" + name, "wb").write(b"x" * 5000)'
	evict tree
	warm 0 -n tree
	grep -qF 'tree/new\x0aline' out || fail "$(cat out)"
	grep -qF 'tree/not\xffutf' out || fail "$(cat out)"
	grep -q "$(printf '\033')" out && fail "an escape sequence was printed"
	warm 0 -n -f json tree
	summary '[.plan[].path] | any(. == "tree/new\nline") and any(. == "tree/not\ufffdutf")'
	warm 0 tree
	missing_is 0 tree
}

# stopped SIGNAL STATUS: a run on a slow disk that gets a signal prints its summary and ends soon.
stopped() {
	local i

	evict tree
	start "${IN[@]}" "$group" -- env --default-signal=INT,TERM "$ACCEL_AGENT" warm -f json tree >out 2>err
	sleep 1
	kill "-$1" "$started"
	for ((i = 0; i < 100; i++)); do
		[ -d "/proc/$started" ] || break
		sleep 0.1
	done
	[ "$i" -lt 100 ] || fail "it runs on after $1"
	end_of "$started"
	[ "$status" -eq "$2" ] || fail "$1: exit status $status instead of $2: $(cat err)"
	summary ".stopped == \"SIG$1\" and .read.files < 2000"
}

case_warm_signals() {
	group_slow_disk 100
	make_tree 20 100 40
	warm 0 -n -f json tree
	case $group in */cpu*) skip "no disk can be slowed down here" ;; esac
	stopped INT 130
	stopped TERM 143
}

case_warm_progress() {
	group_slow_disk 100
	make_tree 10 20 40
	python3 "$here/terminal.py" '' 0 "${IN[@]}" "$group" -- "$ACCEL_AGENT" warm tree >out || fail "status $?: $(cat out)"
	grep -q '200 files' out || fail "no progress: $(cat out)"
	case $group in */cpu*) skip "no disk can be slowed down here" ;; esac
	grep -q ' % .* of 200 files .*MiB/s.* left' out || fail "no progress: $(cat -v out)"
	evict tree
	python3 "$here/terminal.py" '' 0 "$ACCEL_AGENT" warm -q tree >out || fail "status $?: $(cat out)"
	grep -q "$(printf '\033')" out && fail "it shows progress in spite of -q: $(cat -v out)"
	return 0
}

# While the tree is walked, too; and what Ctrl-C leaves on a narrow terminal is nothing but the summary.
case_warm_progress_stopped() {
	group_slow_disk 100
	make_tree 20 100 40
	case $group in */cpu*) skip "no disk can be slowed down here" ;; esac
	python3 "$here/terminal.py" '\x03' 2 sh -c 'stty cols 40; exec "$@"' sh "${IN[@]}" "$group" -- \
		env --default-signal=INT "$ACCEL_AGENT" warm no-such-file tree >out
	[ $? -eq 130 ] || fail "status $?: $(cat -v out)"
	python3 - <<-'END' || fail "$(cat -v out)"
		lines = open("out", newline="").read().split("\r\033[K")
		drawn = [line.removesuffix("^C") for line in lines[1:-1] if not line.startswith("accel-agent: ")]
		assert all(len(line) <= 37 and "\n" not in line for line in drawn), "too wide"
		assert any(" files found so far" in line for line in drawn), "nothing while it walks"
		assert lines[-1].startswith("read "), "no clean end"
		assert any(line.startswith("accel-agent: no-such-file: ") for line in lines), "the error is not on a line of its own"
	END
}

# A disk that fails: the other files are read, the failure is counted and named.
case_warm_io_error() {
	need mkfs.ext4 losetup
	truncate -s 64M disk.img
	mkfs.ext4 -q -b 4096 -O ^has_journal disk.img || skip "no file system can be made"
	mkdir mounted
	unshare -m --propagation private bash -c '
		mount -o loop,noatime disk.img mounted || exit 77
		for i in 1 2 3 4 5 6 7 8; do head -c 4M /dev/urandom >mounted/$i; done
		sync -f mounted
		last=0
		for i in 1 2 3 4 5 6 7 8; do
			block=$(filefrag -v mounted/$i | awk "/^ +0:/ { print \$4 + 0 }")
			[ "$block" -gt "$last" ] && last=$block broken=$i
		done
		mount -o remount,ro mounted
		python3 "$1" evict mounted
		truncate -s $((last * 4096)) disk.img
		losetup -c "$(findmnt -n -o SOURCE mounted)"
		"$2" warm -f json mounted >out 2>err
		status=$?
		"$2" warm -f json mounted >again 2>/dev/null
		umount mounted
		echo "$status $broken" >result
	' sh "$here/pages.py" "$ACCEL_AGENT"
	[ $? -ne 77 ] || skip "no loop device can be mounted"
	read -r status broken <result
	[ "$status" -eq 1 ] || fail "exit status $status instead of 1: $(cat err)"
	summary '.errors == 1 and .first_errors[0].error == "Input/output error" and .read.files == 7'
	grep -q "mounted/$broken: Input/output error" err || fail "stderr: $(cat err)"
	jq -e '.errors == 1 and .resident.files == 7' again >/dev/null || fail "the second time: $(cat again)"
}

case_warm_output() {
	make_tree 1 4 8
	warm 0 -f json -o summary.json tree
	[ ! -s out ] || fail "it wrote to stdout: $(cat out)"
	jq -e '.read.files == 4' summary.json >/dev/null || fail "$(cat summary.json)"
	warm 0 -n -f json -o summary.json tree
	jq -e '.plan == []' summary.json >/dev/null || fail "$(cat summary.json)"
	refused 5 /no/such/folder warm -o /no/such/folder/r tree
	[ -c /dev/full ] || skip "there is no /dev/full"
	"${AGENT[@]}" warm tree >/dev/full 2>err
	[ $? -eq 5 ] || fail "a full disk: status is not 5: $(cat err)"
	"${AGENT[@]}" warm tree >&- 2>err
	[ $? -eq 5 ] || fail "stdout closed: status is not 5: $(cat err)"
	"${AGENT[@]}" warm -n tree >&- 2>err
	[ $? -eq 5 ] || fail "stdout closed: status is not 5: $(cat err)"
	"${AGENT[@]}" warm -o r none tree 2>&-
	[ $? -eq 1 ] || fail "stderr closed: status is not 1"
	grep -q '^of 4 files' r || fail "stderr closed: $(cat r)"
}

# Who reads the output may have enough of it, as head(1): no error is said then, whether or not it is a long list.
case_warm_closed_pipe() {
	make_tree 1 3000 1
	for arguments in "-n" "-n -f json" ""; do
		python3 - "$ACCEL_AGENT" warm $arguments tree 2>err <<-'END' || fail "warm $arguments: status $?: $(cat err)"
			import os, subprocess, sys
			ours, theirs = os.pipe()
			agent = subprocess.Popen(sys.argv[1:], stdout=theirs)
			os.close(theirs)
			"-n" in sys.argv and os.read(ours, 10)
			os.close(ours)
			sys.exit(agent.wait(50) != 141)
		END
		[ ! -s err ] || fail "stderr: $(cat err)"
	done
}

case_warm_usage() {
	mkdir tree
	refused 2 path warm
	refused 2 follows warm --
	refused 2 empty warm tree ""
	refused 2 -n warm tree -n
	refused 2 --interval warm --interval 2 tree
	refused 2 --app warm --app x tree
	refused 2 budget warm --budget 0 tree
	refused 2 budget warm --budget 1X tree
	refused 2 budget warm --budget 99999999T tree
	refused 2 --budget --budget 1G --app x
	mkdir -- -n
	warm 0 -- -n
	warm 0 --help
	grep -q -- '--budget' out || fail "no help"
}
