# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
# Input: an array of reports. Output: one line for each thing that cannot be true of a report; nothing if all is well.

def states: ["run", "runq", "throttled", "disk", "fault", "reclaim", "lock", "sleep"];
def need(name; ok): if ok then empty else name end;
def numeric: type == "number";
def measured: . == null or type == "number" and . >= 0;

def keys_of_report:
	["schema", "app", "host", "wall_seconds", "thread_seconds", "wall", "concurrency", "commands", "devices", "page_cache",
	 "bottlenecks", "actions", "agent"] - keys
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

def counts:
	need("actions are listed, but none was made"; .actions == []),
	need("devices: a negative or missing number"; all(.devices[]; all(.reads, .read_bytes, .writes, .write_bytes; measured))),
	need("agent: lost_events is missing"; .agent.lost_events | numeric);

if length == 0 then "no report"
else .[] | if .schema != "accel-agent.report/1" then "schema is \(.schema)"
           else keys_of_report, identity, concurrency_identity, commands_identity, sums, ranked, counts end
end
