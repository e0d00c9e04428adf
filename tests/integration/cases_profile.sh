# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
# accel-agent profile, on profiles that somebody else wrote (profile.py), in a state folder of the case's own.

STATE_FOLDER=/var/lib/accel-agent

# Commands run with $PWD/state in the place of the state folder, so that nobody's profiles are touched.
IN_STATE=(unshare -m sh -c 'mount --bind state '$STATE_FOLDER' && exec "$@"' sh)

state_make() {
	local made=

	need unshare
	mkdir -m 700 state state/profiles || fail "no state folder"
	[ -d $STATE_FOLDER ] || { mkdir -m 700 $STATE_FOLDER && made=1; } || fail "$STATE_FOLDER cannot be made"
	trap 'case_end; [ -z "'$made'" ] || rmdir '$STATE_FOLDER EXIT
	"${IN_STATE[@]}" true || skip "nothing can be mounted here"
}

# make_profile COMMAND DIRECTORY [KEY=NUMBER]... [FILE]...: its id is in $id.
make_profile() {
	local command=$1 directory=$2

	shift 2
	id=$("$here/profile.py" state/profiles "$command" "/usr/bin/$command" "$directory" "$@") || fail "no profile"
}

# profile ARGUMENT...: runs the command; its output is in out and err, its exit status in $status.
profile() {
	"${IN_STATE[@]}" "${AGENT[@]}" profile "$@" >out 2>err
	status=$?
}

# ends_with STATUS: of the last profile.
ends_with() {
	[ "$status" -eq "$1" ] || fail "exit status $status, not $1: $(cat err out)"
}

case_profile_list() {
	state_make
	profile list
	ends_with 0
	grep -qx "no profiles in $STATE_FOLDER/profiles" out || fail "nothing there: $(cat out)"
	head -c 10000 /dev/urandom >data
	make_profile make /src runs=3 recorded_ns=1700000000000000000 cold_wall_ns=2000 cold_waits_ns=1600 cold_bytes=12288 replayed_wall_ns=500 replayed_waits_ns=100 replayed_bytes=12288 "$PWD/data"
	make_profile ctest /src uid=65534 program_mtime_ns=1600000000000000000 program_size=77 runs=1 recorded_ns=1700000001000000000 disabled=1 unpaid=3
	profile list
	ends_with 0
	[ "$(wc -l <out)" -eq 3 ] || fail "lines: $(cat out)"
	sed -n 2p out | grep -q "^ctest .* $(id -un 65534) .* disabled  /src\$" || fail "last used first: $(cat out)"
	sed -n 3p out | grep -q '^make .* 12 KiB .* 75 %  /src$' || fail "make: $(cat out)"
	profile list -f json
	ends_with 0
	jq -e '.schema == "accel-agent.profiles/1" and .unreadable == 0 and (.profiles | length) == 2 and
		(.profiles[1] | .command == "make" and .program == "/usr/bin/make" and .directory == "/src" and .files == 1 and
		.ranges == 1 and .bytes == 12288 and .runs == 3 and .uid == 0 and .container == false and .gain_percent == 75 and .disabled == false and
		.recorded == 1700000000 and .replayed == null) and (.profiles[0] | .uid == 65534 and .program_bytes == 77 and
		.program_modified == 1600000000)' out >/dev/null || fail "JSON: $(cat out)"
}

case_profile_show() {
	state_make
	head -c 5000 /dev/urandom >"$(printf 'a\nb\377')"
	make_profile make /src uid=65534 container=1 runs=3 unpaid=1 "$PWD/$(printf 'a\nb\377')"
	profile show make
	ends_with 0
	grep -q "^  files  *8 KiB $PWD/a\\\\x0ab\\\\xff\$" out || fail "a name that is no text: $(cat -v out)"
	grep -q '^  user       65534, in a container' out || fail "user: $(cat out)"
	grep -q '^  recorded   3 times, last never$' out || fail "history: $(cat out)"
	profile -f json show "$id"
	ends_with 0
	jq -e --arg id "$id" '.schema == "accel-agent.profile/1" and .id == $id and .largest_files[0].bytes == 8192 and
		.largest_files[0].size == 5000 and .unpaid == 1' out >/dev/null || fail "JSON: $(cat out)"
	# a command that no JSON can name has an id
	make_profile "$(printf 'c\377c')" /src
	profile list -f json
	id=$(jq -r '.profiles[] | select(.command == "c\ufffdc") | .id' out)
	profile show "$id"
	ends_with 0
	grep -qx 'c\\xffc' out || fail "no text: $(cat -v out)"
	profile forget "$id"
	ends_with 0
	profile show make -o shown
	ends_with 0
	[ ! -s out ] && grep -q '^make$' shown || fail "-o: $(cat out shown)"
}

# A name that several have is no name: all of them are said, nothing is done.
case_profile_ambiguous() {
	local first

	state_make
	make_profile make /src/a
	first=$id
	make_profile make /src/b
	for verb in show forget; do
		profile "$verb" make
		ends_with 2
		grep -q "$first /usr/bin/make of uid 0 in /src/a\$" err && grep -q "$id /usr/bin/make of uid 0 in /src/b\$" err ||
			fail "candidates: $(cat err)"
	done
	profile forget "$first"
	ends_with 0
	profile show make
	ends_with 0
	grep -q '/src/b' out || fail "the other one: $(cat out)"
	profile forget -f json make
	ends_with 0
	jq -e --arg id "$id" '. == {schema: "accel-agent.forget/1", forgotten: [$id]}' out >/dev/null || fail "JSON: $(cat out)"
	profile show make
	ends_with 2
	[ -z "$(ls state/profiles)" ] || fail "left: $(ls state/profiles)"
}

# Looking changes nothing: one that is damaged, or set aside, is in the list with what is wrong, hides no other, and stays
# until somebody says forget.
case_profile_damaged() {
	state_make
	make_profile ninja /src
	make_profile make /src
	printf x | dd of="state/profiles/$id.profile" bs=1 seek=100 conv=notrunc status=none
	echo bad >"state/profiles/0123456789abcdef.profile.bad"
	ls -l state/profiles >before
	profile list -f json
	ends_with 0
	jq -e --arg id "$id" '.unreadable == 2 and (.profiles | length) == 1 and (.unreadable_profiles | sort_by(.set_aside)) == [
		{id: $id, reason: "its checksum is wrong", set_aside: false},
		{id: "0123456789abcdef", reason: "a run could not read it, and set it aside", set_aside: true}]' out >/dev/null ||
		fail "JSON: $(cat out)"
	profile list
	ends_with 0
	grep -q '^2 that cannot be read' out && grep -qx "$id  its checksum is wrong" out &&
		grep -q '^0123456789abcdef  a run' out && [ ! -s err ] || fail "list: $(cat out err)"
	profile show "$id"
	ends_with 2
	grep -q "$id: cannot be read: its checksum is wrong\$" err || fail "show: $(cat err)"
	ls -l state/profiles >after
	cmp before after || fail "looking changed: $(cat after)"
	profile forget "$id"
	ends_with 0
	profile forget 0123
	ends_with 0
	[ "$(ls state/profiles | wc -l)" -eq 1 ] || fail "not forgotten: $(ls state/profiles)"
}

# The first digits of an id that no other one has are enough; all is what is there, whatever is wrong with it.
case_profile_prefix_and_all() {
	local first

	state_make
	make_profile make /src/a
	first=$id
	make_profile make /src/b
	profile show "${id:0:6}"
	ends_with 0
	grep -q "$id" out || fail "show: $(cat out)"
	echo bad >state/profiles/00ffaa0000000000.profile
	echo bad >state/profiles/00ffaa0000000001.profile.bad
	profile forget 00ffaa
	ends_with 2
	[ "$(wc -l <err)" -eq 3 ] && grep -q '00ffaa0000000001 cannot be read' err || fail "candidates: $(cat err)"
	profile forget "${first:0:3}"
	ends_with 2
	touch state/profiles/other
	profile forget --all x
	ends_with 2
	profile list --all
	ends_with 2
	profile forget --all -f json
	ends_with 0
	jq -e --arg id "$first" '(.forgotten | length) == 4 and (.forgotten | index($id))' out >/dev/null || fail "all: $(cat out)"
	[ "$(ls state/profiles)" = other ] || fail "left: $(ls state/profiles)"
	profile forget --all
	ends_with 0
}

# What others may have written is not used, and stays where it is until somebody says forget.
case_profile_of_others() {
	local bad

	state_make
	make_profile ninja /src
	for bad in 'chmod 666' 'chown 65534' fifo; do
		make_profile make /src
		if [ "$bad" = fifo ]; then
			rm "state/profiles/$id.profile"
			mkfifo "state/profiles/$id.profile"
		else
			$bad "state/profiles/$id.profile"
		fi
		profile list -f json
		ends_with 0
		jq -e '.unreadable == 1 and (.profiles | length) == 1' out >/dev/null || fail "$bad: $(cat out)"
		jq -e '.unreadable_profiles[0].reason | test("is no file, belongs to somebody else, or others may write it")' out \
			>/dev/null || fail "$bad: not said: $(cat out)"
		profile show make
		ends_with 2
		[ -e "state/profiles/$id.profile" ] || fail "$bad: gone"
		profile forget "$id"
		ends_with 0
		[ ! -e "state/profiles/$id.profile" ] || fail "$bad: not forgotten"
	done
	chmod 777 state/profiles
	profile list
	ends_with 4
	chmod 700 state/profiles
	profile list
	ends_with 0
}

case_profile_usage() {
	local words

	state_make
	for words in '' show forget 'list x' 'show x y' 'show --all' 'forget x --all' frob 'list --duration 3' 'show none' 'forget 0123456789abcdef'; do
		# shellcheck disable=SC2086 # several words
		profile $words
		ends_with 2
		[ "$(wc -l <err)" -eq 1 ] && grep -q '^accel-agent: ' err || fail "profile $words: $(cat err)"
	done
	profile show x --bogus
	ends_with 2
	grep -q '^accel-agent: --bogus: there is no such option' err || fail "the wrong word: $(cat err)"
	profile --help
	ends_with 0
	grep -q '^usage: accel-agent profile list' out || fail "help: $(cat out)"
	"${IN_STATE[@]}" "${AGENT[@]}" profile list >/dev/full 2>err
	status=$?
	ends_with 5
	setpriv --reuid 65534 --regid 65534 --clear-groups "$ACCEL_AGENT" profile list >out 2>err
	status=$?
	ends_with 4
}

# A dry run says what would be read ahead, and of what it knows no profile; it makes none.
case_profile_dry_run() {
	file_of 64 data
	"${AGENT[@]}" -n -o r -- cat data >/dev/null 2>err || fail "status $?: $(cat err)"
	grep -q '^accel-agent: prefetch: cat: there is no profile; the run would be recorded$' err || fail "none: $(cat err)"
	commands_are
	chill data
	observe r --without cpu,memory,io -- cat data
	chill data
	"${AGENT[@]}" -n -o r -- cat data >/dev/null 2>err || fail "status $?: $(cat err)"
	grep -q '^accel-agent: prefetch: cat: would read ahead what of [0-9]* files, 0.[23] MiB, is not in memory' err ||
		fail "a profile: $(cat err)"
	"${AGENT[@]}" -n --without prefetch -o r -- cat data >/dev/null 2>err
	grep prefetch err && fail "not asked for"
	return 0
}

# commands_are NAME...: those that there are profiles of, whoever recorded them.
commands_are() {
	"${AGENT[@]}" profile list -f json >listed 2>err || fail "profile list: $(cat err)"
	jq -e '[.profiles[].command] | sort == $ARGS.positional' listed --args "$@" >/dev/null ||
		fail "expected profiles of $*, found $(jq -c '[.profiles[] | {command, program}]' listed)"
}

# Two scripts of one interpreter are two commands, however they are followed; program text is none.
case_profile_scripts() {
	local script python

	python=$(python3 -c 'import os, sys; print(os.path.realpath(sys.executable))') || fail "no python3"
	for script in a b; do
		dd if=/dev/urandom of=data.$script bs=4096 count=64 status=none conv=fsync
		echo "import time; open('data.$script', 'rb').read(); time.sleep(0.3)" >$script.py
		chill data.$script
		observe r --without cpu,memory,io -- "$python" $script.py
		holds r '.prefetch.recorded.state == "written"' .prefetch
	done
	commands_are a.py b.py
	chill data.a
	observe r --without cpu,memory,io -- "$python" -c 'open("data.a", "rb").read()'
	commands_are a.py b.py "${python##*/}"
	"${AGENT[@]}" profile forget "${python##*/}" >/dev/null 2>&1 || fail "$python cannot be forgotten"
	for script in a.py "${python##*/}"; do
		chill data.a
		observe_start r --without cpu,memory,io --app "$script"
		attached
		"$python" a.py
		observed r
		holds r '.prefetch.replayed.state == "done"' .prefetch
		commands_are a.py b.py
	done
}
