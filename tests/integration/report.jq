# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
# Input: an array of reports. Output: one line for each thing that cannot be true of a report; nothing if all is well.

def states: ["run", "runq", "throttled", "disk", "fault", "reclaim", "lock", "sleep"];
def need(name; ok): if ok then empty else name end;
def numeric: type == "number";
def measured: . == null or type == "number" and . >= 0;

def keys_of_report:
	["schema", "app", "host", "wall_seconds", "thread_seconds", "wall", "concurrency", "commands", "devices", "page_cache",
	 "bottlenecks", "actions", "agent", "operations"] - keys
	| need("keys are missing: " + join(" "); length == 0);

# The identity: every second of wall time is charged once.
def identity:
	.wall_seconds as $all
	| ([.wall[]] | add) as $sum
	| need("identity: wall states add up to \($sum), wall_seconds is \($all)";
	       ($sum | numeric) and ($all | numeric) and (($sum - $all) | fabs) <= 0.001 * $all + 0.000001);

def concurrency_identity:
	([.concurrency[].seconds] | add // 0) as $sum
	| (.wall_seconds - .wall.idle) as $all
	| need("identity: seconds by number of running threads add up to \($sum), with threads there were \($all)";
	       ($sum - $all | fabs) <= 0.001 * .wall_seconds + 0.001 or ($sum - .wall_seconds | fabs) <= 0.001 * .wall_seconds + 0.001);

# What is charged to the app is charged to its commands.
def commands_identity:
	. as $r
	| ["run", "runq", "throttled", "disk", "fault", "reclaim", "lock"][] as $s
	| ([.commands[].wall[$s]] | add // 0) as $sum
	| need("identity: \($s) of all commands is \($sum), of the app \(.wall[$s])";
	       ($sum - $r.wall[$s] | fabs) <= 0.001 * $r.wall_seconds + 0.0001);

def sums:
	need("wall has the wrong states"; (states + ["idle"] - (.wall | keys)) == []),
	need("thread_seconds has the wrong states"; (states - (.thread_seconds | keys)) == []),
	need("a time is negative"; all(.wall[], .thread_seconds[]; . >= 0));

def ranked:
	[.bottlenecks[].impact_percent] as $p
	| need("bottlenecks are not ranked: \($p)"; $p == ($p | sort | reverse)),
	  need("impacts are not within 0 to 100, or add up to more: \($p)"; all($p[]; . >= 0 and . <= 100) and (($p | add // 0) <= 100.1)),
	  need("a bottleneck has no evidence or suggestion";
	       all(.bottlenecks[]; (.evidence | length) > 0 and (.suggestion | length) > 0));

def text: type == "string" and length > 0;
def known: . == null or numeric;

def effects:
	.actions[] | select(.effect != null) | .id as $id | .state as $state | .effect
	| need("action \($id): it was not made, but has an effect"; $state == "kept" or $state == "undone"),
	  need("action \($id): the effect has wrong values: \(.)";
	       (.metric | text) and (.windows | numeric and . > 0) and all(.before, .after, .percent, .low, .high; known)
	       and (.verdict | IN("inconclusive", "helps", "harms", "none"))),
	  need("action \($id): \(.percent) % is not within \(.low) to \(.high)";
	       .low == null or .high == null or .percent == null or (.low <= .percent and .percent <= .high)),
	  need("action \($id): it \(.verdict) with \(.low) to \(.high) %";
	       if .verdict == "helps" then .low == null or .low > 0 elif .verdict == "harms" then .high == null or .high < 0
	       else true end);

def actions:
	need("actions: an id is missing or not unique"; [.actions[].id] | all(.[]; text) and length == (unique | length)),
	(.actions[]
	 | need("action \(.id): a key is missing";
	        ["id", "target", "knob", "old", "new", "reason", "state", "effect", "bottleneck", "restored"] - keys == []),
	   need("action \(.id): a value is wrong: \(.)";
	        (.knob | text) and (.reason | text) and (.old == null or (.old | text))
	        and all(.target, .new; type == "string") and (.state == "refused" or all(.target, .new; text))
	        and (.state | IN("kept", "undone", "refused", "planned")) and (.restored | type == "boolean")
	        and (.bottleneck == null or (.bottleneck | text)))),
	effects;

# A bottleneck names the first of the actions that are about it.
def bottleneck_actions:
	.actions as $actions
	| .bottlenecks[] | .id as $id
	| ([$actions[] | select(.bottleneck == $id)][0].id) as $first
	| need("bottleneck \($id): its action is \(.action), the first about it is \($first)"; .action == $first);

# Operations split the times of the commands: nothing is left out, nothing counts twice.
def operations:
	need("operations: a kind is wrong or there twice";
	     [.operations[].kind] | all(.[]; . == null or text) and length == (unique | length)),
	need("operations: those without a kind are not last"; all(.operations[:-1][].kind; . != null)),
	need("operations: a value is wrong";
	     all(.operations[]; (.processes | measured) and (.commands | measured) and (.most | type == "string")
	                        and all(.wall[], .thread_seconds[]; numeric and . >= 0)
	                        and states - (.wall | keys) == [] and states - (.thread_seconds | keys) == [])),
	(select(.operations != []) | . as $r | states[] as $s
	 | ([.operations[].wall[$s]] | add) as $sum | ([.commands[].wall[$s]] | add // 0) as $all
	 | need("identity: \($s) of all operations is \($sum), of all commands \($all)";
	        ($sum - $all | fabs) <= 0.001 * $r.wall_seconds + 0.0001));

def counts:
	need("devices: a negative or missing number"; all(.devices[]; all(.reads, .read_bytes, .writes, .write_bytes; measured))),
	need("agent: lost_events is missing"; .agent.lost_events | numeric);

if length == 0 then "no report"
else .[] | if .schema != "accel-agent.report/1" then "schema is \(.schema)"
           else keys_of_report, identity, concurrency_identity, commands_identity, sums, ranked, counts, actions, bottleneck_actions, operations end
end
