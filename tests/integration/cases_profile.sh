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
	make_profile make /src runs=3 recorded_ns=1700000000000000000 cold_ns=2000 replayed_ns=500 "$PWD/data"
	make_profile ctest /src runs=1 recorded_ns=1700000001000000000 disabled=1 unpaid=3
	profile list
	ends_with 0
	[ "$(wc -l <out)" -eq 3 ] || fail "lines: $(cat out)"
	sed -n 2p out | grep -q '^ctest .* disabled  /src$' || fail "last used first: $(cat out)"
	sed -n 3p out | grep -q '^make .* 12 KiB .* 75 %  /src$' || fail "make: $(cat out)"
	profile list -f json
	ends_with 0
	jq -e '.schema == "accel-agent.profiles/1" and .unreadable == 0 and (.profiles | length) == 2 and
		(.profiles[1] | .command == "make" and .program == "/usr/bin/make" and .directory == "/src" and .files == 1 and
		.ranges == 1 and .bytes == 12288 and .runs == 3 and .gain_percent == 75 and .disabled == false and
		.recorded == 1700000000 and .replayed == null)' out >/dev/null || fail "JSON: $(cat out)"
}

case_profile_show() {
	state_make
	head -c 5000 /dev/urandom >"$(printf 'a\nb\377')"
	make_profile make /src runs=3 unpaid=1 "$PWD/$(printf 'a\nb\377')"
	profile show make
	ends_with 0
	grep -q "^  files  *8 KiB $PWD/a\\\\x0ab\\\\xff\$" out || fail "a name that is no text: $(cat -v out)"
	grep -q '^  recorded   3 times, last never$' out || fail "history: $(cat out)"
	profile -f json show "$id"
	ends_with 0
	jq -e --arg id "$id" '.schema == "accel-agent.profile/1" and .id == $id and .largest_files[0].bytes == 8192 and
		.largest_files[0].size == 5000 and .unpaid == 1' out >/dev/null || fail "JSON: $(cat out)"
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
		grep -q "$first /usr/bin/make in /src/a\$" err && grep -q "$id /usr/bin/make in /src/b\$" err ||
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

# One that is damaged is said once, set aside, and hides no other; forget removes what was set aside.
case_profile_damaged() {
	state_make
	make_profile ninja /src
	make_profile make /src
	printf x | dd of="state/profiles/$id.profile" bs=1 seek=100 conv=notrunc status=none
	profile list -f json
	ends_with 0
	jq -e '.unreadable == 1 and (.profiles | length) == 1' out >/dev/null || fail "JSON: $(cat out)"
	grep -q "$id.profile: its checksum is wrong: not used, and set aside as $id.profile.bad\$" err ||
		fail "not said: $(cat err)"
	[ -f "state/profiles/$id.profile.bad" ] || fail "not set aside: $(ls state/profiles)"
	profile list
	ends_with 0
	[ ! -s err ] || fail "said twice: $(cat err)"
	profile forget "$id"
	ends_with 0
	[ ! -e "state/profiles/$id.profile.bad" ] || fail "not forgotten"
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
		grep -q "$id.profile: is no file, belongs to somebody else, or others may write it: not used" err ||
			fail "$bad: not said: $(cat err)"
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
	for words in '' show forget 'list x' 'show x y' frob 'list --duration 3' 'show none' 'forget 0123456789abcdef'; do
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
