# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
# The command line: exit statuses, signals, the terminal, where the report goes.

# refused STATUS WORD ARGUMENT...: the agent ends with STATUS, and one line on stderr that names WORD; nothing on
# stdout.
refused() {
	local want=$1 word=$2

	shift 2
	"${AGENT[@]}" "$@" >out 2>err
	status=$?
	[ "$status" -eq "$want" ] || fail "$*: exit status $status instead of $want: $(cat err)"
	[ ! -s out ] || fail "$*: wrote to stdout: $(head -n 1 out)"
	[ "$(wc -l <err)" -eq 1 ] || fail "$*: $(wc -l <err) lines on stderr instead of one: $(cat err)"
	grep -q '^accel-agent: ' err || fail "$*: stderr does not start with the program's name: $(cat err)"
	grep -qF -- "$word" err || fail "$*: stderr does not name $word: $(cat err)"
}

case_cli_wrong_words() {
	refused 2 --frobnicate --frobnicate --app x
	refused 2 -x -x --app x
	refused 2 path warm
}

# What is wrong, and what to type instead.
case_cli_misplaced_words() {
	refused 2 "doctor: 'extra' is one word too many" doctor extra
	refused 2 "restore: 'extra' is one word too many" restore extra
	refused 2 "accel-agent warm [OPTIONS]" -f json warm .
	refused 2 "accel-agent profile [OPTIONS]" -v profile list
	refused 2 "accel-agent -- COMMAND" make -j8
	refused 2 "--format: this option is not for this command" doctor -f json
	refused 2 "--dry-run: this option is not for this command" doctor -n
	refused 2 "--app" doctor --app x
}

case_cli_bad_values() {
	refused 2 duration -d soon --app x
	refused 2 format -f yaml --app x
	refused 2 pid --pid 0
	refused 2 pid --pid abc
	refused 2 word word
	refused 2 --pid --app x --pid 1
	refused 2 no-such-file -c no-such-file --app x
}

case_cli_65th_app() {
	local names=() i

	for ((i = 1; i <= 65; i++)); do
		names+=(--app "app$i")
	done
	refused 2 app65 "${names[@]}"
}

case_cli_settings_error_names_line() {
	printf '# settings\nformat = yaml\n' >bad.conf
	refused 2 bad.conf:2 -c bad.conf --app x
}

case_cli_launch_status() {
	local n

	for n in 0 1 7 125; do
		"${AGENT[@]}" -f json -o r -- "$WORKLOADS/exitcode" "$n" 2>err
		status=$?
		[ "$status" -eq "$n" ] || fail "status $status instead of $n: $(cat err)"
		check_report r
	done
}

case_cli_launch_signal() {
	local n

	for n in 9 11 15 6; do
		"${AGENT[@]}" -f json -o r -- "$WORKLOADS/sigself" "$n" 2>err
		status=$?
		[ "$status" -eq $((128 + n)) ] || fail "status $status instead of $((128 + n)): $(cat err)"
		check_report r
	done
}

case_cli_launch_not_found() {
	refused 127 no-such-command -- no-such-command
	refused 127 no-such -- ./no-such
	echo text >not-executable
	refused 126 not-executable -- ./not-executable
	refused 126 "$PWD" -- "$PWD"
}

# What is sent to the agent reaches the command, whose status comes back.
case_cli_signals_passed_on() {
	local name number pid

	for name in TERM:15 HUP:01 USR1:10; do
		number=${name#*:} name=${name%:*}
		rm -f got
		observe_start r -- "$WORKLOADS/waitsig" got
		wait_for 10 test -e got || fail "the command did not start"
		agent_pid "$observer"
		kill "-$name" "$agent"
		end_of "$observer"
		[ "$status" -eq 40 ] || fail "SIG$name: status $status instead of 40"
		[ "$(cat got)" = "$number" ] || fail "SIG$name: the command got '$(cat got)'"
		check_report r
	done
}

case_cli_command_keeps_stdin() {
	echo hello | "${AGENT[@]}" -f json -o r -- cat >out 2>err || fail "status $?"
	[ "$(cat out)" = hello ] || fail "cat printed '$(cat out)'"
	check_report r
}

# The command is in the foreground of the terminal: it reads from it, and Ctrl-C reaches it.
case_cli_terminal() {
	python3 "$here/terminal.py" 'word\n' 0 "$ACCEL_AGENT" -f json -o r -- sh -c 'test -t 0 && read x && echo "got:$x"' >out ||
		fail "status $?: $(cat out)"
	grep -q 'got:word' out || fail "the command read nothing: $(cat out)"
	check_report r
	python3 "$here/terminal.py" '\x03' 1 "$ACCEL_AGENT" -f json -o r2 -- sleep 20 >out
	status=$?
	[ "$status" -eq 130 ] || fail "after Ctrl-C: status $status instead of 130: $(cat out)"
	check_report r2
	holds r2 '.wall_seconds < 15' .wall_seconds
}

# Ctrl-C while the command is being forked, which strace makes take a second and a half: it does not run on.
case_cli_early_interrupt() {
	python3 "$here/terminal.py" '\x03' 1 strace -o calls -e trace=clone -e inject=clone:delay_enter=1500000:when=1 \
		"$ACCEL_AGENT" --without prefetch -o r -- sleep 5 >out
	status=$?
	grep -q DELAYED calls || fail "no fork was delayed: $(head -n 1 calls)"
	[ "$status" -eq 130 ] || fail "status $status instead of 130: $(cat out)"
}

case_cli_stdout_is_the_report() {
	"${AGENT[@]}" -f json -- "$WORKLOADS/exitcode" 0 >r 2>err || fail "status $?"
	check_report r
	"${AGENT[@]}" -- "$WORKLOADS/serial" 0.3 >text 2>err || fail "status $?"
	grep -q serial text || fail "no report: $(head -n 3 text)"
	grep -q "$(printf '\033')" text && fail "colour in a file"
	grep -v '^accel-agent: ' err && fail "stderr: $(cat err)"
	return 0
}

case_cli_output_is_atomic() {
	"${AGENT[@]}" -f json -o r -- "$WORKLOADS/exitcode" 3 2>err
	[ $? -eq 3 ] || fail "status"
	check_report r
	[ "$(ls -A | grep -vc '^\(r\|err\|log\)$')" -eq 0 ] || fail "left behind: $(ls -A)"
}

case_cli_output_unwritable() {
	refused 5 /no/such/folder -o /no/such/folder/r -- true
	mkdir folder
	refused 5 folder -o folder -- true
	refused 5 /proc/r -o /proc/r -- true
}

# A report that cannot be written must not hurt the one that is there.
case_cli_output_full_disk() {
	mkdir small
	unshare -m --propagation private sh -c '
		mount -t tmpfs -o size=64k,mode=755 tmpfs small || exit 77
		echo old >small/r
		dd if=/dev/zero of=small/fill bs=4k >/dev/null 2>&1
		"$@" -f json -o small/r -- true 2>err
		status=$?
		[ "$(cat small/r)" = old ] || { echo "the old report was damaged"; exit 1; }
		[ "$(ls -A small | wc -l)" -eq 2 ] || { echo "left behind: $(ls -A small)"; exit 1; }
		[ $status -eq 5 ] || { echo "exit status $status instead of 5: $(cat err)"; exit 1; }
	' sh "${AGENT[@]}" >out
	status=$?
	[ "$status" -ne 77 ] || skip "no private mount can be made"
	[ "$status" -eq 0 ] || fail "$(cat out)"
	grep -q '^accel-agent: .*small/r' err || fail "stderr: $(cat err)"
}

case_cli_stdout_full() {
	[ -c /dev/full ] || skip "there is no /dev/full"
	"${AGENT[@]}" -- true >/dev/full 2>err
	status=$?
	[ "$status" -eq 5 ] || fail "exit status $status instead of 5: $(cat err)"
	grep -q '^accel-agent: ' err || fail "nothing on stderr"
}

case_cli_stdout_closed() {
	"${AGENT[@]}" -- true >&- 2>err
	status=$?
	[ "$status" -eq 5 ] || fail "exit status $status instead of 5: $(cat err)"
}

# The reader has gone: no death by SIGPIPE, no crash.
case_cli_stdout_broken_pipe() {
	local statuses

	{ "${AGENT[@]}" -- sleep 0.5 2>err; echo $? >status; } | true
	statuses=$(cat status)
	[ "$statuses" -eq 5 ] || fail "exit status $statuses instead of 5: $(cat err)"
}

case_cli_stderr_closed() {
	"${AGENT[@]}" -f json -o r -- true 2>&- || fail "exit status $?"
	check_report r
}

case_cli_not_root() {
	cp "$ACCEL_AGENT" agent || fail "copy"
	chmod 755 agent .
	setpriv --reuid 65534 --regid 65534 --clear-groups ./agent --app x -d 1 >out 2>err
	status=$?
	[ "$status" -eq 4 ] || fail "exit status $status instead of 4: $(cat err)"
	grep -q '^accel-agent: .*CAP_' err || fail "stderr names no capability: $(cat err)"
}

case_cli_capability_missing() {
	setpriv --bounding-set -bpf,-sys_admin,-perfmon --inh-caps -bpf,-sys_admin,-perfmon "$ACCEL_AGENT" --app x -d 1 >out 2>err
	status=$?
	[ "$status" -eq 4 ] || fail "exit status $status instead of 4: $(cat err)"
	grep -q '^accel-agent: .*CAP_' err || fail "stderr names no capability: $(cat err)"
}

case_cli_help_version() {
	"$ACCEL_AGENT" --help >out 2>err || fail "--help: status $?"
	[ ! -s err ] && grep -q -- --app out || fail "--help: $(cat err)"
	"$ACCEL_AGENT" --version >out 2>err || fail "--version: status $?"
	grep -q '^accel-agent [0-9]' out || fail "--version: $(cat out)"
}

case_cli_doctor() {
	"$ACCEL_AGENT" doctor >out 2>err || fail "status $?: $(cat err)"
	grep -qi btf out || fail "no word about BTF: $(cat out)"
	grep -q '^  io_uring .*warm and prefetch\|^  io_uring .*which threads do' out || fail "io_uring: $(grep io_uring out)"
	grep -q '^  /var/lib .*profiles' out || fail "state: $(grep /var/lib out)"
}

# The command must not inherit what the agent did to itself.
case_cli_command_inherits_nothing() {
	local file

	cat >show.py <<-'END'
		import os, signal
		print("fds", sorted(int(f) for f in os.listdir("/proc/self/fd") if os.path.exists("/proc/self/fd/" + f)))
		for line in open("/proc/self/status"):
		    if line.startswith(("Sig", "Shd")) and not line.startswith("SigQ"):
		        print(line.strip())
		print("nice", os.nice(0))
	END
	env --default-signal=INT,QUIT python3 show.py >plain </dev/null 2>/dev/null
	env --default-signal=INT,QUIT "$ACCEL_AGENT" -f json -o r -- python3 show.py >followed </dev/null 2>/dev/null
	diff plain followed >difference || fail "$(tr '\n' ' ' <difference)"
}
