# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
"""An app of 10,000 live threads: what a switch costs, whether anything is lost, how long a report takes."""
import os
import signal
import subprocess
import time

from harness import BenchError, Section, median, read_report, rotated, spread

PROCESSES, THREADS = 1000, 10
SECONDS = "2"
CPU = "0"
BUSY_SECONDS = "8"


def report_ms(agent, path):
    """From SIGINT to the report in its place, and to the end of the agent, in ms."""
    from_time = time.monotonic()
    agent.process.send_signal(signal.SIGINT)
    while not os.path.exists(path):
        if time.monotonic() - from_time > 10:
            raise BenchError("no report within 10 s of SIGINT")
        time.sleep(0.0005)
    written = time.monotonic()
    agent.wait(10)
    return (written - from_time) * 1000, (time.monotonic() - from_time) * 1000


def crowd(bench, program, processes, threads, traced):
    """One run: ns per turn, and with the agent the report and the time it took."""
    path = bench.report_path()
    agent = bench.agent(program, path) if traced else None
    process = bench.start([program, str(processes), str(threads), SECONDS, CPU], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE)
    line = process.stdout.readline().decode()
    if not line.startswith("ns_per_turn="):
        raise BenchError(f"crowd {processes} {threads}: no result")
    ret = {"ns": float(line.split("=")[1])}
    if traced:
        ret["written_ms"], ret["ended_ms"] = report_ms(agent, path)
        ret["report"] = read_report(path)
        bench.stop(agent)
    process.stdin.close()
    process.wait(60)
    process.stdout.close()
    bench.stop(process)
    return ret


def busy(bench):
    """Every one of the threads wakes up 10 to 20 times a second, on all CPUs."""
    program = bench.alias(bench.workload("manythreads"), "many")
    path = bench.report_path()
    agent = bench.agent(program, path)
    process = bench.start([program, str(PROCESSES), str(THREADS), BUSY_SECONDS], stdout=subprocess.PIPE)
    if process.stdout.readline() != b"ready\n":
        raise BenchError("manythreads: its threads could not be started")
    time.sleep(float(BUSY_SECONDS) * 0.7)
    ret = dict(zip(("written_ms", "ended_ms"), report_ms(agent, path)))
    ret["report"] = read_report(path)
    bench.stop(agent)
    process.wait(60)
    process.stdout.close()
    bench.stop(process)
    return ret


def measure(bench, rounds):
    program = bench.alias(bench.compile("crowd"), "crowd")
    few, many = (1, 8), (PROCESSES, THREADS)
    variants = {"few, bare": (few, False), "few, agent": (few, True),
                "many, bare": (many, False), "many, agent": (many, True)}
    runs = {name: [] for name in variants}
    for turn in range(rounds):
        for name in rotated(list(variants), turn):
            (processes, threads), traced = variants[name]
            runs[name].append(crowd(bench, program, processes, threads, traced))
    section = Section("scale", f"A ping-pong between two processes of the app on CPU {CPU} (a turn: two switches) "
                      f"beside 8 and beside {PROCESSES * THREADS} sleeping threads of the same app ({PROCESSES} processes); "
                      f"{rounds} rounds in rotated order.")
    summarise(section, runs, busy(bench))
    return section


def summarise(section, runs, load):
    ns = {name: [r["ns"] for r in done] for name, done in runs.items()}
    added = {n: [a - b for a, b in zip(ns[n + ", agent"], ns[n + ", bare"])] for n in ("few", "many")}
    reports = [r["report"] for r in runs["many, agent"]]
    if median(added["few"]) > 0:
        section.figure("added cost per turn, 10,000 / 10 threads", median(added["many"]) / median(added["few"]),
                       1.2, low=0.8)
    else:
        section.absent("added cost per turn, 10,000 / 10 threads", "nothing was added: too noisy")
    section.check("lost events, asleep (sum of the rounds)", sum(r["agent"]["lost_events"] for r in reports), 0)
    section.check("lost events, busy", load["report"]["agent"]["lost_events"], 0)
    section.check("threads_peak, asleep", sorted({r["app"]["threads_peak"] for r in reports}),
                  [PROCESSES * THREADS + 2])
    section.check("processes, asleep", sorted({r["app"]["processes"] for r in reports}), [PROCESSES + 2])
    section.check("threads_peak, busy", load["report"]["app"]["threads_peak"], PROCESSES * THREADS + 1)
    section.figure("report of 10,000 sleeping threads", median([r["written_ms"] for r in runs["many, agent"]]),
                   200, " ms", 0)
    section.figure("report of 10,000 busy threads", load["written_ms"], 200, " ms", 0)
    rows = []
    for name, done in runs.items():
        kind = name.split(",")[0]
        traced = "report" in done[0]
        rows.append([name, f"{median(ns[name]) / 1000:.2f}", f"{median(added[kind]) / 1000:.2f}" if traced else "",
                     spread([a / 1000 for a in added[kind]]) if traced else "",
                     f"{median([r['written_ms'] for r in done]):.0f}" if traced else "",
                     f"{median([r['ended_ms'] for r in done]):.0f}" if traced else ""])
    rows.append(["busy, agent", "", "", "", f"{load['written_ms']:.0f}", f"{load['ended_ms']:.0f}"])
    section.table(["threads, tool", "µs/turn", "added µs", "quartiles", "SIGINT to report, ms",
                   "SIGINT to exit, ms"], rows)
    kinds = {}
    for report in reports + [load["report"]]:
        for kind, count in report["agent"]["lost"].items():
            if count:
                kinds[kind] = kinds.get(kind, 0) + count
    section.notes.append("Busy: `manythreads`, each thread wakes up 9 to 20 times a second and all CPUs are taken. "
                         f"Lost, by kind: {kinds or 'nothing'}, while the busy run kept {load['report']['agent']['events']}.")
