# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
"""How soon after its exec an app is in a group of its own with more weight: by the kernel's events, and as it sees it."""
import contextlib
import math
import os
import random
import time

from harness import BenchError, Section
from neighbours import PER_CPU, Hierarchy, hogs

GIVE_UP = 20  # failures in a row: the rest would fail as well, and each takes the whole time-out
LAUNCHED_SHARE = 10  # one launch under the agent for so many beside an agent that waits
PAUSES_SECONDS = (0.002, 0.06)  # between launches: regular ones could fall into step with the agent's clock
SEED = 1


class App:
    def __init__(self, bench, hierarchy):
        program = bench.compile("placed")
        self.bench = bench
        self.alias = bench.alias(program, "placed-app")
        self.command = [program, "exec", self.alias, hierarchy.mount, hierarchy.name, hierarchy.knob,
                        str(hierarchy.default)]

    def attached(self):
        return self.bench.run(self.command)

    def launched(self):
        return self.bench.run([self.bench.agent_path, "-q", "-f", "json", "-o", self.bench.report_path(), "--"] +
                              self.command)

    @contextlib.contextmanager
    def agent(self):
        # the agent ends with its apps: the second one, which never comes, keeps it waiting
        agent = self.bench.tool([self.bench.agent_path, "-f", "json", "-o", self.bench.report_path(),
                                 "--app", os.path.basename(self.alias), "--app", f"never-{os.getpid()}"],
                                "waiting for", 0.5)
        try:
            yield
            if agent.process.poll() is not None:
                raise BenchError(f"the agent ended before the launches: {' / '.join(agent.lines[-3:])}")
        finally:
            self.bench.stop(agent)


def parse(line):
    """placed= looks= main_ns= seen_ns= as numbers."""
    try:
        ret = {key: int(value) for key, value in (word.split("=") for word in line.split())}
        return {key: ret[key] for key in ("placed", "looks", "main_ns", "seen_ns")}
    except (ValueError, KeyError) as error:
        raise BenchError(f"placed: '{line.strip()}' is no result") from error


def series(launch, count):
    """Results of count launches, or of fewer if it goes on failing."""
    chance = random.Random(SEED)
    results, failures = [], 0
    while len(results) < count and failures < GIVE_UP:
        results.append(parse(launch()))
        failures = 0 if results[-1]["placed"] else failures + 1
        time.sleep(chance.uniform(*PAUSES_SECONDS))
    return results


def moved(bench, launch, count):
    """The results of count launches; and by the kernel's own events, the nanoseconds from each exec to its move."""
    tracer = bench.bpftrace("place.bt", keep=True)
    results = series(launch, count)
    time.sleep(0.5)
    bench.stop(tracer)
    tracer.reader.join(5)
    return results, [int(line.split()[2]) for line in tracer.lines if line.startswith("moved ")]


def percentile(values, percent):
    """The smallest value that percent of all do not exceed."""
    return sorted(values)[max(0, math.ceil(len(values) * percent / 100) - 1)]


def measure(bench, rounds):
    hierarchy = Hierarchy()
    app = App(bench, hierarchy)
    launches = max(1, rounds // LAUNCHED_SHARE)
    done, moves = {}, {}
    for where in ("idle machine", "beside the hogs"):
        with hogs(bench, hierarchy, "session") if where != "idle machine" else contextlib.nullcontext():
            with app.agent():
                done["attached", where], moves[where] = moved(bench, app.attached, rounds)
            done["launch mode", where] = series(app.launched, launches)
    section = Section("place", f"From exec until the app is in a group of the agent's with more than the usual "
                      f"{hierarchy.knob}: {rounds} launches beside an agent that waits for the app, {launches} under "
                      f"one each; on the idle machine, and beside {PER_CPU} processes per CPU that never wait, in the "
                      "session of the app and the agent.")
    for where, ns in moves.items():
        moves_figures(section, where, [value / 1e6 for value in ns], rounds)
    summarise(section, done, {"attached": rounds, "launch mode": launches})
    section.table(["attached: from the kernel's exec event to its move of the app", "launches", "p50 ms", "p95 ms",
                   "p99 ms", "max ms"],
                  [[where, len(ns)] + [f"{percentile(ns, p) / 1e6:.2f}" for p in (50, 95, 99, 100)]
                   for where, ns in moves.items() if ns])
    return section


def moves_figures(section, where, ms, asked):
    if ms:
        section.row(f"{where}: from an app's exec until it runs in a group with more weight, p99", "ms",
                    percentile(ms, 99), "none does it by itself (cgrulesengd, of Debian's cgroup-tools, needs a rule a "
                    "program, and was not measured)", "a group's move needs an RCU grace period, however long that takes")
        section.figure(f"attached, {where}: exec to moved into the weighted group, p99", percentile(ms, 99), 5, " ms")
    section.check(f"attached, {where}: launches that were moved", len(ms), asked)


def summarise(section, done, asked):
    rows = []
    for (mode, where), results in done.items():
        ms = [r["seen_ns"] / 1e6 for r in results]
        first = sum(1 for r in results if r["placed"] and r["looks"] == 1)
        failed = sum(1 for r in results if not r["placed"])
        title = f"{mode}, {where}"
        if mode == "attached":
            section.check(f"{title}: launches that saw themselves placed", len(results) - failed, asked[mode])
        else:
            section.check(f"{title}: launches placed at the first look", first, asked[mode])
        rows.append([title, len(results), failed, first] + [f"{percentile(ms, p):.2f}" for p in (50, 95, 99, 100)] +
                    [f"{percentile([r['main_ns'] / 1e6 for r in results], p):.2f}" for p in (50, 99)])
    section.table(["how, where", "launches", "timed out", "placed at first look", "p50 ms", "p95 ms", "p99 ms",
                   "max ms", "exec to main p50 ms", "exec to main p99 ms"], rows)
    section.notes.append("The kernel's events, seen by bpftrace: sched_process_exec and cgroup_attach_task of the same "
                         "process. The weight is written before the move, which the app confirms: it counts itself as "
                         "placed only with more than the usual weight. From the call of exec on, as the app itself "
                         "sees it: it looks every 20 µs while it has a CPU, so beside the hogs its own wait for one is "
                         "counted, too. A launch that is not placed within 200 ms of main() counts as that long; a "
                         f"series ends after {GIVE_UP} of them in a row. One agent waits through all launches of a "
                         "series (with a second `--app` that never starts), and meets each as a new start of the app.")
