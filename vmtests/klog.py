# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
"""Tells from a kernel's log whether something is wrong with that kernel."""
import re

# What a kernel says when something is wrong with it, and what a virtual machine's says although nothing is.
ALARMS = re.compile(r"WARNING: |BUG: |Oops|general protection fault|Kernel panic|soft lockup|hard LOCKUP|"
                    r"blocked for more than|rcu.*(stall|self-detected)|Out of memory|oom-kill|UBSAN|KASAN|"
                    r"I/O error|EXT4-fs error|libbpf|verifier bug")
HARMLESS = re.compile(r"Spectre|Unprivileged eBPF|firmware bug", re.IGNORECASE)


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return [line.rstrip() for line in file]


def alarms(lines, allowed=None):
    """The lines that alarm, but for those that the expression allows."""
    return [line for line in lines if ALARMS.search(line) and not HARMLESS.search(line) and
            not (allowed and allowed.search(line))]
