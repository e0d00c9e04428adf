# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
"""What grows with the number of threads of an app, of apps, and of control groups: a switch, the agent, its reports."""
from growth import CPU, SECONDS
from harness import Section, rotated
from scale_apps import Apps
from scale_groups import Groups
from scale_threads import Threads


def measure(bench, rounds):
    bench.need("taskset")
    program = bench.alias(bench.compile("crowd"), "crowd")
    quick = rounds == 1
    threads = Threads(bench, program, quick)
    parts = [threads, Apps(bench, program, quick), Groups(bench, program, quick)]
    for turn in range(rounds):
        for part in rotated(parts, turn):
            part.round(turn)
    threads.run_busy()
    section = Section("scale", f"A ping-pong between two processes of the app on CPU {CPU} (a turn: two switches), "
                      f"{SECONDS} s, beside more and more threads of the same app, other apps that are followed as "
                      f"well, and other control groups; {rounds} rounds in rotated order; added: difference from the "
                      "bare run of the same round. Growth: what the largest number costs / what the smallest does.")
    for part in parts:
        part.summarise(section)
    return section
