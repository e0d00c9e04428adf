# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
"""Builds of real projects, from Debian's source packages, as their users build them: warm, cold, beside neighbours, and
with less memory than they would fill."""
import contextlib
import os
import re
import signal
import subprocess
import time
import typing

import sources
from cold import COMPILER, drop_caches, own_profiles, ratio
from harness import BenchError, Section, median, read_report, rotated, spread, with_tracefs, works
from memory_group import MemoryGroup
from neighbours import PER_CPU, PLACES, Hierarchy, hogs

JOBS = f"-j{os.cpu_count()}"
LIMIT_SHARES = (0.75, 0.85, 0.95)  # of what a build had in memory: the first with which it does not run out of it
PERF_FILE = "perf.data"
BUILD_SECONDS_MAX = 600
PLACE = "session"  # of the neighbours: where nice reaches them; the others are in the section "contend"
OBSERVE = ["--without", "cpu,memory,io,prefetch"]  # what the report is of an app that nobody tuned


class Project(typing.NamedTuple):
    """A source package, and how it is built. A round takes the time of some 17 builds, most of it beside the neighbours
    and for want of memory: there are fewer of these, so that the section takes no more than twelve minutes."""
    name: str
    title: str
    build: list
    clean: list
    rounds: int
    long_rounds: int
    configure: list = None  # once, before all that is measured


PROJECTS = (
    Project("lua5.4", f"`make {JOBS} linux`", ["make", "-s", JOBS, "linux"], ["make", "-s", "clean"], 3, 2),
    Project("zlib", f"`./configure && make {JOBS}`", ["sh", "-c", f"./configure && make -s {JOBS}"],
            ["make", "-s", "distclean"], 3, 2),
    # as "make noopt" has it, for developers: with -O2 the section would take too long
    Project("redis", f"`make {JOBS} MALLOC=libc OPTIMIZATION=-O0 redis-server`",
            ["make", "-s", "-C", "src", JOBS, "MALLOC=libc", "OPTIMIZATION=-O0", "redis-server"],
            ["make", "-s", "distclean"], 2, 1),
    # cmake's default is a build for debugging; what Debian has taken out of the sources comes from the system
    Project("libgit2", f"`make {JOBS} libgit2package`, configured before by cmake",
            ["make", "-s", "-C", "build", JOBS, "libgit2package"], ["make", "-s", "-C", "build", "clean"], 2, 1,
            configure=["cmake", "-S", ".", "-B", "build", "-DBUILD_TESTS=OFF", "-DBUILD_CLI=OFF", "-DUSE_HTTPS=OFF",
                       "-DUSE_SSH=OFF", "-DUSE_NTLMCLIENT=OFF", "-DREGEX_BACKEND=regcomp",
                       "-DUSE_HTTP_PARSER=system"]),
)
NEEDED = {"dpkg-source": "dpkg-dev", "apt-get": "apt", "make": "make", "gcc": "gcc"}
ALSO_NEEDED = {"libgit2": {"cmake": "cmake"}}

TITLES = {"plain": "nothing", "agent": "agent", "perf": "`perf sched record`", "vmtouch": "`vmtouch -qt` before",
          "nice": "`nice -n -20`", "chrt": "`chrt -r 1`"}
CONDITIONS = {"warm": "warm", "cold": "cold", "memory": "memory-limited", "contended": "contended"}


def memory_group(section):
    """None where no limit of memory can be set."""
    try:
        group = MemoryGroup()
        with group.made():
            return group
    except BenchError as error:
        section.absent("memory-limited builds", str(error))
        return None


# --- one project ------------------------------------------------------------------------------------------------------


def compiler_files(bench):
    """What a careful user would read into memory before a build: programs, their libraries, the system's headers."""
    programs = [bench.run(["which", name]).strip() for name in COMPILER]
    programs += [bench.run(["gcc", f"-print-prog-name={name}"]).strip() for name in ("cc1", "collect2")]
    libraries = set()
    for program in programs:
        done = subprocess.run(["ldd", program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                              check=False)
        libraries |= set(re.findall(r"(/\S+) \(0x", done.stdout))
    multiarch = bench.run(["gcc", "-print-multiarch"]).strip()
    headers = [os.path.join("/usr/include", name) for name in ("linux", "asm-generic", multiarch)]
    with os.scandir("/usr/include") as entries:
        headers += [entry.path for entry in entries if entry.is_file()]
    headers.append(bench.run(["gcc", "-print-file-name=include"]).strip())
    return [path for path in programs + sorted(libraries) + headers if os.path.isabs(path) and os.path.exists(path)]


class Build:
    """A project unpacked, and the ways to build it."""

    def __init__(self, bench, project, group):
        self.bench, self.project, self.group = bench, project, group
        needed = {**NEEDED, **ALSO_NEEDED.get(project.name, {})}
        absent = [f"{command} (Debian package {package})" for command, package in needed.items()
                  if not bench.has(command)]
        if absent:
            raise BenchError("missing: " + ", ".join(absent))
        self.folder = os.path.join(bench.folder, project.name)
        self.log = os.path.join(bench.folder, project.name + ".log")
        try:
            self.version = sources.unpack(project.name, self.folder)
        except sources.debian.DebianError as error:
            raise BenchError(str(error)) from error
        if project.configure:
            self.timed(project.configure)
        self.seconds, self.reports, self.outside = {}, {}, {}
        self.untuned = {}  # condition: the report of a build that was only watched
        self.limit = self.peak = None

    def timed(self, argv):
        """Runs a command in the project's folder; wall time, as the caller sees it. What it says is kept for errors."""
        with open(self.log, "wb") as log:
            began = time.monotonic()
            process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder,
                                       process_group=0)
            try:
                process.wait(BUILD_SECONDS_MAX)
            except subprocess.TimeoutExpired as error:
                stop_group(process)
                raise BenchError(f"{self.project.name}: {' '.join(argv)}: not done in {BUILD_SECONDS_MAX} s") from error
            except BaseException:
                stop_group(process)
                raise
            seconds = time.monotonic() - began
        if process.returncode:
            raise BenchError(f"{self.project.name}: {' '.join(argv)}: exit status {process.returncode}: {self.said()}")
        return seconds

    def said(self):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return " / ".join(line.strip() for line in file.readlines()[-3:])

    def prepare(self, cold):
        self.timed(self.project.clean)
        if cold:
            drop_caches()  # writes back first
        else:
            os.sync()

    def followed(self, prefix=(), options=()):
        """A build that the agent starts: seconds, and its report."""
        path = self.bench.report_path()
        command = self.bench.launch_command(self.project.build, path)
        seconds = self.timed(list(prefix) + command[:1] + list(options) + command[1:])
        report = read_report(path)
        if report["app"]["processes"] < 20:
            raise BenchError(f"{self.project.name}: the build was not followed: {report['app']}")
        return seconds, report

    def add(self, condition, name, seconds, report=None):
        self.seconds.setdefault((condition, name), []).append(seconds)
        if report:
            self.reports.setdefault(condition, []).append(report)
            # what the caller waits for and the app does not: programs are loaded, changes put back, reports written
            self.outside.setdefault(condition, []).append(seconds - report["wall_seconds"])

    def run(self, condition, name, prefix, cold=False):
        """One measured build; the agent is the only one that has a report."""
        self.prepare(cold)
        if name == "agent":
            self.add(condition, name, *self.followed(prefix))
        else:
            self.add(condition, name, self.timed(list(prefix) + self.project.build))

    # --- conditions ---

    def first(self):
        """Unmeasured: whether it builds at all; what is known of it after a run."""
        self.prepare(True)
        _, self.untuned["cold"] = self.followed()

    def find_limit(self):
        """The first limit with which the build gets through, also beside an agent, and the report of that."""
        with self.group.made():
            self.prepare(True)
            self.timed(self.group.prefix() + self.project.build)
            self.peak = self.group.peak()
        for share in LIMIT_SHARES:
            self.limit = int(self.peak * share)
            self.prepare(True)
            with self.group.made(self.limit):
                try:
                    _, report = self.followed(self.group.prefix(), OBSERVE)
                except BenchError:
                    if not self.group.kills():
                        raise
                    continue
                if not self.group.kills():
                    return report
        raise BenchError(f"{self.project.name}: out of memory with {LIMIT_SHARES[-1]:g} of what it had")

    def memory_limited(self, turn):
        if not self.limit:
            self.untuned["memory"] = self.find_limit()
        for name in rotated(["plain", "agent"], turn):
            with self.group.made(self.limit):
                try:
                    self.run("memory", name, self.group.prefix(), True)
                except BenchError:
                    if not self.group.kills():
                        raise
                if self.group.kills():
                    raise BenchError(f"{self.project.name}: processes were killed for want of memory, with "
                                     f"{self.limit / 2**20:.0f} MiB of {self.peak / 2**20:.0f}")

    def without_limit(self):
        """Goes on without the condition: what there is of it would be half of a comparison."""
        self.group = self.limit = None
        self.seconds = {key: values for key, values in self.seconds.items() if key[0] != "memory"}

    def cold(self, turn, files):
        paths = [self.folder, *files]
        warmed = ["bash", "-c", 'vmtouch -qtf "${@:2:$1}"; shift $(($1 + 1)); exec "$@"', "bash", str(len(paths)),
                  *paths]
        for name in rotated(["plain", "agent"] + ["vmtouch"] * bool(files), turn):
            self.run("cold", name, warmed if name == "vmtouch" else (), True)

    def warm(self, turn, perf):
        for name in rotated(["plain", "agent"] + ["perf"] * bool(perf), turn):
            self.run("warm", name, perf if name == "perf" else ())
        with contextlib.suppress(FileNotFoundError):
            os.unlink(os.path.join(self.bench.folder, PERF_FILE))  # all of the machine is in it: it may be large

    def contended(self, turn, hierarchy, peers):
        with hogs(self.bench, hierarchy, PLACE):
            for name in rotated(["plain", "agent"] + list(peers), turn):
                self.run("contended", name, peers.get(name, ()))


def stop_group(process):
    """An agent puts back what it changed if it may."""
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


# --- peers ------------------------------------------------------------------------------------------------------------


class Peers:
    """What else there is on this machine, each as what goes before a command."""

    def __init__(self, bench, section):
        perf = with_tracefs(["perf", "sched", "record", "-o", os.path.join(bench.folder, PERF_FILE), "--"])
        self.contended = {"nice": ["nice", "-n", "-20"], "chrt": ["chrt", "-r", "1"]}
        for name, argv in list(self.contended.items()):
            if not works(argv):
                del self.contended[name]
                section.absent(TITLES[name], "does not work here")
        self.perf = perf if works(perf) else None
        if not self.perf:
            section.absent(TITLES["perf"], "not installed, or does not work here")
        self.files = compiler_files(bench) if bench.has("vmtouch") else []
        if not self.files:
            section.absent(TITLES["vmtouch"], "vmtouch is not installed")


# --- what came out ----------------------------------------------------------------------------------------------------


def leading(report, count=2):
    """The largest bottlenecks of a report, in words."""
    found = sorted(report["bottlenecks"], key=lambda b: -b["impact_percent"])[:count]
    return ", ".join(f"{b['id']} {b['impact_percent']:.0f} %" for b in found) or "none"


def share_of(report, name):
    return sum(b["impact_percent"] for b in report["bottlenecks"] if b["id"] == name)


def middle(reports):
    """One that stands for all: that of the median wall time."""
    return sorted(reports, key=lambda r: r["wall_seconds"])[len(reports) // 2]


def replay_text(report):
    replayed = (report.get("prefetch") or {}).get("replayed") or {}
    if not replayed.get("bytes"):
        return f"nothing was read ahead ({replayed.get('state') or 'no profile'})"
    text = f"read {replayed['bytes'] / 2**20:.0f} MiB ahead in {replayed['seconds']:.2f} s"
    if replayed.get("wait_seconds") is not None and replayed.get("wait_seconds_without") is not None:
        text += (f", waits for the disk {replayed['wait_seconds_without']:.2f} -> {replayed['wait_seconds']:.2f} s of "
                 "thread time")
    return text


def actions_text(report):
    """What the agent did, and what became of it."""
    done = {}
    for action in report.get("actions") or []:
        done.setdefault(action["state"], []).append(action["knob"])
    return "; ".join(f"{state}: {', '.join(knobs)}" for state, knobs in done.items()) or "nothing changed"


def reason(build, condition):
    """Why the agent may not be ahead, from its own reports: that of the round with the median time."""
    report = middle(build.reports[condition])
    parts = [f"{median(build.outside[condition]):.2f} s pass before the build starts and after it ends: the agent "
             "loads, puts back, reports"]
    if condition in ("cold", "memory"):
        parts.append(replay_text(report))
    parts.append(actions_text(report))
    if condition == "contended":
        parts.append(f"the neighbours still took {share_of(report, 'cpu-neighbour'):.0f} % of the build's wall time")
    else:
        parts.append(f"what is left: {leading(report)}")
    return "; ".join(parts)


def medians(build, condition):
    return {name: median(values) for (where, name), values in build.seconds.items() if where == condition}


def best_possible(build, condition):
    """(name, values of the rounds) of what cannot be undercut."""
    if condition == "warm":
        return "nothing in the way", build.seconds["warm", "plain"]
    if condition == "memory":
        return "cold, no limit of memory", build.seconds["cold", "plain"]
    return "warm, idle machine", build.seconds["warm", "plain"]


def conditions(build):
    return [name for name in CONDITIONS if (name, "plain") in build.seconds]


def compare(section, build):
    """The rows of the comparison of all sections."""
    for condition in conditions(build):
        found = medians(build, condition)
        limit, values = best_possible(build, condition)
        peers = {TITLES[name].replace("`", ""): value for name, value in found.items() if name != "agent"}
        runs = len(build.seconds[condition, "agent"])
        section.row(f"{build.project.name}, {CONDITIONS[condition]} build, {runs} round{'s' * (runs > 1)}", "s",
                    found["agent"], peers,
                    (limit, median(values)), reason(build, condition))


def table_rows(build):
    rows = []
    for condition in conditions(build):
        _, limits = best_possible(build, condition)
        plain = build.seconds[condition, "plain"]
        for (where, name), values in sorted(build.seconds.items(), key=lambda item: list(TITLES).index(item[0][1])):
            if where == condition:
                rows.append([build.project.name, CONDITIONS[condition], TITLES[name], len(values),
                             f"{median(values):.2f}", spread(values), f"{ratio(values, plain):.2f}",
                             f"{ratio(values, limits):.2f}"])
    return rows


def describe(build):
    """A line of the note."""
    parts = [f"- {build.project.name} {build.version}: {build.project.title}; warm: "
             f"{leading(middle(build.reports['warm']))}", f"cold, tuned, nothing read ahead: {leading(build.untuned['cold'])}"]
    if build.limit:
        parts.append(f"with {build.limit / 2**20:.0f} MiB of the {build.peak / 2**20:.0f} MiB that it fills: "
                     f"{leading(build.untuned['memory'])}")
    parts.append(f"contended, tuned: {leading(middle(build.reports['contended']))}")
    return "; ".join(parts) + "."


def measure_one(bench, section, project, peers, hierarchy, group, rounds):
    build = Build(bench, project, group)
    build.first()
    for turn in range(rounds):
        if build.group and turn < project.long_rounds:
            try:
                build.memory_limited(turn)
            except BenchError as error:
                section.absent(f"{project.name}, memory-limited", str(error))
                build.without_limit()
        build.cold(turn, peers.files)
        build.warm(turn, peers.perf)
        if turn < project.long_rounds:
            build.contended(turn, hierarchy, peers.contended)
    return build


def measure(bench, rounds):
    section = Section("real", "Debian's source packages without Debian's patches, built as their users build them, "
                      f"`{JOBS}`; the build tree is cleaned before each. Cold and memory-limited: nothing is in "
                      f"memory, and the agent has seen a build before. Contended: {PER_CPU} processes per CPU that "
                      f"never wait, {PLACES[PLACE]}. Memory-limited: a control group with a limit below what the build "
                      "fills with files and processes; the agent is in it as well. In rotated order; whole wall time, "
                      "the agent's start included; each ratio is the median of the rounds' own. Limit: the warm build "
                      "of the same round, on the idle machine; memory-limited: the cold build without a limit.")
    peers, hierarchy, group = Peers(bench, section), Hierarchy(), memory_group(section)
    rows, lines = [], []
    with own_profiles():
        for project in PROJECTS:
            try:
                build = measure_one(bench, section, project, peers, hierarchy, group, min(rounds, project.rounds))
            except BenchError as error:
                section.absent(project.name, str(error))
                continue
            rows += table_rows(build)
            compare(section, build)
            lines.append(describe(build))
    section.table(["project", "condition", "what is done", "rounds", "median s", "quartiles", "/ nothing", "/ limit"],
                  rows)
    section.notes.append("Versions, and what took most of the wall time as the agent's reports have it:")
    section.notes.append("\n".join(lines))
    section.notes.append("No other tool at hand does anything about a limit of memory: nothing is its only peer.")
    return section
