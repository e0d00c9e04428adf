# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
# What the cases about acting share: a place for them, what there is before and after, what the agent did.

# --- the arena ---

# A group for the app (which is not alone there: a process sleeps beside it) and those it competes with, and one for the
# agent. They outweigh the rest of the machine, so that what others run there matters little; but not by so much that
# new agents outside would take seconds to load.
arena() {
	v1_mount cpu >/dev/null || skip "the cpu controller is not in a v1 hierarchy here: the virtual machines test v2"
	group_make cpu
	group_set "$group" cpu.shares 4096
	AGENT_OUTSIDE=("${AGENT[@]}")
	AGENT=("${IN[@]}" "$group" -- "${AGENT[@]}")
	group_make cpu
	arena=$group
	group_set "$arena" cpu.shares 4096
	start "${IN[@]}" "$arena" -- sleep 600
	stranger=$started
	INSIDE=("${IN[@]}" "$arena" --)
}

# The agent runs inside the arena as well, and what it starts.
agent_inside() {
	AGENT=("${INSIDE[@]}" "${AGENT_OUTSIDE[@]}")
}

# group_inside NAME [ABOVE]: makes a group in the arena; its path is in $group.
group_inside() {
	group=${2:-$arena}/accel-test-$1
	mkdir "$group" || fail "$group cannot be made"
	groups=("$group" "${groups[@]}")
}

# hogs THREADS SECONDS [WORDS...]: inside the arena, or where the words bring them.
hogs() {
	local threads=$1 seconds=$2

	shift 2
	[ $# -gt 0 ] || set -- "${INSIDE[@]}"
	start "$@" "$WORKLOADS/spin" "$threads" "$seconds" >/dev/null
	hog=$started
}

# --- what is there ---

CHANGED_FILES='cpu.shares cpu.weight cpu.idle cpuset.cpus memory.low memory.soft_limit_in_bytes
	blkio.bfq.weight blkio.prio.class io.weight io.bfq.weight io.prio.class cgroup.subtree_control'

# tree_snapshot FOLDER: every group there and below, and what the agent might change in it.
tree_snapshot() {
	local names=() name

	for name in $CHANGED_FILES; do
		names+=(-o -name "$name")
	done
	find "$1" -type d -print 2>/dev/null
	find "$1" -type f \( -false "${names[@]}" \) -exec grep -H '' {} + 2>/dev/null
}

# All hierarchies, and what the agent changes besides.
snapshot() {
	local mount

	awk '{ for (i = 7; $i != "-"; i++); if ($(i + 1) ~ /^cgroup2?$/) print $5 }' /proc/self/mountinfo | sort -u |
		while read -r mount; do
			tree_snapshot "$mount"
		done
	grep -H '' /sys/kernel/rcu_expedited
}

# The agent whose groups snapshots are to show besides those in the arena, which are all ours: by its pid.
agents=''
note_agent() {
	agents="$agents $1"
}

# What differs between two snapshots. Groups that others make and change at the same time do not count: those named as
# tests and agents name theirs, unless they are ours, and other ones that are in one of the snapshots only.
snapshot_difference() {
	awk -v run="/accel-test-$ACCEL_TEST_RUN-" -v agents="$agents" '
		BEGIN { n = split(agents, agent, " ") }
		function mine(line,	i) {
			if (index(line, run))
				return 1
			for (i = 1; i <= n; i++)
				if (index(line, "/accel-agent." agent[i] "."))
					return 1
			return 0
		}
		{ path = $0; sub(/:.*/, "", path) }
		FNR == NR { before[$0] = 1; known[path] = 1; next }
		{ after[$0] = 1; still[path] = 1 }
		END {
			for (line in before)
				if (!(line in after)) {
					path = line; sub(/:.*/, "", path)
					if (mine(line) || (line !~ /\/accel-/ && path in still))
						print "-" line
				}
			for (line in after)
				if (!(line in before)) {
					path = line; sub(/:.*/, "", path)
					if (mine(line) || (line !~ /\/accel-/ && path in known))
						print "+" line
				}
		}' "$1" "$2"
}

nothing_changed() {
	snapshot >after
	snapshot_difference before after >difference
	[ ! -s difference ]
}

# Only what other agents do for a moment (rcu_expedited) is worth to wait for.
as_before() {
	wait_for 2 nothing_changed || fail "${1:-after it}: not as before: $(head -n 4 difference | tr '\n' ' ')"
}

# --- what the agent did ---

# The group of the followed agent (of which there is one) below a folder, the arena if none is named: in $ours.
find_ours() {
	ours=$(find "${1:-$arena}" -type d -name 'accel-agent.*' | head -n 1)
	[ -n "$ours" ]
}

in_group_of_ours() {
	grep -q '^[0-9]*:cpu\(,cpuacct\)\?:.*/accel-agent\.[0-9a-f.-]*$' "/proc/$1/cgroup"
}

is_in() {
	grep -qx "$1" "$2/cgroup.procs"
}

# raised GROUP VALUE: its weight is larger than VALUE.
raised() {
	local value

	value=$(cat "$1/cpu.shares") && [ "$value" -gt "$2" ]
}

# The change of the weight of a group, by the end of its path, as a jq expression: weight_of END
weight_of() {
	echo "(.actions[] | select(.knob == \"cpu.shares\" and (.target | endswith(\"$1\"))))"
}

all_restored() {
	holds "$1" '[.actions[] | select(.state == "kept" or .state == "undone") | .restored] | length > 0 and all' .actions
}

stop_agent() {
	kill "-${1:-INT}" "$agent"
}
