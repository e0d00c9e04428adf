# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
"""Neighbours that compute beside what is measured: in its session, in another one, in a cgroup of their own."""
import contextlib
import os
import subprocess
import time

from harness import BenchError

PER_CPU = 3
PLACES = {"session": "in the same session", "other session": "in another session", "cgroup": "in another cgroup"}
SETTLE_SECONDS = 0.5  # until the kernel has spread them over the CPUs


class Hierarchy:
    """The cgroup hierarchy of the CPU controller: v1 where it has one of its own, else v2."""

    def __init__(self):
        with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
            mounts = [line.split() for line in file]
        # the fields after the "-": type, source, options of the file system
        mounts = [(m[4], m[m.index("-") + 1], m[-1].split(",")) for m in mounts if "-" in m]
        v1 = [point for point, kind, options in mounts if kind == "cgroup" and "cpu" in options]
        v2 = [point for point, kind, _ in mounts if kind == "cgroup2" and "cpu" in words(point, "cgroup.controllers")]
        if not v1 and not v2:
            raise BenchError("no cgroup hierarchy here has the CPU controller")
        self.v2 = not v1
        self.mount = (v1 or v2)[0]
        self.knob, self.default = ("cpu.weight", 100) if self.v2 else ("cpu.shares", 1024)
        # what /proc/PID/cgroup calls it; v2 has no name
        self.name = "" if self.v2 else "cpu"

    def own(self):
        """The group of this process, as a path below the mount."""
        return self.group_of("self")

    def group_of(self, pid):
        """The group of a process, likewise."""
        with open(f"/proc/{pid}/cgroup", encoding="utf-8", errors="surrogateescape") as file:
            for line in file:
                _, names, path = line.rstrip("\n").split(":", 2)
                if self.name in names.split(","):
                    return path
        raise BenchError(f"process {pid} is in no group of the CPU controller")

    @contextlib.contextmanager
    def group(self):
        """A group beside that of this process (below, where that is the root) for as long as the with lasts."""
        parent = self.mount + os.path.dirname(self.own()).rstrip("/")
        control = os.path.join(parent, "cgroup.subtree_control")
        enable = self.v2 and "cpu" not in words(parent, "cgroup.subtree_control")
        if enable:
            write(control, "+cpu")
        path = os.path.join(parent, f"accel-bench.{os.getpid()}")
        try:
            os.mkdir(path)
            try:
                yield path
            finally:
                remove(path)
        finally:
            if enable:
                write(control, "-cpu")


def words(folder, name):
    try:
        with open(os.path.join(folder, name), encoding="ascii") as file:
            return file.read().split()
    except OSError:
        return []


def write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def remove(path):
    """A process that was killed leaves its group a moment after it was reaped."""
    for attempt in range(100):
        try:
            os.rmdir(path)
            return
        except OSError:
            if attempt == 99:
                raise
            time.sleep(0.02)


def autogroup(hierarchy):
    """Whether the kernel parts the CPUs by session here: it does so only among what is in no cgroup."""
    try:
        with open("/proc/sys/kernel/sched_autogroup_enabled", encoding="ascii") as file:
            return file.read().strip() == "1" and hierarchy.own() == "/"
    except OSError:
        return False


@contextlib.contextmanager
def hogs(bench, hierarchy, place):
    """PER_CPU processes for each CPU that never wait, for as long as the with lasts."""
    argv = [bench.compile("hog"), str(PER_CPU * len(os.sched_getaffinity(0)))]
    with contextlib.ExitStack() as stack:
        if place == "cgroup":
            group = stack.enter_context(hierarchy.group())
            argv = ["sh", "-c", 'echo $$ > "$0/cgroup.procs" && exec "$@"', group] + argv
        # without a new session they share the autogroup of the build
        process = bench.start(argv, stdout=subprocess.PIPE, start_new_session=place == "other session")
        try:
            if process.stdout.readline() != b"computing\n":
                raise BenchError(f"the neighbours {PLACES[place]} could not be started")
            time.sleep(SETTLE_SECONDS)
            yield
        finally:
            bench.stop(process)
            process.stdout.close()
