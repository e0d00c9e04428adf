# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
# The agent under systemd: scopes and properties come and go through it, also after kill -9.

CGROUPS=/sys/fs/cgroup
UNSET='[not set]'
units=()

# Ends the units that the case started, then all else.
units_end() {
	local unit

	for unit in "${units[@]}"; do
		systemctl stop "$unit"
		systemctl reset-failed "$unit"
	done 2>/dev/null
	case_end
}

under_systemd() {
	"$ACCEL_AGENT" doctor >doctor
	grep -q 'systemd .*through which units are changed' doctor || fail "doctor does not reach it: $(grep systemd doctor)"
	trap units_end EXIT
	cat >busy <<-END
		#!/bin/sh
		echo \$\$ >$PWD/busy.pid
		exec $WORKLOADS/spin 1 600
	END
	chmod 755 busy
}

# start_service NAME WORD...: a service of options for systemd-run and a command
start_service() {
	local name=$1

	shift
	units+=("$name.service")
	systemd-run -q --unit="$name" --service-type=exec "$@" || fail "no service $name"
}

# In the background, for its session: start_scope NAME COMMAND...
start_scope() {
	local name=$1

	shift
	units+=("$name.scope")
	start systemd-run -q --scope --slice=user-0.slice --unit="$name.scope" "$@"
}

end_unit() {
	systemctl stop "$1" || fail "$1 does not stop"
}

# --- what is set --------------------------------------------------------------------------------------------------------

unit_weight() {
	systemctl show -P CPUWeight -- "$1"
}

unit_weight_is() {
	[ "$(unit_weight "$1")" = "$2" ] || fail "$1: CPUWeight is $(unit_weight "$1") instead of $2${3:+: $3}"
}

# By the file, which is quick to read: whoever waits for it shall not keep the CPUs busy.
is_raised() {
	[ "$(<"$CGROUPS/$1/cpu.weight")" -gt 100 ]
}

raised_by() {
	wait_for 60 is_raised "$2" || fail "$2: cpu.weight is $(cat "$CGROUPS/$2/cpu.weight"): $(tail -n 2 messages)"
	unit_weight_is_set "$1" "though the file says so"
}

# Whatever it is at just now: while its effect is measured, the weight goes to and fro.
unit_weight_is_set() {
	[ "$(unit_weight "$1")" != "$UNSET" ] || fail "$1: no CPUWeight is set $2"
}

# The file says what the property does; where nothing is set, the normal value, or no controller at all.
agrees() {
	local expected file=$CGROUPS/$2/cpu.weight

	expected=$(unit_weight "$1")
	[ "$expected" != "$UNSET" ] || expected=100
	if [ -e "$file" ]; then
		[ "$(cat "$file")" = "$expected" ]
	else
		[ "$expected" = 100 ]
	fi
}

file_agrees() {
	wait_for 5 agrees "$1" "$2" ||
		fail "$1: CPUWeight is $(unit_weight "$1"), $2/cpu.weight is $(cat "$CGROUPS/$2/cpu.weight")"
}

slices_are_normal() {
	local slice

	for slice in -.slice system.slice user.slice user-0.slice; do
		unit_weight_is $slice "$UNSET" "$1"
	done
}

# --- what is there ------------------------------------------------------------------------------------------------------

scopes() {
	systemctl list-units --all --plain --no-legend 'accel-agent-*.scope' | cut -d' ' -f1
}

group_of_ours() {
	compgen -G "$CGROUPS/user.slice/user-0.slice/accel-agent-*.scope"
}

agent_leftovers() {
	find $CGROUPS -name 'accel-agent*'
	find /run/accel-agent -name 'journal-*' -o -name 'kept-*' -o -name 'aside-*'
}

no_agent_leftovers() {
	[ -z "$(agent_leftovers)" ]
}

nothing_is_left() {
	wait_for 10 no_agent_leftovers || fail "left after $1: $(agent_leftovers)"
	[ -z "$(scopes)" ] || fail "left after $1: $(scopes)"
	slices_are_normal "after $1"
}

# unit_has PID GROUP: the end of its path
unit_has() {
	grep -q "^0::.*/$2\$" "/proc/$1/cgroup"
}

is_in_group() {
	wait_for 10 unit_has "$1" "$2" || fail "$1 is in $(cat "/proc/$1/cgroup") instead of $2"
}

is_gone() {
	! kill -0 "$1" 2>/dev/null
}

agent_ends() {
	wait_for 30 is_gone "$agent" || fail "the agent does not end"
}

# Its parent may not wait for it yet.
agent_is_dead() {
	! grep -q '^State:.[^ZX]' "/proc/$agent/status" 2>/dev/null
}

no_complaint() {
	[ "$(systemctl is-system-running)" = running ] || fail "systemd complains: $(systemctl --failed --plain --no-legend)"
}

# --- cases --------------------------------------------------------------------------------------------------------------

# A command in a session, until its weight is raised; another session wants all CPUs as soon as the agent is there, which
# is $agent. The command is $busy, its scope is $ours.
launch_in_session() {
	rm -f busy.pid agent.pid
	start_scope session-c9 sh -c '"$1" -- "$2" >report 2>messages & echo $! >agent.pid; sleep 1000' \
		sh "$ACCEL_AGENT" "$PWD/busy"
	wait_for 60 group_of_ours || fail "there is no scope: $(tail -n 2 messages)"
	ours=$(scopes)
	[[ $ours =~ ^accel-agent-[0-9]+-[^[:space:]]*\.scope$ ]] || fail "one scope was expected, found: $ours"
	start_scope session-c8 "$WORKLOADS/spin" "$NCPU" 600
	raised_by "$ours" "user.slice/user-0.slice/$ours"
	agent=$(cat agent.pid)
	busy=$(cat busy.pid)
	is_in_group "$busy" "user.slice/user-0.slice/$ours"
}

# A command gets a scope of its own beside the session that it was started in.
case_systemd_launch() {
	under_systemd
	launch_in_session
	file_agrees "$ours" "user.slice/user-0.slice/$ours"
	[ "$(systemctl show -P Delegate "$ours")" = yes ] || fail "$ours is not delegated"
	systemd-cgls --no-pager >groups
	grep -q "$ours" groups || fail "systemd-cgls does not show $ours"
	systemctl daemon-reload
	[ "$(systemctl is-active "$ours")" = active ] || fail "a reload loses the scope"
	unit_weight_is_set "$ours" "after a reload"
	file_agrees "$ours" "user.slice/user-0.slice/$ours"
	end_unit session-c8.scope
	kill -TERM "$busy"
	agent_ends
	nothing_is_left "the command's end"
	end_unit session-c9.scope

	launch_in_session
	end_unit session-c8.scope
	kill -KILL "$agent"
	# what it holds, it holds until all of it has ended, which takes an emulated machine a while
	wait_for 30 agent_is_dead || fail "the agent does not end"
	! is_gone "$busy" || fail "the command ends with the agent"
	"$ACCEL_AGENT" restore || fail "restore: exit status $?"
	is_in_group "$busy" session-c9.scope
	nothing_is_left restore
	end_unit session-c9.scope
	no_complaint
}

# follow PID: in the background, with hogs beside it once the agent is there, which is $agent.
follow() {
	start "$ACCEL_AGENT" -v --pid "$1" >report 2>messages
	agent=$started
	wait_for 60 grep -q 'threads marked' messages || fail "the agent does not attach: $(tail -n 2 messages)"
	start_service hogs "$WORKLOADS/spin" "$NCPU" 600
}

# Follows the service alone, until its weight is raised.
follow_alone() {
	follow "$(systemctl show -P MainPID alone)"
	raised_by alone.service system.slice/alone.service
}

# Alone in a service, beside another one.
case_systemd_attach() {
	under_systemd
	start_service alone "$PWD/busy"

	follow_alone
	file_agrees alone.service system.slice/alone.service
	[ -z "$(scopes)" ] || fail "there is a scope: $(scopes)"
	systemctl daemon-reload
	unit_weight_is_set alone.service "after a reload"
	kill -TERM "$agent"
	agent_ends
	end_unit hogs
	unit_weight_is alone.service "$UNSET" "after the agent's end"
	file_agrees alone.service system.slice/alone.service
	nothing_is_left "the agent's end"
	systemctl daemon-reload
	unit_weight_is alone.service "$UNSET" "a reload brings it back"

	follow_alone
	kill -KILL "$agent"
	agent_ends
	end_unit hogs
	unit_weight_is_set alone.service "after kill -9"
	"$ACCEL_AGENT" restore || fail "restore: exit status $?"
	unit_weight_is alone.service "$UNSET" "after restore"
	file_agrees alone.service system.slice/alone.service
	nothing_is_left restore

	follow_alone
	systemctl set-property --runtime alone.service CPUWeight=321
	kill -TERM "$agent"
	agent_ends
	unit_weight_is alone.service 321 "somebody else has set it"
	grep -q 'somebody else changed it' messages || fail "the agent does not say so: $(tail -n 3 messages)"
	no_complaint
}

direct_weight() {
	[ "$(cat "$CGROUPS/system.slice/ruler.service/own/cpu.weight")" "$@" ]
}

# A group inside a unit that was delegated is changed directly.
case_systemd_delegated() {
	under_systemd
	cat >ruler <<-END
		#!/bin/sh
		cd $CGROUPS/system.slice/ruler.service || exit 1
		mkdir own rest
		echo \$\$ >rest/cgroup.procs
		echo +cpu >cgroup.subtree_control
		sh -c 'echo \$\$ >own/cgroup.procs; exec $PWD/busy'
	END
	chmod 755 ruler
	start_service ruler -p Delegate=yes "$PWD/ruler"
	wait_for 10 test -s busy.pid || fail "no command in ruler.service"
	is_in_group "$(cat busy.pid)" ruler.service/own
	follow "$(cat busy.pid)"
	wait_for 60 direct_weight -gt 100 || fail "the group's weight stays: $(tail -n 2 messages)"
	kill -TERM "$agent"
	agent_ends
	direct_weight -eq 100 || fail "after it, the group has $(cat $CGROUPS/system.slice/ruler.service/own/cpu.weight)"
	unit_weight_is ruler.service "$UNSET"
	nothing_is_left "the agent's end"
	no_complaint
}
