# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
"""Cold starts with a profile and without: on this machine's disk, and on one that answers after a millisecond."""
import contextlib
import os
import re
import shutil
import subprocess
import time

import build
from harness import BenchError, Section, median, read_report, rotated, spread

PROFILES = "/var/lib/accel-agent/profiles"
PROGRAMS = {"clang": ["--version"], "cargo": ["--version"], "javac": ["-version"]}
OTHERS = "cpu,memory,io"  # what else the agent does is measured elsewhere
VMTOUCH = "vmtouch first"
REASONS = {"attached": "the app starts at once and reads along with the replay, which has no head start",
           "launched": "the agent's own start, cold as well, takes longer than the whole command; beside an agent that waits "
                       "there is none"}
WARM_PAIRS, WARM_RUNS = 12, 20
SLOW_US = 1000
SLOW_BYTES = 3 << 30
BUILD_FILES, HEADERS_A_FILE, CHANGED_EACH = 320, 12, 10
COMPILER = ("gcc", "as", "ld", "make", "sh", "rm")


def drop_caches():
    os.sync()
    with open("/proc/sys/vm/drop_caches", "w", encoding="ascii") as file:
        file.write("3")


def profiles():
    return set(os.listdir(PROFILES)) if os.path.isdir(PROFILES) else set()


@contextlib.contextmanager
def own_profiles():
    """What is recorded meanwhile is forgotten at the end."""
    before = profiles()
    try:
        yield
    finally:
        for name in profiles() - before:
            os.unlink(os.path.join(PROFILES, name))


def libraries(bench, program):
    """Paths of what the dynamic linker loads for it; none if it is a script."""
    return re.findall(r"(/\S+) \(0x", bench.run(["sh", "-c", 'ldd "$0" || true', program]))


class App:
    """A command, and the ways to start it: by itself, beside an agent that waits for it, by the agent."""

    def __init__(self, bench, name, argv, files, folder=None, environment=None):
        self.bench, self.name, self.argv, self.files = bench, name, argv, files
        self.folder = folder or bench.folder
        self.environment = environment
        self.reports = []

    def timed(self, argv):
        began = time.monotonic()
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              cwd=self.folder, env=self.environment, check=False)
        if done.returncode:
            raise BenchError(f"{argv[0]}: exit status {done.returncode}")
        return time.monotonic() - began

    def plain(self, chill):
        chill()
        return self.timed(self.argv)

    @contextlib.contextmanager
    def agent(self, without):
        """Ends with its apps, so there is a second one that never comes. The report is that of the first one."""
        report = self.bench.report_path()
        tool = self.bench.tool([self.bench.agent_path, "-f", "json", "-o", report, "--without", without, "--app",
                                self.name, "--app", f"never-{os.getpid()}"], "waiting for", 0.3)
        try:
            yield
            time.sleep(0.5)  # until it has written down what it saw
        finally:
            self.bench.stop(tool)
        with open(report, encoding="utf-8") as file:
            first = file.readline()
        path = report + ".first"
        with open(path, "w", encoding="utf-8") as file:
            file.write(first)
        self.reports.append(read_report(path))

    def after_vmtouch(self, chill):
        """What somebody does by hand, one after the other; both are timed."""
        chill()
        return self.timed(["vmtouch", "-q", "-t"] + self.files) + self.timed(self.argv)

    def attached(self, chill, without):
        with self.agent(without):
            chill()
            return self.timed(self.argv)

    def launched(self, chill, without):
        report = self.bench.report_path()
        chill()
        seconds = self.timed([self.bench.agent_path, "-q", "-f", "json", "-o", report, "--without", without, "--"] +
                             self.argv)
        self.reports.append(read_report(report))
        return seconds

    def variants(self, chill):
        return {"plain": lambda: self.plain(chill),
                "warm": lambda: self.timed(self.argv) and self.timed(self.argv),
                **({VMTOUCH: lambda: self.after_vmtouch(chill)} if self.bench.has("vmtouch") else {}),
                "attached, without": lambda: self.attached(chill, OTHERS + ",prefetch"),
                "attached, with": lambda: self.attached(chill, OTHERS),
                "launched, without": lambda: self.launched(chill, OTHERS + ",prefetch"),
                "launched, with": lambda: self.launched(chill, OTHERS)}


def replayed(reports):
    """Of the runs that were replayed, what the reports say."""
    return [r["prefetch"]["replayed"] for r in reports
            if r.get("prefetch") and r["prefetch"]["replayed"] and r["prefetch"]["replayed"]["bytes"]]


def shares(section, title, reports, coverage=95):
    """Figures for coverage and accuracy, of the medians."""
    done = replayed(reports)
    if not done:
        raise BenchError(f"{title}: nothing was replayed")
    section.at_least(f"{title}: coverage, %", 100 * median([r["coverage"] for r in done]), coverage, 1)
    accuracies = [r["accuracy"] for r in done if r["accuracy"] is not None]
    if accuracies:
        section.at_least(f"{title}: accuracy, %", 100 * median(accuracies), 95, 1)
    else:
        section.absent(f"{title}: accuracy", "this kernel does not tell")
    return f"{median([r['bytes'] for r in done]) / 2**20:.1f} MiB in {median([r['seconds'] for r in done]):.2f} s"


def interleaved(variants, rounds):
    seconds = {name: [] for name in variants}
    for turn in range(rounds):
        for name in rotated(list(variants), turn):
            seconds[name].append(variants[name]())
    return seconds


def ratio(over, under):
    return median([a / b for a, b in zip(over, under)])


def start(section, app, chill, rounds, limit, rows):
    variants = app.variants(chill)
    app.attached(chill, OTHERS)  # recorded here, as by any run before
    app.launched(chill, OTHERS)
    app.reports.clear()
    seconds = interleaved(variants, rounds)
    section.figure(f"{app.name}, attached: with / without a profile", ratio(
        seconds["attached, with"], seconds["attached, without"]), limit)
    section.figure(f"{app.name}, launched: with / without a profile", ratio(
        seconds["launched, with"], seconds["launched, without"]), limit)
    compare(section, f"cold start of {app.name}", seconds)
    read = shares(section, app.name, app.reports)
    rows += [[app.name, name, f"{median(values):.3f}", spread(values, 3),
              f"{ratio(values, seconds['plain']):.2f}", read if name.endswith(", with") else ""]
             for name, values in seconds.items()]


def compare(section, what, seconds):
    """The agent with a profile beside nothing and vmtouch, and beside the same command in memory."""
    peers = {"nothing": median(seconds["plain"])}
    if VMTOUCH in seconds:
        peers["`vmtouch -t` first, of the program and its linked libraries (the build: of its sources)"] = median(seconds[VMTOUCH])
    for how in ("attached", "launched"):
        if f"{how}, with" in seconds:
            section.row(f"{what}, {how}", "s", median(seconds[f"{how}, with"]), peers,
                        ("in memory", median(seconds["warm"])), REASONS[how], digits=3)


HEAD = ["command", "how", "median s", "quartiles", "/ plain", "brought"]


def warm(section, app):
    """The replay of what is in memory, beside an agent that waits: pairs of many runs each."""
    def runs(without):
        with app.agent(without):
            app.timed(app.argv)
            return sum(app.timed(app.argv) for _ in range(WARM_RUNS))

    pairs = []
    for turn in range(WARM_PAIRS):
        seconds = {without: runs(without) for without in rotated([OTHERS, OTHERS + ",prefetch"], turn)}
        pairs.append(seconds[OTHERS] / seconds[OTHERS + ",prefetch"])
    section.figure(f"{app.name}, warm, attached: with / without a profile", median(pairs), 1.01, "", 3)
    section.notes.append(f"{app.name}, warm: {WARM_PAIRS} pairs of {WARM_RUNS} runs each, quartiles {spread(pairs, 3)}.")


def measure(bench, rounds):
    section = Section("cold", "Cold starts beside an agent that waits for the app, and of commands that the agent starts "
                      "(its own start, cold as well, is part of these), with and without a profile; the page cache is "
                      f"dropped before each; {rounds} rounds in rotated order. Whole wall time, as the caller sees it.")
    rows = []
    with own_profiles():
        for name, options in PROGRAMS.items():
            if not bench.has(name):
                section.absent(name, "not installed")
                continue
            program = os.path.realpath(shutil.which(name))
            app = App(bench, name, [name] + options, [program] + libraries(bench, program))
            start(section, app, drop_caches, rounds, 0.5, rows)
            warm(section, app)
    section.table(HEAD, rows)
    return section


# --- a slow disk ---------------------------------------------------------------------------------------------------------


def unmount(folder):
    """Who ended just now may still hold a file for a moment."""
    for _ in range(100):
        if not os.path.ismount(folder):
            return True
        subprocess.run(["umount", folder], stderr=subprocess.DEVNULL, check=False)
        time.sleep(0.05)
    return not os.path.ismount(folder)


class SlowDisk:
    """A loop device over a file that answers late (slowdisk.c), with a file system that is cold after each mount."""

    def __init__(self, bench):
        self.bench = bench
        self.folder = os.path.join(bench.folder, "slow")
        self.front, self.image = os.path.join(bench.folder, "front"), os.path.join(bench.folder, "image")
        self.loop = self.tool = None

    def __enter__(self):
        program = self.bench.compile("slowdisk")
        os.mkdir(self.front)
        os.mkdir(self.folder)
        with open(self.image, "wb") as file:
            file.truncate(SLOW_BYTES)
        self.bench.run(["mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0", self.image])
        self.tool = self.bench.tool([program, self.front, self.image, str(SLOW_US)], "mounted")
        try:
            self.loop = self.bench.run(["losetup", "--direct-io=on", "-f", "--show",
                                        os.path.join(self.front, "disk")]).strip()
            self.bench.run(["mount", self.loop, self.folder])
        except BenchError:
            self.__exit__()
            raise
        return self

    def __exit__(self, *error):
        unmount(self.folder)
        if self.loop:
            subprocess.run(["losetup", "-d", self.loop], check=False)
        unmount(self.front)  # busy until the loop device is gone
        self.bench.stop(self.tool)
        os.unlink(self.image)

    def chill(self):
        if not unmount(self.folder):
            raise BenchError(f"{self.folder}: busy")
        self.bench.run(["mount", self.loop, self.folder])

    def latency_us(self):
        count = 200
        with open(self.loop, "rb", buffering=0) as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_RANDOM)
            began = time.monotonic()
            for i in range(count):
                os.pread(file.fileno(), 4096, SLOW_BYTES // 2 + i * (1 << 20))
        return (time.monotonic() - began) / count * 1e6

    def install(self, program):
        """A program and its libraries; returns its path and the environment that makes it use these."""
        source = os.path.realpath(shutil.which(program))
        for folder, paths in (("bin", [source]), ("lib", libraries(self.bench, source))):
            os.makedirs(os.path.join(self.folder, folder), exist_ok=True)
            for path in paths:
                shutil.copy(path, os.path.join(self.folder, folder))
        return (os.path.join(self.folder, "bin", os.path.basename(source)),
                dict(os.environ, LD_LIBRARY_PATH=os.path.join(self.folder, "lib")))


def slow_start(section, bench, disk, rounds, rows):
    program, environment = disk.install("clang")
    wrapper = os.path.join(bench.folder, "cold-clang")
    with open(wrapper, "w", encoding="utf-8") as file:  # so that nobody else uses the libraries of the slow disk
        file.write(f"#!/bin/sh\nLD_LIBRARY_PATH={environment['LD_LIBRARY_PATH']} exec {program} --version\n")
    os.chmod(wrapper, 0o755)
    files = [os.path.join(disk.folder, name) for name in ("bin", "lib")]
    start(section, App(bench, "cold-clang", [wrapper], files), disk.chill, rounds, 0.3, rows)


def generate(folder):
    """C files with headers of their own, as larger projects have them: small ones, and most of them read once."""
    os.makedirs(os.path.join(folder, "include"))
    for i in range(BUILD_FILES):
        names = [f"part{i}_{k}.h" for k in range(HEADERS_A_FILE)]
        for k, name in enumerate(names):
            build.write(os.path.join(folder, "include"), name, f"/* {'interface ' * 60}*/\n" + "".join(
                f"static inline int f{i}_{k}_{j}(int x)\n{{\n\treturn x * {j} + {k};\n}}\n" for j in range(8)))
        text = "".join(f"#include \"include/{name}\"\n" for name in names)
        build.write(folder, f"part{i}.c", text + f"\nint work_{i}(int x)\n{{\n\treturn f{i}_0_1(x) + f{i}_1_2(x);\n}}\n")
    objects = " ".join(f"part{i}.o" for i in range(BUILD_FILES))
    build.write(folder, "Makefile", f"all: {objects}\n%.o: %.c\n\tgcc -O0 -c $< -o $@\n")


def change_some(folder, turn):
    for i in range(0, BUILD_FILES, CHANGED_EACH):
        with open(os.path.join(folder, f"part{i}.c"), "a", encoding="ascii") as file:
            file.write(f"/* changed {turn} */\n" * 100)


def slow_build(section, bench, disk, rounds, rows):
    folder = os.path.join(disk.folder, "build")
    generate(folder)
    script = os.path.join(bench.folder, "cold-build")
    with open(script, "w", encoding="utf-8") as file:
        file.write(f"#!/bin/sh\ncd {folder} && rm -f *.o && exec make -s -j{os.cpu_count()}\n")
    os.chmod(script, 0o755)
    app = App(bench, "cold-build", [script], [folder])
    app.attached(disk.chill, OTHERS)
    app.reports.clear()
    variants = {name: run for name, run in app.variants(disk.chill).items() if not name.startswith("launched")}
    seconds = interleaved(variants, rounds)
    section.figure(f"build of {BUILD_FILES} files: with / without a profile", ratio(
        seconds["attached, with"], seconds["attached, without"]), 0.7)
    compare(section, f"cold build of {BUILD_FILES} files", seconds)
    read = shares(section, "build", app.reports)
    rows += [["build", name, f"{median(values):.2f}", spread(values, 2), f"{ratio(values, seconds['plain']):.2f}",
              read if name.endswith(", with") else ""] for name, values in seconds.items()]
    app.reports.clear()
    change_some(folder, 0)
    app.attached(disk.chill, OTHERS)
    shares(section, "build, a tenth of its files changed", app.reports, 80)


def measure_slow(bench, rounds):
    section = Section("coldslow", "The same on a disk of which each read takes a millisecond more, many at a time: clang "
                      f"with its libraries; and a build of {BUILD_FILES} C files with {HEADERS_A_FILE} headers each, by a "
                      f"compiler that is in memory. The disk's file system is cold; {rounds} rounds in rotated order.")
    rows = []
    bench.need("losetup", "mkfs.ext4")
    with own_profiles(), SlowDisk(bench) as disk:
        section.notes.append(f"One random read of 4 KiB takes {disk.latency_us():.0f} µs there.")
        if bench.has("clang"):
            slow_start(section, bench, disk, rounds, rows)
        else:
            section.absent("clang", "not installed")
        slow_build(section, bench, disk, rounds, rows)
    section.table(HEAD, rows)
    return section
