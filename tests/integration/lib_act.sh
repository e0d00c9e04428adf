# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
# What the cases about acting share: a place for them, what there is before and after, what the agent did.

# --- the arena ---

# A group for the app (which is not alone there: a process sleeps beside it) and those it competes with, and one for the
# agent. They outweigh the rest of the machine, so that what others run there matters little; but not by so much that
# new agents outside would take seconds to load. ARENA_SHARES is less where nobody else runs, and this shell is slow.
#
# In v2 groups and processes exclude each other, so the arena is a group beside those that group_inside() makes, and
# beside the agent's; all of them are in $ground, which is the arena itself in v1.
arena() {
	use_weights
	group_make cpu
	group_set "$group" "$WEIGHT" "$(weight 4096)"
	AGENT_OUTSIDE=("${AGENT[@]}")
	AGENT=("${IN[@]}" "$group" -- "${AGENT[@]}")
	group_make cpu
	ground=$group
	arena=$ground
	group_set "$ground" "$WEIGHT" "$(weight "${ARENA_SHARES:-4096}")"
	if [ "$version" -eq 2 ]; then
		group_inside arena
		arena=$group
	fi
	start "${IN[@]}" "$arena" -- sleep 600
	stranger=$started
	INSIDE=("${IN[@]}" "$arena" --)
}

# The agent runs inside the arena as well, and what it starts.
agent_inside() {
	AGENT=("${INSIDE[@]}" "${AGENT_OUTSIDE[@]}")
}

# The file with a group's weight is $WEIGHT, and what v1 calls so many shares there: weight SHARES
use_weights() {
	WEIGHT=cpu.weight
	CPU_LINE=
	if v1_mount cpu >/dev/null; then
		WEIGHT=cpu.shares
		CPU_LINE='cpu\(,cpuacct\)\?'
	fi
}

weight() {
	if [ "$WEIGHT" = cpu.shares ]; then
		echo "$1"
	else
		echo $(($1 * 100 / 1024))
	fi
}

# group_inside NAME [ABOVE]: makes a group in the arena; its path is in $group.
group_inside() {
	local above=${2:-$ground}

	group=$above/accel-test-$1
	[ "$version" -eq 1 ] || echo +cpu >"$above/cgroup.subtree_control" || fail "$above cannot have groups"
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

# The group of the followed agent (of which there is one) for an app that was in a group, the arena if none is named: in
# $ours.
find_ours() {
	local where=${1:-$arena}

	[ "$version" -eq 1 ] || where=${where%/*}
	ours=$(find "$where" -type d -name 'accel-agent.*' | head -n 1)
	[ -n "$ours" ]
}

in_group_of_ours() {
	grep -q "^[0-9]*:$CPU_LINE:.*/accel-agent\.[0-9a-f.-]*\$" "/proc/$1/cgroup"
}

is_in() {
	grep -qx "$1" "$2/cgroup.procs"
}

# raised GROUP SHARES: its weight is larger than that of so many shares.
raised() {
	local value

	value=$(cat "$1/$WEIGHT") && [ "$value" -gt "$(weight "$2")" ]
}

# The change of the weight of a group, by the end of its path, as a jq expression: weight_of END
weight_of() {
	echo "(.actions[] | select(.knob == \"$WEIGHT\" and (.target | endswith(\"$1\"))))"
}

all_restored() {
	holds "$1" '[.actions[] | select(.state == "kept" or .state == "undone") | .restored] | length > 0 and all' .actions
}

stop_agent() {
	kill "-${1:-INT}" "$agent"
}
