# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
"""More and more apps that one agent follows at the same time, each a tree of processes that wake up now and then."""
import contextlib
import json
import os
import time

from growth import Growth, other_cpus, pingpong, report_ms, started
from harness import BenchError, cpu_seconds, median, spread

SIZES = [1, 4, 16, 64]  # the last one is what the agent takes at most
SETTLE_SECONDS = 0.05  # until the agent has looked at what it has just placed
MIB_MAX, REPORT_MS_MAX = 16, 200  # as the agent is allowed elsewhere
TREE = ["2", "2", "1000", "0.1"]  # processes, threads of each, seconds, and between two times that one wakes up


class Apps:
    def __init__(self, bench, program, quick):
        self.bench, self.program = bench, program
        self.growth = Growth("apps", [SIZES[0], SIZES[-1]] if quick else SIZES, ["bare", "agent"])
        tree = bench.workload("manythreads")
        self.trees = [bench.alias(tree, f"tree{i}") for i in range(SIZES[-1] - 1)]

    def round(self, turn):
        self.growth.round(turn, contextlib.nullcontext, self.run)

    def agent(self, names, path):
        argv = [self.bench.agent_path, "-f", "json", "-o", path]
        for name in names:
            argv += ["--app", os.path.basename(name)]
        return self.bench.tool(argv, "waiting for", 0.2)

    def run(self, size, variant, _):
        """The ping-pong is one of the apps. The others have the other CPUs, so that it waits for none of them."""
        trees = self.trees[:size - 1]
        path = self.bench.report_path()
        agent = self.agent([self.program] + trees, path) if variant == "agent" else None
        with contextlib.ExitStack() as stack:
            before = cpu_seconds(agent.pid) if agent else 0
            for tree in trees:
                stack.enter_context(started(self.bench, ["taskset", "-c", other_cpus()[0], tree] + TREE, "ready", tree))
            if agent:
                time.sleep(SETTLE_SECONDS)
                taken = cpu_seconds(agent.pid) - before
            result = stack.enter_context(pingpong(self.bench, self.program, agent=agent))
            if agent:
                result["start_ms"] = 1000 * taken / len(trees) if trees else 0
                result["written_ms"], result["ended_ms"] = report_ms(agent, path)
                result["weights"] = weights(reports_of(path, size)[1:])
        if agent:
            self.bench.stop(agent)
        return result

    def summarise(self, section):
        growth, largest = self.growth, self.growth.sizes[-1]
        growth.judge_added(section, 1.2)
        growth.judge(section, "CPU of the agent per app", self.percent_per_app, 1.2)
        if len(growth.sizes) > 2:  # the agent's own rest is not spread over so many more
            growth.judge(section, "CPU of the agent per app", self.percent_per_app, 1.2, first=-2)
            growth.judge(section, "CPU to take up an app", lambda size: growth.values(size, "agent", "start_ms"), 1.2,
                         first=1)
        section.figure(f"resident memory, following {largest} apps", growth.median(largest, "agent", "mib"), MIB_MAX,
                       " MiB", 1)
        section.figure(f"reports of {largest} apps", growth.median(largest, "agent", "written_ms"), REPORT_MS_MAX,
                       " ms", 0)
        alike = [max(w) / min(w) for w in growth.values(largest, "agent", "weights") if w]
        if alike:
            section.figure(f"weights of {largest - 1} apps that are alike, largest / smallest", median(alike), 2)
        self.compare(section)
        growth.describe_added(section)
        self.describe(section)

    def describe(self, section):
        growth = self.growth
        columns = {"agent, % of a CPU": ("percent", 2), "MiB resident": ("mib", 1), "CPU to take up each, ms":
                   ("start_ms", 1), "SIGINT to all reports, ms": ("written_ms", 0), "SIGINT to exit, ms":
                   ("ended_ms", 0), "to attach, ms": ("attach_ms", 0)}
        rows = [[growth.label(size)] + [f"{growth.median(size, 'agent', key):.{digits}f}"
                                        for key, digits in columns.values()] +
                [f"{median(self.percent_per_app(size)):.3f}", spread(self.percent_per_app(size), 3)]
                for size in growth.sizes]
        section.table(["apps", *columns, "% of a CPU per app", "quartiles"], rows)
        for title, key, unit in (("CPU of the agent", "percent", "% of one CPU"),
                                 ("From SIGINT to all reports", "written_ms", "ms")):
            section.curve(f"{title} by number of apps", "apps", unit,
                          {"agent": growth.points(lambda size, k=key: growth.values(size, "agent", k))})
        section.notes.append(f"Apps: the ping-pong, and besides `manythreads {' '.join(TREE)}` under other names, "
                             f"started when the agent waits for them. An agent takes at most {SIZES[-1]} names; a glob "
                             "is one, and so is each app of the catalogue.")

    def percent_per_app(self, size):
        return [value / size for value in self.growth.values(size, "agent", "percent")]

    def compare(self, section):
        growth, largest = self.growth, self.growth.sizes[-1]
        for size in growth.sizes:
            section.row(f"a turn of two switches, following {growth.label(size)}", "µs",
                        growth.median(size, "agent", "us"), "none tells apps apart",
                        ("nothing runs", growth.median(size, "bare", "us")))
        for what, unit, key, digits in (("CPU of the agent while it follows", "%", "percent", 2),
                                        ("resident memory of the agent, following", "MiB", "mib", 1),
                                        ("from SIGINT to the reports of", "ms", "written_ms", 0)):
            section.row(f"{what} {growth.label(largest)}", unit, growth.median(largest, "agent", key),
                        "none tells apps apart", "none that is physical", digits=digits)


def reports_of(path, number):
    """One line of JSON for each app, in the order in which they were named; each has seen its tree."""
    with open(path, encoding="utf-8") as file:
        reports = [json.loads(line) for line in file]
    unseen = [r["app"]["name"] for r in reports if r["app"]["processes"] < 2]
    if len(reports) != number or unseen:
        raise BenchError(f"{len(reports)} reports of {number} apps, {len(unseen)} of them not followed: {unseen[:3]}")
    return reports


def weights(reports):
    """The weights that the agent gave."""
    return [float(a["new"]) for r in reports for a in r.get("actions") or []
            if a["knob"] in ("cpu.shares", "cpu.weight")]
