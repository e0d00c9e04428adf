# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
"""How long it takes from exec until a tool says that it is attached."""
import time

from harness import Section, median, rotated, spread


REASON = "the agent has some 30 programs, each of which the kernel verifies before it runs; runqlat has three"


def measure(bench, rounds):
    tools = {"agent": ("agent", "\"waiting for\", after everything is attached",
                       lambda: bench.agent("no-such-app", bench.report_path(), 0))}
    if bench.has("runqlat"):
        tools["runqlat"] = ("runqlat", "its first line, after attaching", bench.runqlat)
    if bench.has("bpftrace"):
        tools["bpftrace"] = ("bpftrace run-queue latency", "the line of its BEGIN probe, after attaching",
                             bench.bpftrace)
    values = {name: [] for name in tools}
    nothing = []
    for turn in range(rounds):
        began = time.monotonic()
        bench.run(["true"])
        nothing.append(time.monotonic() - began)
        for name in rotated(list(tools), turn):
            tool = tools[name][2]()
            values[name].append(tool.attach_seconds * 1000)
            bench.stop(tool)
    section = Section("start", f"From exec to the line that says that the tool is attached; {rounds} rounds, "
                      "warm caches.")
    section.figure("agent: start to attached", median(values["agent"]), 150, " ms", 0)
    section.row("from exec until attached", "ms", median(values["agent"]),
                {title: median(values[name]) for name, (title, _, _) in tools.items() if name != "agent"},
                ("a process that does nothing, from fork to end", 1000 * median(nothing)), REASON, digits=1)
    section.table(["tool", "median ms", "quartiles", "min", "max", "what is timed"],
                  [[title, f"{median(values[name]):.0f}", spread(values[name], 0), f"{min(values[name]):.0f}",
                    f"{max(values[name]):.0f}", announced] for name, (title, announced, _) in tools.items()])
    return section
