# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
# accel-agent restore, on journals as a killed agent leaves them, and on real cgroups.

STATE=/run/accel-agent

# journal LINE...: writes a journal with these entries, in which every other byte may be %XX; its path is in $journal.
journal_count=0
journal() {
	journal=$STATE/journal-$(printf %020d "$((++journal_count))")-test$ACCEL_TEST_RUN
	[ -d "$STATE" ] || mkdir -m 700 "$STATE" || fail "$STATE cannot be made"
	trap 'rm -f "$STATE"/*-test$ACCEL_TEST_RUN; case_end' EXIT
	python3 - "$journal" "$@" <<-'END'
		import os, sys, zlib
		with open(os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
		    file.write("accel-agent-journal/1\n")
		    for line in sys.argv[2:]:
		        file.write("%s %08x\n" % (line, zlib.crc32(line.encode())))
	END
}

# The id by which the kernel knows a group: its inode's number, since 5.5.
group_id() {
	stat -c %i "$1"
}

restore() {
	"${AGENT[@]}" restore "$@" >out 2>err
	status=$?
}

# A group of the cpu controller, with the name of its weight in $weight, and two values for it.
group_with_weight() {
	group_make cpu
	weight=cpu.weight old=100 ours=200
	if [ "$version" -eq 1 ]; then
		weight=cpu.shares old=1024 ours=2048
	fi
	[ -f "$group/$weight" ] || skip "$group has no $weight"
}

# What an agent made inside $group: a group of its own, in $made, with a sleeping process of the app, in $app.
group_of_agent() {
	made=$group/accel-agent-$ACCEL_TEST_RUN
	mkdir "$made" || skip "no group can be made below $group"
	groups=("$made" "${groups[@]}")
	start "${IN[@]}" "$made" -- sleep 60
	app=$started
	wait_for 5 grep -qx "$app" "$made/cgroup.procs" || fail "the process is not in the group"
}

case_restore_nothing() {
	restore
	[ "$status" -eq 0 ] || fail "exit status $status: $(cat err)"
	grep -q '^nothing to restore' out || skip "somebody else's journals are there: $(cat out)"
	restore -f json
	jq -e '.schema == "accel-agent.restore/1" and .restored == [] and .left == []' out >/dev/null ||
		fail "JSON: $(cat out)"
}

case_restore_value() {
	group_with_weight
	echo "$ours" >"$group/$weight"
	journal "value $(group_id "$group") $group $weight $old $ours -"
	restore
	[ "$status" -eq 0 ] || fail "exit status $status: $(cat err out)"
	[ "$(cat "$group/$weight")" = "$old" ] || fail "$weight is $(cat "$group/$weight"), not $old"
	grep -q "^$group/$weight: '$old' again, was '$ours'\$" out || fail "not said: $(cat out)"
	[ ! -e "$journal" ] || fail "the journal is still there"
}

case_restore_kept() {
	group_with_weight
	echo "$ours" >"$group/$weight"
	journal "value $(group_id "$group") $group $weight $old $ours -"
	mv "$journal" "${journal/journal-/kept-}"
	restore -f json
	[ "$status" -eq 0 ] || fail "exit status $status: $(cat err out)"
	[ "$(cat "$group/$weight")" = "$old" ] || fail "$weight is $(cat "$group/$weight"), not $old"
	jq -e --arg what "$group/$weight" --arg old "$old" --arg ours "$ours" \
		'.restored | any(. == {what: $what, old: $old, found: $ours})' out >/dev/null || fail "JSON: $(cat out)"
}

# Somebody else's value, and a group that only has the name of the one that was changed.
case_restore_foreign() {
	group_with_weight
	echo "$((ours + 1))" >"$group/$weight"
	journal "value $(group_id "$group") $group $weight $old $ours -"
	restore
	[ "$status" -eq 0 ] || fail "exit status $status: $(cat err out)"
	[ "$(cat "$group/$weight")" = "$((ours + 1))" ] || fail "$weight was overwritten: $(cat "$group/$weight")"
	grep -q "^$group/$weight: left alone" out || fail "not said: $(cat out)"
	echo "$ours" >"$group/$weight"
	journal "value $(($(group_id "$group") + 1)) $group $weight $old $ours -"
	restore
	[ "$(cat "$group/$weight")" = "$ours" ] || fail "another group's $weight was overwritten"
}

case_restore_group() {
	group_make cpu
	group_of_agent
	journal "group $(group_id "$group") $made - - - $group"
	restore
	[ "$status" -eq 0 ] || fail "exit status $status: $(cat err out)"
	[ ! -d "$made" ] || fail "the group is still there"
	grep -qx "$app" "$group/cgroup.procs" || fail "the process is not at home"
	kill -0 "$app" || fail "the process is gone"
}

# It forks as fast as it can while it is moved.
case_restore_group_that_forks() {
	group_make cpu
	group_of_agent
	start "${IN[@]}" "$made" -- sh -c 'while :; do /bin/true & /bin/true; done'
	sleep 0.2
	journal "group $(group_id "$group") $made - - - $group"
	restore
	[ "$status" -eq 0 ] || fail "exit status $status: $(cat err out)"
	[ ! -d "$made" ] || fail "the group is still there"
	grep -qx "$started" "$group/cgroup.procs" || fail "the process is not at home"
}

# Home is another group by now: the one above takes the processes.
case_restore_group_without_home() {
	local home above

	group_make cpu
	above=$group home=$group/accel-test-home
	mkdir "$home"
	groups=("$home" "${groups[@]}")
	group_of_agent
	journal "group $(($(group_id "$home") + 100000)) $made - - - $home"
	restore
	[ "$status" -eq 0 ] || fail "exit status $status: $(cat err out)"
	[ ! -d "$made" ] || fail "the group is still there"
	grep -qx "$app" "$above/cgroup.procs" || fail "the process is not in the group above"
	[ -z "$(cat "$home/cgroup.procs")" ] || fail "the process is in a group that is not its home"
}

# Nobody is said to be where they are not.
case_restore_says_where() {
	group_make cpu
	group_of_agent
	journal "group $(($(group_id "$group") + 100000)) $made - - - $group/accel-test-gone"
	restore
	grep -qx "$app" "$group/cgroup.procs" || fail "the process is not in the group above"
	grep -q "^$made: removed; .* or above that if it is gone\$" out || fail "said: $(cat out)"
}

# An agent that was killed while it moved somebody: the 1 is its own if it said so, and this boot.
case_restore_expedited() {
	local file=/sys/kernel/rcu_expedited lock=$STATE/expedite.lock

	[ "$(cat "$file")" = 0 ] || wait_for 2 grep -q 0 "$file" || skip "somebody wants $file at 1"
	[ -d "$STATE" ] || mkdir -m 700 "$STATE" || fail "$STATE cannot be made"
	trap 'echo 0 >/sys/kernel/rcu_expedited; case_end' EXIT # where no local variable is left
	(umask 077 && flock "$lock" sh -c "printf '1-%.8s' \"\$(cat /proc/sys/kernel/random/boot_id)\" >$lock; echo 1 >$file")
	restore
	[ "$status" -eq 0 ] || fail "exit status $status: $(cat err out)"
	[ "$(cat "$file")" = 0 ] || fail "it is $(cat "$file")"
	[ ! -s "$lock" ] || fail "the mark is still there: $(cat "$lock")"
}

# What others made inside our group is not ours to take apart; once it is gone, the next restore finishes.
case_restore_group_with_others() {
	group_make cpu
	group_of_agent
	mkdir "$made/accel-test-other" || fail "no group below $made"
	groups=("$made/accel-test-other" "${groups[@]}")
	journal "group $(group_id "$group") $made - - - $group"
	restore
	[ "$status" -eq 3 ] || fail "exit status $status: $(cat err out)"
	[ -d "$made/accel-test-other" ] || fail "the other's group is gone"
	rmdir "$made/accel-test-other"
	restore
	[ "$status" -eq 0 ] || fail "exit status $status: $(cat err out)"
	[ ! -d "$made" ] || fail "the group is still there"
}

# Killed at any moment, it is finished by the next: nothing of ours is left, nobody is lost.
case_restore_killed() {
	local round home_id

	group_with_weight
	home_id=$(group_id "$group")
	for ((round = 0; round < 40; round++)); do
		echo "$ours" >"$group/$weight"
		group_of_agent
		journal "value $home_id $group $weight $old $ours -" "group $home_id $made - - - $group"
		start "$ACCEL_AGENT" restore >/dev/null
		sleep "$(printf 0.%04d "$((round * 2))")"
		kill -KILL "$started" 2>/dev/null
		wait "$started"
		restore
		[ "$status" -eq 0 ] || fail "round $round: exit status $status: $(cat err out)"
		[ "$(cat "$group/$weight")" = "$old" ] || fail "round $round: $weight is $(cat "$group/$weight"), not $old"
		[ ! -d "$made" ] || fail "round $round: the group is still there"
		[ ! -e "$journal" ] || fail "round $round: the journal is still there"
		grep -qx "$app" "$group/cgroup.procs" || fail "round $round: the process is not at home"
		kill -KILL "$app"
		wait "$app" || true
	done
}

# The last entry is cut off: never acted upon. A damaged one in the middle is named, the others count.
case_restore_damage() {
	local id

	group_with_weight
	id=$(group_id "$group")
	echo "$ours" >"$group/$weight"
	journal "value $id $group $weight $old $ours -"
	printf 'value %s %s %s 7' "$id" "$group" "$weight" >>"$journal"
	restore
	[ "$status" -eq 0 ] || fail "exit status $status: $(cat err out)"
	[ "$(cat "$group/$weight")" = "$old" ] || fail "$weight is $(cat "$group/$weight"), not $old"
	echo "$ours" >"$group/$weight"
	journal "value $id $group $weight 7 $ours -" "value $id $group $weight $old $ours -"
	sed -i "2s/ 7 / 8 /" "$journal"
	restore
	[ "$status" -eq 3 ] || fail "exit status $status: $(cat err out)"
	grep -q "^$journal: " out || fail "not said: $(cat out)"
	[ "$(cat "$group/$weight")" = "$old" ] || fail "$weight is $(cat "$group/$weight"), not $old"
	[ ! -e "$journal" ] || fail "the journal was not set aside"
}

# A path in a journal is only text: nothing outside of cgroupfs and sysfs is written, and no link followed.
case_restore_hostile() {
	group_with_weight
	echo "$ours" >"$group/$weight"
	echo 0 >victim
	ln -s "$group" link
	journal "file 0 $PWD/victim - 1 0 -" "value $(group_id "$PWD") $PWD victim 1 0 -" \
		"value $(group_id "$group") $PWD/link $weight $old $ours -" "group 0 $PWD/accel-folder - - - -"
	mkdir accel-folder
	restore
	[ "$status" -eq 3 ] || fail "exit status $status: $(cat err out)"
	[ "$(cat victim)" = 0 ] || fail "a file outside was written"
	[ -d accel-folder ] || fail "a folder that is no cgroup was removed"
	[ "$(cat "$group/$weight")" = "$ours" ] || fail "a link was followed"
	grep -q '^0 restored, 0 left alone, 4 failed' out || fail "$(cat out)"
}

# An agent that runs holds the lock of its journal.
case_restore_live_owner() {
	group_with_weight
	echo "$ours" >"$group/$weight"
	journal "value $(group_id "$group") $group $weight $old $ours -"
	start flock "$journal" -c 'echo >locked; exec sleep 60'
	wait_for 5 test -e locked || fail "no lock"
	restore -f json
	[ "$status" -eq 0 ] || fail "exit status $status: $(cat err out)"
	jq -e '.live_agents >= 1' out >/dev/null || fail "JSON: $(cat out)"
	[ "$(cat "$group/$weight")" = "$ours" ] || fail "$weight of a running agent was put back"
	[ -e "$journal" ] || fail "the journal of a running agent is gone"
}

case_restore_needs_root() {
	setpriv --reuid 65534 --clear-groups "$ACCEL_AGENT" restore >out 2>err
	status=$?
	[ "$status" -eq 4 ] || fail "exit status $status"
	grep -q 'needs root' err || fail "stderr: $(cat err)"
}
