# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
"""More and more threads of the followed app: asleep, and 10,000 of them awake."""
import contextlib
import subprocess
import time

from growth import CPU, Growth, pingpong, report_ms
from harness import BenchError, read_report

CROWDS = {10: (1, 8), 100: (10, 10), 1000: (100, 10), 10000: (1000, 10)}  # processes, threads of each
BEHIND = "the agent keeps a ledger of what every thread does, runqlat a histogram of one wait"
BUSY_SECONDS, REPORT_SECONDS = 7, 5  # the report is asked for while they still run


class Threads:
    def __init__(self, bench, program, quick):
        self.bench, self.program = bench, program
        tools = ["bare", "agent"] + ["runqlat"] * bench.has("runqlat")
        self.growth = Growth("threads", [10, 10000] if quick else list(CROWDS), tools)
        self.busy = None

    def round(self, turn):
        self.growth.round(turn, contextlib.nullcontext, self.run)

    def run(self, size, variant, _):
        processes, threads = CROWDS[size]
        path = self.bench.report_path()
        agent = self.bench.agent(self.program, path) if variant == "agent" else None
        peer = self.bench.runqlat(0.2) if variant == "runqlat" else None
        with pingpong(self.bench, self.program, processes, threads, agent) as result:
            if agent:
                result["written_ms"], result["ended_ms"] = report_ms(agent, path)
                result["report"] = read_report(path)
        for tool in filter(None, (agent, peer)):
            self.bench.stop(tool)
        return result

    def run_busy(self):
        """Every one of 10,000 threads wakes up 10 to 20 times a second, on all CPUs."""
        processes, threads = CROWDS[10000]
        program = self.bench.alias(self.bench.workload("manythreads"), "many")
        path = self.bench.report_path()
        agent = self.bench.agent(program, path)
        process = self.bench.start([program, str(processes), str(threads), str(BUSY_SECONDS)], stdout=subprocess.PIPE)
        if process.stdout.readline() != b"ready\n":
            raise BenchError("manythreads: its threads could not be started")
        time.sleep(REPORT_SECONDS)
        self.busy = dict(zip(("written_ms", "ended_ms"), report_ms(agent, path)))
        self.busy["report"] = read_report(path)
        self.bench.stop(agent)
        process.wait(60)
        process.stdout.close()
        self.bench.stop(process)

    def summarise(self, section):
        growth, busy, largest = self.growth, self.busy, self.growth.sizes[-1]
        growth.judge_added(section, 1.2, 0.8)
        reports = {size: growth.values(size, "agent", "report") for size in growth.sizes}
        section.check("lost events, asleep (sum of the rounds)",
                      sum(r["agent"]["lost_events"] for done in reports.values() for r in done), 0)
        section.check("lost events, busy", busy["report"]["agent"]["lost_events"], 0)
        processes, threads = CROWDS[largest]
        section.check("threads_peak, asleep", sorted({r["app"]["threads_peak"] for r in reports[largest]}),
                      [processes * threads + 2])
        section.check("processes, asleep", sorted({r["app"]["processes"] for r in reports[largest]}), [processes + 2])
        section.check("threads_peak, busy", busy["report"]["app"]["threads_peak"], processes * threads + 1)
        section.figure("report of 10,000 sleeping threads", growth.median(largest, "agent", "written_ms"), 200, " ms",
                       0)
        section.figure("report of 10,000 busy threads", busy["written_ms"], 200, " ms", 0)
        self.compare(section)
        growth.describe_added(section)
        self.describe_reports(section, reports)

    def compare(self, section):
        growth = self.growth
        for size in growth.sizes:
            peers = "runqlat is missing"
            if "runqlat" in growth.variants:
                peers = {"runqlat": growth.median(size, "runqlat", "us")}
            section.row(f"a turn of two switches beside {growth.label(size)} of the app", "µs",
                        growth.median(size, "agent", "us"), peers, ("nothing runs", growth.median(size, "bare", "us")),
                        BEHIND)

    def describe_reports(self, section, reports):
        growth = self.growth
        rows = [[growth.label(size) + ", asleep"] + [f"{growth.median(size, 'agent', key):.0f}"
                                                     for key in ("written_ms", "ended_ms")] +
                [f"{growth.median(size, 'agent', 'percent'):.2f}", f"{growth.median(size, 'agent', 'mib'):.1f}"]
                for size in growth.sizes]
        rows.append(["10,000 threads, busy", f"{self.busy['written_ms']:.0f}", f"{self.busy['ended_ms']:.0f}", "", ""])
        section.table(["threads", "SIGINT to report, ms", "SIGINT to exit, ms", "agent, % of a CPU", "agent, MiB"],
                      rows)
        lost = {}
        for report in [r for done in reports.values() for r in done] + [self.busy["report"]]:
            for kind, count in report["agent"]["lost"].items():
                if count:
                    lost[kind] = lost.get(kind, 0) + count
        section.notes.append(f"Threads: the ping-pong on CPU {CPU} is two of them. Busy: `manythreads`, each thread "
                             "wakes up 9 to 20 times a second and all CPUs are taken. Lost, by kind: "
                             f"{lost or 'nothing'}, while the busy run kept {self.busy['report']['agent']['events']}.")
