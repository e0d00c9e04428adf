# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
"""A ping-pong of the followed app beside more and more of something: what a turn costs, and what the agent takes."""
import contextlib
import os
import signal
import subprocess
import time

from harness import BenchError, cpu_seconds, median, quartiles, rotated, spread, status_kib

SECONDS = 1  # that are measured
WARM_SECONDS, BARE_WARM_SECONDS = 1.3, 0.3  # in its first second the agent watches an app more closely
CPU = "0"


class Growth:
    """Results by size and variant; "bare" is what the others are compared with, run by run of the same round."""

    def __init__(self, noun, sizes, variants):
        self.noun, self.sizes, self.variants = noun, sizes, variants
        self.runs = {(size, variant): [] for size in sizes for variant in variants}

    def round(self, turn, around, run):
        """Each variant once at each size; around(size): what is there while they run, as a context."""
        for size in rotated(self.sizes, turn):
            with around(size) as place:
                for variant in rotated(self.variants, turn):
                    self.runs[size, variant].append(run(size, variant, place))

    def values(self, size, variant, key):
        return [result[key] for result in self.runs[size, variant]]

    def median(self, size, variant, key):
        return median(self.values(size, variant, key))

    def added(self, size, variant):
        return [a - b for a, b in zip(self.values(size, variant, "us"), self.values(size, "bare", "us"))]

    def label(self, size):
        return f"{size:,} {self.noun if size != 1 else self.noun[:-1]}"

    def points(self, of):
        """of(size): values; as Section.curve wants them."""
        return [(size, median(of(size)), *quartiles(of(size))) for size in self.sizes]

    def judge(self, section, name, of, limit, low=None, first=0):
        """The growth of median(of(size)) from the size at index first to the largest, as a figure."""
        sizes = self.sizes[first], self.sizes[-1]
        small, large = (median(of(size)) for size in sizes)
        name += f", {sizes[1]:,} / {sizes[0]:,} {self.noun}"
        if small > 0 and large > 0:
            section.figure(name, large / small, limit, low=low)
        else:
            section.absent(name, "nothing was added: too noisy")

    def judge_added(self, section, limit, low=None):
        self.judge(section, "added cost per turn", lambda size: self.added(size, "agent"), limit, low)

    def describe_added(self, section):
        """The table and the plot of what a turn costs."""
        tools = [v for v in self.variants if v != "bare"]
        rows = []
        for size in self.sizes:
            row = [self.label(size), f"{self.median(size, 'bare', 'us'):.2f}"]
            for tool in tools:
                added = self.added(size, tool)
                row += [f"{self.median(size, tool, 'us'):.2f}", f"{median(added):.2f}", spread(added)]
            rows.append(row)
        head = [self.noun, "bare, µs/turn"]
        for tool in tools:
            head += [f"{tool}, µs/turn", "added µs", "quartiles"]
        section.table(head, rows)
        section.curve(f"Added cost of a turn by number of {self.noun}", self.noun, "added µs per turn",
                      {tool: self.points(lambda size, t=tool: self.added(size, t)) for tool in tools})


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


def other_cpus():
    """The CPUs that the ping-pong leaves to others, as taskset wants them; its own one where there is no other."""
    others = sorted(os.sched_getaffinity(0) - {int(CPU)})
    return ",".join(map(str, others)) or CPU, max(len(others), 1)


def inside(group):
    """What in front of a command puts it into a control group."""
    return ["sh", "-c", 'echo $$ > "$0/cgroup.procs" && exec "$@"', group]


def expect(process, line, what):
    if process.stdout.readline() != line.encode() + b"\n":
        raise BenchError(f"{what} did not say '{line}'")


@contextlib.contextmanager
def started(bench, argv, line, what, **options):
    """A program that has said line, until the end of the with."""
    process = bench.start(argv, stdout=subprocess.PIPE, **options)
    try:
        expect(process, line, what)
        yield process
    finally:
        bench.stop(process)
        process.stdout.close()


@contextlib.contextmanager
def pingpong(bench, program, processes=1, threads=1, agent=None, before=()):
    """
    A ping-pong beside sleeping threads of the same app. Yields when it was measured, while all of it is still there: µs
    per turn, and of the agent, if it follows that, percent of a CPU and MiB resident.
    """
    argv = [*before, program, str(processes), str(threads), str(WARM_SECONDS if agent else BARE_WARM_SECONDS),
            str(SECONDS), CPU]
    with started(bench, argv, "warm", "crowd", stdin=subprocess.PIPE) as process:
        used, from_time = cpu_seconds(agent.pid) if agent else 0, time.monotonic()
        line = process.stdout.readline().decode()
        if not line.startswith("ns_per_turn="):
            raise BenchError(f"crowd {processes} {threads}: no result")
        result = {"us": float(line.split("=")[1]) / 1000}
        if agent:
            result["percent"] = 100 * (cpu_seconds(agent.pid) - used) / (time.monotonic() - from_time)
            result["mib"] = status_kib(agent.pid, "VmRSS") / 1024
            result["attach_ms"] = 1000 * agent.attach_seconds
        yield result
        process.stdin.close()
        process.wait(60)
