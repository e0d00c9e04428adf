# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
"""What tracing adds to a context switch: perf's pipe ping-pong on one CPU, bare and under each tool."""
import os
import time

from harness import BenchError, Section, median, read_report, rotated, spread

SECONDS = 1.5  # one run
LEVEL_SECONDS = 1.6  # an app that computes is watched less closely after its first second
CPU, OTHER_CPU = "0", "1"
ASIDE, OTHER_PID = "runqlat aside", "1"
OBSERVE = ("--dry-run",)  # as the peers do: a group of its own makes a switch longer by itself
FREE = "the switch is in a group of the app's own, one level deeper"


class Pipe:
    def __init__(self, bench):
        bench.need("perf", "taskset")
        self.bench = bench
        self.perf = bench.alias("perf", "pipe")
        self.shell = bench.alias("bash", "steady")
        self.sleep = bench.alias("sleep", "sleeper")
        self.spin = bench.alias(bench.workload("spin"), "spinner")
        self.loops = 50000
        self.loops = int(SECONDS * 1e6 / self.run())

    def command(self):
        return ["taskset", "-c", CPU, self.perf, "bench", "-f", "simple", "sched", "pipe", "-l", str(self.loops)]

    def run(self, argv=None):
        """Microseconds per operation."""
        return float(self.bench.run(argv or self.command()).split()[-1]) * 1e6 / self.loops

    def base(self):
        return self.run()

    def under(self, tool):
        try:
            return self.run()
        finally:
            self.bench.stop(tool)

    def runqlat(self):
        return self.under(self.bench.runqlat(1))

    def runqlat_aside(self):
        return self.under(self.bench.runqlat(1, ("-p", OTHER_PID)))

    def bpftrace(self):
        return self.under(self.bench.bpftrace(settle=1))

    def offcputime(self):
        return self.under(self.bench.offcputime())

    def perf_sched(self):
        return self.under(self.bench.perf_sched())

    def under_agent(self, name, argv, processes, options=OBSERVE):
        report = self.bench.report_path()
        agent = self.bench.agent(name, report, options=options)
        try:
            value = self.run(argv)
            agent.wait(5)
        finally:
            self.bench.stop(agent)
        seen = read_report(report)
        if seen["app"]["processes"] != processes or seen["thread_seconds"]["run"] < SECONDS / 2:
            raise BenchError(f"the pipe was not followed: {seen['app']}")
        return value

    def followed(self):
        return self.under_agent(self.perf, None, 2)

    def steady(self, options=OBSERVE):
        """A shell that computes first, so that the first second is over when the pipe begins."""
        script = f'end=$((${{EPOCHREALTIME/./}} + {int(LEVEL_SECONDS * 1e6)})); ' \
                 'while [ ${EPOCHREALTIME/./} -lt $end ]; do :; done; "$@"; exit'
        return self.under_agent(self.shell, [self.shell, "-c", script, "sh"] + self.command(), 3,
                                options)

    def beside_sleeper(self):
        return self.not_followed(self.sleep, ["1000"])

    def beside_spinner(self):
        return self.not_followed("taskset", ["-c", OTHER_CPU, self.spin, "1", "1000"], self.spin)

    def spinner_base(self):
        other = self.bench.start(["taskset", "-c", OTHER_CPU, self.spin, "1", "1000"])
        try:
            time.sleep(0.2)
            return self.run()
        finally:
            self.bench.stop(other)

    def not_followed(self, program, arguments, app=None):
        report = self.bench.report_path()
        agent = self.bench.agent(app or program, report, options=OBSERVE)
        other = self.bench.start([program] + arguments)
        try:
            time.sleep(LEVEL_SECONDS)
            value = self.run()
        finally:
            self.bench.stop(other)
            agent.wait(5)
            self.bench.stop(agent)
        seen = read_report(report)
        if seen["app"]["processes"] != 1 or seen["wall_seconds"] < SECONDS:
            raise BenchError(f"not the other process alone was followed: {seen['app']}")
        return value

    def waiting(self):
        return self.under(self.bench.agent("no-such-app", self.bench.report_path()))


def measure(bench, rounds):
    pipe = Pipe(bench)
    variants = {
        "base": ("nothing", pipe.base),
        "followed": ("agent, the pipe is the app", pipe.followed),
        "steady": ("agent, the pipe is the app's, after the app's first second", pipe.steady),
        "free": ("the same, and the agent is free to act", lambda: pipe.steady(())),
        "sleeper": ("agent, the app is a process that sleeps (level 2)", pipe.beside_sleeper),
        "spinner base": ("nothing, beside a process that computes", pipe.spinner_base),
        "spinner": ("agent, the app is that process (level 1)", pipe.beside_spinner),
        "waiting": ("agent, waits for an app", pipe.waiting),
        "runqlat": ("runqlat", pipe.runqlat),
        "bpftrace": ("bpftrace run-queue latency", pipe.bpftrace),
        "offcputime": ("offcputime", pipe.offcputime),
        "perf": ("`perf sched record`", pipe.perf_sched),
        ASIDE: (f"runqlat of another process (`-p {OTHER_PID}`)", pipe.runqlat_aside),
    }
    for command, names in {"runqlat": ("runqlat", ASIDE), "bpftrace": ("bpftrace",), "offcputime": ("offcputime",)}.items():
        if not bench.has(command):
            for name in names:
                del variants[name]
    if os.cpu_count() < 2:
        del variants["spinner base"], variants["spinner"]
    values = {name: [] for name in variants}
    for turn in range(rounds):
        for name in rotated(list(variants), turn):
            values[name].append(variants[name][1]())
    section = Section("pipe", f"`perf bench sched pipe -l {pipe.loops}`, both ends on CPU {CPU}; {rounds} rounds of "
                      "all variants in rotated order; added: difference from the bare run of the same round.")
    summarise(section, variants, values)
    return section


LIMITS = {
    "followed": ("followed from its start: added cost / runqlat's", 0.60),
    "steady": ("followed, after the first second: added cost / runqlat's", 0.60),
    "sleeper": ("not followed, the app sleeps: added cost / runqlat's", 0.35),
    "spinner": ("not followed, the app computes: added cost / runqlat's", 0.35),
}


PEERS = ("runqlat", "bpftrace", "offcputime", "perf")
PEERS_OF = {"spinner": (ASIDE,), "waiting": (ASIDE,)}  # which are at work elsewhere as well
ROWS = {
    "followed": "a switch and its wake-up, twice, of the followed app, only watched",
    "steady": "a switch and its wake-up, twice, of the followed app, after its first second",
    "free": "a switch and its wake-up, twice, of the followed app, the agent free to act",
    "spinner": "a switch and its wake-up, twice, of somebody else, while the app computes",
    "waiting": "a switch and its wake-up, twice, of somebody else, while the agent waits for an app",
}


def bare(name):
    """The variant that the named one is compared with."""
    return "spinner base" if name == "spinner" else "base"


def summarise(section, variants, values):
    added = {name: [v - b for v, b in zip(values[name], values[bare(name)])] for name in variants}
    peer = added.get("runqlat")
    usable = bool(peer) and median(peer) > 0
    for name, (title, limit) in LIMITS.items():
        if name not in variants:
            section.absent(title, "needs two CPUs")
        elif not usable:
            section.absent(title, "runqlat added nothing: too noisy" if peer else "runqlat is missing")
        else:
            section.figure(title, median(added[name]) / median(peer), limit)
    for name, what in ROWS.items():
        if name in variants:
            section.row(what, "µs", median(values[name]),
                        {variants[peer][0]: median(values[peer]) for peer in PEERS_OF.get(name, PEERS)
                         if peer in variants},
                        ("untraced", median(values[bare(name)])), FREE if name == "free" else "")
    rows = []
    for name, (title, _) in variants.items():
        row = [title, f"{median(values[name]):.2f}", "", "", "", ""]
        if not name.endswith("base"):
            row[2:4] = f"{median(added[name]):.2f}", spread(added[name])
            pairs = [a / p for a, p in zip(added[name], peer) if p > 0] if usable else []
            if pairs:
                row[4:6] = f"{median(added[name]) / median(peer):.2f}", spread(pairs)
        rows.append(row)
    section.table(["what runs", "µs/op", "added µs/op", "quartiles", "/ runqlat", "quartiles of pairs"], rows)
    section.notes.append("One operation is two switches and two wake-ups. In the first second of an app, and while it "
                         "mostly waits, the agent watches more closely (level 2).")
