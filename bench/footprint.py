# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
"""What the tools themselves take: resident memory, and CPU time while there is nothing to follow."""
import os
import time

from harness import BenchError, Section, cpu_seconds, median, read_report, status_kib

WAIT_SECONDS = 65  # the agent looks at longer and longer intervals, up to about this one
APP_SECONDS = "4"
COLD_MIB = 512
REASONS = {"memory": "the agent has tables for all that it can follow, runqlat one histogram",
           "CPU": "runqlat sleeps until it is stopped; the agent looks now and then whether it has missed something, up to 64 s apart"}


def cold_file(bench):
    path = os.path.join(bench.folder, "cold")
    chunk = os.urandom(1 << 20)
    with open(path, "wb") as file:
        for _ in range(COLD_MIB):
            file.write(chunk)
        os.fsync(file.fileno())
    return path


def waiting(bench):
    """All tools for the same time: {name: (MiB resident, percent of a CPU)}."""
    tools = {"agent": bench.agent("no-such-app", bench.report_path())}
    if bench.has("runqlat"):
        tools["runqlat"] = bench.runqlat()
    if bench.has("bpftrace"):
        tools["bpftrace"] = bench.bpftrace()
    time.sleep(1.5)
    before = {name: cpu_seconds(tool.pid) for name, tool in tools.items()}
    from_time = time.monotonic()
    time.sleep(WAIT_SECONDS)
    ret = {}
    for name, tool in tools.items():
        used = cpu_seconds(tool.pid) - before[name]
        ret[name] = (status_kib(tool.pid, "VmRSS") / 1024, 100 * used / (time.monotonic() - from_time))
    for tool in tools.values():
        bench.stop(tool)
    return ret


def sleeping(bench):
    """MiB resident of a process that does nothing."""
    process = bench.start(["sleep", "60"])
    time.sleep(0.1)
    size = status_kib(process.pid, "VmRSS") / 1024
    bench.stop(process)
    return size


def following(bench, argv):
    """The agent's largest VmRSS in MiB while it follows argv, from when the first second is over, and its report."""
    report = bench.report_path()
    agent = bench.agent(argv[0], report)
    process = bench.start(argv)
    time.sleep(1.8)
    largest = 0
    while process.poll() is None and agent.process.poll() is None:
        largest = max(largest, status_kib(agent.pid, "VmRSS"))
        time.sleep(0.05)
    agent.wait(5)
    for item in (process, agent):
        bench.stop(item)
    if not largest:
        raise BenchError(f"{argv[0]} ended too early")
    return largest / 1024, read_report(report)


def measure(bench, rounds):
    spin = bench.alias(bench.workload("spin"), "spin")
    coldread = bench.alias(bench.workload("coldread"), "coldread")
    path = cold_file(bench)
    waits, asleep, levels, recordings, peaks, missed = [], [], [], [], [], []
    for _ in range(rounds):
        waits.append(waiting(bench))
        asleep.append(sleeping(bench))
        levels.append(following(bench, [spin, "1", APP_SECONDS])[0])
        size, report = following(bench, [coldread, path, APP_SECONDS])
        if not report["page_cache"]["missed_pages"]:
            raise BenchError("the cold reads missed nothing: is this folder on a disk?")
        recordings.append(size)
        peaks.append(report["agent"]["max_rss_kib"] / 1024)
        missed.append(report["page_cache"]["missed_pages"])
    section = Section("footprint", f"VmRSS and CPU time of the tools' processes; medians of {rounds} "
                      "rounds.")
    section.figure("resident, waiting for an app", median([w["agent"][0] for w in waits]), 16, " MiB", 1)
    section.figure("resident, level 1 (the app computes)", median(levels), 16, " MiB", 1)
    section.figure("resident, recording (the app reads cold)", median(recordings), 32, " MiB", 1)
    section.figure(f"CPU while it waits ({WAIT_SECONDS} s)", median([w["agent"][1] for w in waits]), 0.2, " %", 3)
    names = {"runqlat": "runqlat", "bpftrace": "bpftrace run-queue latency"}
    for what, why, unit, field, limit, digits in (
            ("resident memory while it waits", "memory", "MiB", 0, ("a process that sleeps", median(asleep)), 1),
            ("CPU while it waits", "CPU", "%", 1, ("nothing", 0), 3)):
        section.row(what, unit, median([w["agent"][field] for w in waits]),
                    {names[name]: median([w[name][field] for w in waits]) for name in waits[0] if name in names}, limit,
                    REASONS[why], digits=digits)
    section.table(["tool, while it waits or traces an otherwise idle machine", "resident MiB", "% of one CPU"],
                  [[name, f"{median([w[name][0] for w in waits]):.1f}", f"{median([w[name][1] for w in waits]):.3f}"]
                   for name in waits[0]])
    section.notes.append(f"Cold reads: {median(missed):.0f} pages missed in {APP_SECONDS} s; peak over the agent's "
                         f"whole life, loading included (`max_rss_kib`): {median(peaks):.1f} MiB.")
    return section
