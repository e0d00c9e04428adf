# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
"""A control group with a limit of memory."""
import contextlib
import os
import signal

from harness import BenchError
from neighbours import Hierarchy, remove, words, write


class MemoryGroup:
    """A control group of the memory controller for one build, in v1 or v2, beside that of this process (below, where
    that is the root)."""

    def __init__(self):
        hierarchy = memory_hierarchy()
        self.v2 = hierarchy.v2
        self.parent = hierarchy.mount + os.path.dirname(hierarchy.own()).rstrip("/")
        self.path = os.path.join(self.parent, f"accel-bench-real.{os.getpid()}")

    @contextlib.contextmanager
    def made(self, limit=None):
        control = os.path.join(self.parent, "cgroup.subtree_control")
        enable = self.v2 and "memory" not in words(self.parent, "cgroup.subtree_control")
        try:
            if enable:
                write(control, "+memory")
            try:
                os.mkdir(self.path)
                if limit:
                    write(os.path.join(self.path, "memory.max" if self.v2 else "memory.limit_in_bytes"), str(limit))
                yield
            finally:
                self.clear()
                if enable:
                    write(control, "-memory")
        except OSError as error:
            raise BenchError(f"control group with a limit of memory: {error}") from error

    def clear(self):
        """Removes it with all that is in it: who ran out of memory may have left processes and groups behind."""
        for folder, _, _ in os.walk(self.path, topdown=False):
            for pid in words(folder, "cgroup.procs"):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)
            remove(folder)

    def prefix(self):
        """What goes before a command to start it there."""
        return ["sh", "-c", 'echo $$ > "$0/cgroup.procs" && exec "$@"', self.path]

    def peak(self):
        """What was in it at most, in bytes, files included."""
        found = words(self.path, "memory.peak" if self.v2 else "memory.max_usage_in_bytes")
        if not found:
            raise BenchError("this kernel does not tell the peak of a control group's memory")
        return int(found[0])

    def kills(self):
        """Processes that were killed because memory was out."""
        found = words(self.path, "memory.events" if self.v2 else "memory.oom_control")
        return int(found[found.index("oom_kill") + 1]) if "oom_kill" in found else 0


def memory_hierarchy():
    """As Hierarchy, which is that of the CPU controller."""
    hierarchy = Hierarchy()
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
        mounts = [line.split() for line in file]
    v1 = [m[4] for m in mounts if m[m.index("-") + 1] == "cgroup" and "memory" in m[-1].split(",")]
    v2 = [m[4] for m in mounts if m[m.index("-") + 1] == "cgroup2" and "memory" in words(m[4], "cgroup.controllers")]
    if not v1 and not v2:
        raise BenchError("no cgroup hierarchy here has the memory controller")
    hierarchy.v2, hierarchy.mount, hierarchy.name = not v1, (v1 or v2)[0], "" if not v1 else "memory"
    return hierarchy
