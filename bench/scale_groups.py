# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
"""More and more control groups beside that of the followed app, each with a process that sleeps."""
import contextlib
import os

from growth import Growth, inside, other_cpus, pingpong, report_ms, started
from harness import median, read_report, spread
from neighbours import Hierarchy, remove, write
from scale_apps import weights

SIZES = [1, 10, 100, 1000]


class Groups:
    def __init__(self, bench, program, quick):
        self.bench, self.program = bench, program
        self.growth = Growth("control groups", [SIZES[0], SIZES[-1]] if quick else SIZES, ["bare", "agent"])
        self.hierarchy = Hierarchy()
        self.sleepers, self.hog = bench.compile("sleepers"), bench.compile("hog")

    def round(self, turn):
        self.growth.round(turn, self.around, self.run)

    @contextlib.contextmanager
    def around(self, size):
        """Groups with sleepers, one for the app, and one that wants the other CPUs: or there was no reason to act."""
        cpus, count = other_cpus()
        with self.hierarchy.group() as top, contextlib.ExitStack() as stack:
            stack.callback(remove_below, top)
            if self.hierarchy.v2:
                write(os.path.join(top, "cgroup.subtree_control"), "+cpu")
            for name in ["app", "hog"] + list(range(size)):
                os.mkdir(os.path.join(top, str(name)))
            stack.enter_context(started(self.bench, [self.sleepers, top, str(size)], "asleep", "sleepers"))
            hog = inside(os.path.join(top, "hog")) + ["taskset", "-c", cpus, self.hog, str(count)]
            stack.enter_context(started(self.bench, hog, "computing", "hog"))
            yield os.path.join(top, "app")

    def run(self, _, variant, home):
        path = self.bench.report_path()
        agent = self.bench.agent(self.program, path) if variant == "agent" else None
        with pingpong(self.bench, self.program, agent=agent, before=inside(home)) as result:
            if agent:
                result["written_ms"], result["ended_ms"] = report_ms(agent, path)
                result["report"] = read_report(path)
        if agent:
            self.bench.stop(agent)
        return result

    def summarise(self, section):
        growth = self.growth
        growth.judge_added(section, 1.2)
        for what, key, limit in (("CPU of the agent", "percent", 1.2), ("time to attach", "attach_ms", 1.5)):
            growth.judge(section, what, lambda size, k=key: growth.values(size, "agent", k), limit)
        self.compare(section)
        growth.describe_added(section)
        rows = []
        for size in growth.sizes:
            given = [max(weights([r]), default=0) for r in growth.values(size, "agent", "report")]
            rows.append([growth.label(size)] +
                        [f"{growth.median(size, 'agent', key):.{digits}f}" for key, digits in (
                            ("percent", 2), ("attach_ms", 0), ("written_ms", 0), ("ended_ms", 0), ("mib", 1))] +
                        [f"{median(given):.0f}", spread(growth.values(size, "agent", "percent"))])
        section.table(["control groups", "agent, % of a CPU", "to attach, ms", "SIGINT to report, ms",
                       "SIGINT to exit, ms", "MiB resident", "weight given", "quartiles of %"], rows)
        section.curve("CPU of the agent by number of control groups", "control groups", "% of one CPU",
                      {"agent": growth.points(lambda size: growth.values(size, "agent", "percent"))})
        section.notes.append(f"Groups: cgroup {'v2' if self.hierarchy.v2 else 'v1'}; the app's own one, one whose "
                             "processes take the other CPUs, and the sleepers' are beside each other, so the agent may "
                             "act, and reads the weights of those beside the app. What more time it takes to attach "
                             "goes into the sleepers: it looks at each process for a name that it is to follow. The "
                             "weight given is the largest one.")

    def compare(self, section):
        growth, largest = self.growth, self.growth.sizes[-1]
        for size in growth.sizes:
            section.row(f"a turn of two switches beside {growth.label(size)}", "µs",
                        growth.median(size, "agent", "us"), "none acts on groups",
                        ("nothing runs", growth.median(size, "bare", "us")))
        section.row(f"CPU of the agent, free to act beside {growth.label(largest)}", "%",
                    growth.median(largest, "agent", "percent"), "none acts on groups", "none that is physical")


def remove_below(top):
    """All groups below one, the innermost first; what an agent that failed left there as well."""
    for folder, names, _ in os.walk(top, topdown=False):
        for name in names:
            remove(os.path.join(folder, name))
