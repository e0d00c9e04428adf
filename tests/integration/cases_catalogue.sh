# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
# The catalogue: what is followed without being named, the reports on it, kinds of operation, files that are refused.

# observe_known REPORT CATALOGUE [ARGUMENT...]: follows the apps of a catalogue; returns once the agent waits.
observe_known() {
	observe_start "$1" --catalogue "$2" "${@:3}"
	attached
	wait_for 5 grep -q 'waiting for any of' "$1.err" || fail "the agent does not say that it waits: $(cat "$1.err")"
}

# Sends the agent a signal and takes its report.
known_end() {
	agent_pid "$observer"
	kill -INT "$agent"
	observed "$1"
}

# names REPORT: the apps that there is a report on, in order.
names() {
	jq -r -s '[.[].app.name] | join(" ")' "$1"
}

# Names that no other program of this machine has.
own_names() {
	cp "$WORKLOADS/serial" "cat-serial-$ACCEL_TEST_RUN"
	cp "$WORKLOADS/exitcode" "cat-exit-$ACCEL_TEST_RUN"
	printf '[apps]\nbuild = cat-serial-%s cat-never-%s\ntest = cat-exit-%s\n' \
		"$ACCEL_TEST_RUN" "$ACCEL_TEST_RUN" "$ACCEL_TEST_RUN" >known
}

# One report for each app that was seen, none for the others; the agent goes on until Ctrl-C.
case_catalogue_apps() {
	own_names
	observe_known r known
	grep -q 'waiting for any of 3 known apps' r.err || fail "$(cat r.err)"
	grep -q 'following the apps of the catalogue known; --help for more' r.err || fail "$(cat r.err)"
	"./cat-serial-$ACCEL_TEST_RUN" 0.3
	sleep 1
	"./cat-exit-$ACCEL_TEST_RUN" 0
	sleep 0.5
	known_end r
	[ "$(names r)" = "cat-serial-$ACCEL_TEST_RUN cat-exit-$ACCEL_TEST_RUN" ] || fail "reports on: $(names r)"
	holds r '.app.seen and .app.processes == 1' .app
	jq -s -e '.[0].thread_seconds.run > 0.25' r >/dev/null || fail "run: $(jq -c .thread_seconds r)"
}

# Nothing that is known ran: one report says so.
case_catalogue_none_seen() {
	own_names
	observe r --catalogue known -d 1
	[ "$(names r)" = "any of 3 known apps" ] || fail "reports on: $(names r)"
	holds r '.app.seen == false and .wall_seconds == 0' '[.app, .wall_seconds]'
}

# What runs at the start is followed, and said to be.
case_catalogue_app_that_runs() {
	own_names
	start "./cat-serial-$ACCEL_TEST_RUN" 4
	sleep 0.3
	observe_known r known -d 1
	observed r
	grep -q "cat-serial-$ACCEL_TEST_RUN runs already" r.err || fail "$(cat r.err)"
	grep -q 'waiting for any of 2 other known apps' r.err || fail "$(cat r.err)"
	holds r '.app.seen and .thread_seconds.run > 0.5' '[.app, .thread_seconds]'
}

# Times are added up by the kinds of the catalogue; all of the commands' time is in them.
case_catalogue_operations() {
	printf '[operations]\ncompile = serial\ntest = exit*\n' >known
	printf '#!/bin/sh\n"%s" 0.3\n"%s" 0\n' "$WORKLOADS/serial" "$WORKLOADS/exitcode" >my-build
	chmod +x my-build
	observe r --catalogue known -- ./my-build
	holds r '[.operations[].kind] | index("compile") != null' .operations
	holds r '.operations[] | select(.kind == "compile") | .wall.run > 0.25 and .processes == 1' .operations
	holds r '([.operations[].wall[]] | add) as $o | ([.commands[].wall[]] | add) as $c | ($o - $c | fabs) < 0.000001' \
		'[.operations, .commands]'
}

# The catalogue that is installed knows what a compiler starts.
case_catalogue_installed_kinds() {
	need gcc
	install -m 0644 "$root/etc/accel-agent.catalogue" known || fail "copy"
	echo 'int main(void) { return 0; }' >x.c
	observe r --catalogue known -- gcc -o x x.c
	holds r '["compile", "assemble", "link"] - [.operations[].kind] == []' '[.operations[].kind]'
}

# The settings file may name the catalogue; the command line wins over it.
case_catalogue_settings() {
	own_names
	printf 'catalogue = %s/known\n' "$PWD" >conf
	observe r -c conf -d 0.5
	[ "$(names r)" = "any of 3 known apps" ] || fail "reports on: $(names r)"
	printf '[apps]\nbuild = cat-other-%s\n' "$ACCEL_TEST_RUN" >other
	observe r2 -c conf --catalogue other -d 0.5
	[ "$(names r2)" = "any of 1 known app" ] || fail "reports on: $(names r2)"
}

case_catalogue_errors() {
	printf '[apps]\nbuild = make [\n' >bad
	refused 2 "bad:2: '['" --catalogue bad
	refused 2 "bad:2: '['" --catalogue bad --app x
	printf '[colours]\n' >bad
	refused 2 'bad:1: [colours]' --catalogue bad
	refused 2 no-such-file --catalogue no-such-file
	printf '[operations]\ncompile = cc1\n' >empty
	refused 2 empty --catalogue empty
	own_names
	chmod 0666 known
	refused 2 'known: group or others' --catalogue known
	chmod 0644 known
	chown 65534 known
	refused 2 'known: belongs to user 65534' --catalogue known
}
