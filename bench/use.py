# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
"""What recording adds to looks at pages that are in memory: reads and faults of the app."""
import os

from cold import OTHERS, own_profiles
from harness import BenchError, Section, median, read_report, rotated, spread

SECONDS = 4
CPU = "1" if os.cpu_count() > 1 else "0"
SMALL, LARGE = 64 << 20, 1 << 30
PATTERNS = {"hot": ("read one page", SMALL), "sequential": ("read 64 MiB, page by page", SMALL),
            "random": ("read pages of 1 GiB at random", LARGE), "fault": ("fault, each in another 64 KiB", SMALL)}
LIMIT = 1.10


def fill(path, size):
    """A file, in memory once it is written."""
    block = os.urandom(1 << 20)
    with open(path, "wb") as file:
        for _ in range(size >> 20):
            file.write(block)
        file.flush()
        os.fsync(file.fileno())


class Use:
    """A program that only looks at pages, and the ways to start it."""

    def __init__(self, bench):
        bench.need("taskset")
        self.bench = bench
        self.program = bench.compile("use")
        self.files = {size: os.path.join(bench.folder, f"use-{size}") for size in (SMALL, LARGE)}
        for size, path in self.files.items():
            fill(path, size)

    def argv(self, pattern):
        return ["taskset", "-c", CPU, self.program, pattern, self.files[PATTERNS[pattern][1]], str(SECONDS)]

    def nanoseconds(self, argv):
        """Of one look: at first, and later."""
        return [float(word) for word in self.bench.run(argv).split()]

    def plain(self, pattern):
        return self.nanoseconds(self.argv(pattern))

    def launched(self, pattern, without):
        report = self.bench.report_path()
        agent = [self.bench.agent_path, "-q", "-f", "json", "-o", report, "--without", without, "--"]
        values = self.nanoseconds(agent + self.argv(pattern))
        if read_report(report)["wall_seconds"] < SECONDS:
            raise BenchError("the looks were not followed")
        return values


def measure(bench, rounds):
    use = Use(bench)
    variants = {"nothing": use.plain,
                "agent without prefetch": lambda pattern: use.launched(pattern, OTHERS + ",prefetch"),
                "agent, recording": lambda pattern: use.launched(pattern, OTHERS)}
    values = {(pattern, name): [] for pattern in PATTERNS for name in variants}
    with own_profiles():
        for turn in range(rounds):
            for pattern in PATTERNS:
                for name in rotated(list(variants), turn):
                    values[pattern, name].append(variants[name](pattern))
    section = Section("use", f"Looks at pages in memory for {SECONDS} s on one CPU: what one takes in the first 0.8 s, "
                      f"and in the last 2 s; {rounds} rounds in rotated order; ratio: against the bare run of the same "
                      "round.")
    summarise(section, variants, values)
    return section


def summarise(section, variants, values):
    rows = []
    for pattern, (what, _) in PATTERNS.items():
        for part, when in enumerate(("at first", "later")):
            bare = [value[part] for value in values[pattern, "nothing"]]
            for name in variants:
                taken = [value[part] for value in values[pattern, name]]
                ratios = [a / b for a, b in zip(taken, bare)]
                rows.append([what, when, name, f"{median(taken):.0f}", f"{median(ratios):.3f}", spread(ratios, 3)])
            section.row(f"{what}, {when}, recording", "ns", median(bare) * median(ratios),
                        "none notes which pages an app looks at", ("nothing watches", median(bare)), digits=0)
            section.figure(f"{what}, {when}: recording / nothing", median(ratios), LIMIT, digits=3)
    section.table(["look", "", "what runs", "ns", "ratio", "quartiles"], rows)
    section.notes.append("Looks that tell nothing new, many and for a second, are no more noted all the time: what is "
                         "later is then. Faults always are.")
