# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
"""What the sections share: tools that are started and stopped, /proc, statistics, tables."""
import ctypes
import json
import os
import platform
import pty
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import compare

PR_SET_CHILD_SUBREAPER = 36
LINES_FIRST, LINES_ALL = 20, 1000000  # of what a tool prints: enough to say why it failed
SCHEMA = "accel-agent.bench-suite/2"
SBIN = "/usr/local/sbin:/usr/sbin:/sbin"
PACKAGES = {"runqlat": "libbpf-tools", "offcputime": "libbpf-tools", "bpftrace": "bpftrace", "perf": "linux-perf",
            "fio": "fio", "gcc": "gcc", "make": "make", "nice": "coreutils", "taskset": "util-linux",
            "unshare": "util-linux", "vmtouch": "vmtouch", "xargs": "findutils", "find": "findutils", "cat": "coreutils",
            "losetup": "mount", "mkfs.ext4": "e2fsprogs"}


def replace(path, text):
    """Writes a file as a whole or not at all."""
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(path + ".new", path)


def works(argv):
    """Whether what goes before a command does so here."""
    try:
        return subprocess.run(argv + ["true"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, check=False).returncode == 0
    except OSError:
        return False


class BenchError(Exception):
    """A section cannot be measured; the text says why."""


def median(values):
    return statistics.median(values)


def quartiles(values):
    """The first and the third quartile."""
    if len(values) < 2:
        return values[0], values[0]
    q = statistics.quantiles(values, n=4, method="inclusive")
    return q[0], q[2]


def spread(values, digits=2):
    low, high = quartiles(values)
    return f"{low:.{digits}f} to {high:.{digits}f}"


def rotated(items, turn):
    """Another first one each time, and every other time round in reverse: what ran before something is not always the
    same either."""
    backwards, turn = divmod(turn, len(items))
    items = items[turn:] + items[:turn]
    return items[::-1] if backwards % 2 else items


class Section:
    """Figures with their limits, and the table behind them, as Markdown."""

    def __init__(self, title, what):
        self.title, self.what = title, what
        self.figures, self.rows, self.curves, self.tables, self.notes = [], [], [], [], []

    def figure(self, name, value, limit, unit="", digits=2, low=None):
        """A value that must be at most limit (and at least low)."""
        met = value <= limit and (low is None or value >= low)
        bound = f"≤ {limit:g}{unit}" if low is None else f"{low:g} to {limit:g}{unit}"
        self.figures.append((name, f"{value:.{digits}f}{unit}", bound, f"{value / limit:.2f}",
                             "met" if met else "**MISSED**"))

    def below(self, name, value, limit, digits=2):
        """A value that must be less than limit."""
        self.figures.append((name, f"{value:.{digits}f}", f"< {limit:g}", f"{value / limit:.2f}",
                             "met" if value < limit else "**MISSED**"))

    def at_least(self, name, value, limit, digits=2):
        """A value that must be at least limit."""
        self.figures.append((name, f"{value:.{digits}f}", f"≥ {limit:g}", f"{value / limit:.2f}",
                             "met" if value >= limit else "**MISSED**"))

    def check(self, name, value, expected):
        """A value that must be exactly as expected."""
        self.figures.append((name, str(value), str(expected), "", "met" if value == expected else "**MISSED**"))

    def absent(self, name, why):
        self.figures.append((name, "-", "", "", why))

    def row(self, what, unit, agent, peers, limit, reason="", less=True, digits=2):
        """A line of the comparison at the top of RESULTS.md: the agent's value, those of its peers ({name: value}, or a
        text that says why there are none), and the physical limit ((name, value), or such a text); reason: why the agent
        is not ahead, if it is not."""
        self.rows.append(compare.Row(what, unit, agent, peers, limit, reason, less, digits))

    def curve(self, title, x, y, series):
        """A plot of growth; series: {name: [(x, median, first quartile, third quartile), ...]}."""
        self.curves.append({"title": title, "x": x, "y": y, "series": series})

    def table(self, head, rows):
        self.tables.append([head] + [[str(cell) for cell in row] for row in rows])

    def data(self, bench):
        """The same as text() for programs."""
        names = ("name", "measured", "limit", "share", "verdict")
        return {"schema": SCHEMA, "section": self.title, "what": self.what,
                "machine": bench.machine_line(), "missing": bench.missing(),
                "rows": [row.data() for row in self.rows], "curves": self.curves,
                "figures": [dict(zip(names, (cell.replace("*", "") for cell in figure))) for figure in self.figures],
                "tables": [[dict(zip(table[0], row)) for row in table[1:]] for table in self.tables],
                "notes": self.notes}

    def text(self, bench):
        parts = [f"## {self.title}\n", self.what + "\n", bench.machine_line() + "\n"]
        figures = [["figure", "measured", "limit", "share of it", ""]] + [list(f) for f in self.figures]
        rows = compare.table(self.rows)
        for table in [rows, figures] + self.tables:
            if len(table) > 1:
                parts.append(compare.markdown(table))
        parts += [note + "\n" for note in self.notes]
        return "\n".join(parts)


class Tool:
    """A running tool, on a terminal of its own. Attached once it has printed its announcement, if it makes any."""

    def __init__(self, argv, announce, lines_max=LINES_FIRST):
        self.lines_max = lines_max
        master, slave = pty.openpty()
        self.announced_at, self.lines, self.attach_seconds = None, [], None
        self.name, self.announce, self.ready = argv[0], announce, threading.Event()
        self.started_at = time.monotonic()
        self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=slave, stderr=slave)
        os.close(slave)
        # also drains what is printed at the end: a tool that blocks in write never ends
        self.reader = threading.Thread(target=self.read, args=(master,), daemon=True)
        self.reader.start()

    def await_attached(self, settle):
        """Waits for the announcement, then for settle seconds more."""
        if self.announce:
            if not self.ready.wait(20) or self.announced_at is None:
                raise BenchError(f"{self.name} did not say '{self.announce}': {' / '.join(self.lines[-3:])}")
            self.attach_seconds = self.announced_at - self.started_at
        time.sleep(settle)
        if self.process.poll() is not None:
            raise BenchError(f"{self.name} has ended: {' / '.join(self.lines[-3:])}")

    def read(self, master):
        rest = b""
        while True:
            try:
                data = os.read(master, 65536)
            except OSError:  # EIO: the last writer has gone
                data = b""
            now = time.monotonic()
            if not data:
                break
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                text = line.decode(errors="replace").strip()
                if len(self.lines) < self.lines_max:
                    self.lines.append(text)
                if self.announce and self.announced_at is None and self.announce in text:
                    self.announced_at = now
                    self.ready.set()
        os.close(master)
        self.ready.set()

    @property
    def pid(self):
        return self.process.pid

    def wait(self, seconds):
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.stop()

    def stop(self):
        stop_process(self.process)


def stop_process(process):
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            return
        process.send_signal(number)
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            pass


def status_kib(pid, field):
    """A size from /proc/PID/status in KiB, or 0 if the process has gone."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
            for line in file:
                if line.startswith(field + ":"):
                    return int(line.split()[1])
    except OSError:
        pass
    return 0


def cpu_seconds(pid):
    """CPU time of a process, that of its threads that have ended included, which /proc/PID/task no longer tells; not in
    ticks, as /proc/PID/stat has it."""
    return time.clock_gettime(~pid << 3 | 2)  # what clock_getcpuclockid() makes of a pid


def adopt_orphans():
    """Makes this process the parent of what it started indirectly and whose own parent was killed."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def reap_orphans(seconds=5):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                time.sleep(0.01)
        except ChildProcessError:
            return


class Bench:
    """The agent, its peers and a temporary folder; nothing of it outlives the with statement."""

    def __init__(self):
        os.environ["PATH"] = os.environ.get("PATH", "/usr/bin:/bin") + ":" + SBIN
        os.environ["LC_ALL"] = "C"
        self.here = os.path.dirname(os.path.abspath(__file__))
        self.root = os.path.dirname(self.here)
        self.agent_path = os.path.abspath(os.environ.get("ACCEL_AGENT") or
                                          os.path.join(self.root, ".output/accel-agent"))
        self.workloads = os.path.abspath(os.environ.get("WORKLOADS") or os.path.join(self.root, ".output/workloads"))
        self.results = os.path.join(self.root, ".output/bench")
        self.running = []
        self.reports = 0

    def __enter__(self):
        if os.geteuid() != 0:
            raise BenchError("needs root: the agent and its peers load programs into the kernel")
        if not os.access(self.agent_path, os.X_OK):
            raise BenchError(f"{self.agent_path}: not there; run 'make' first, or set ACCEL_AGENT")
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda n, frame: sys.exit(128 + n))
        # ignored in the background of a shell script, and so by the agent, which is told by it to write its report
        signal.signal(signal.SIGINT, signal.default_int_handler)
        adopt_orphans()
        os.makedirs(self.results, exist_ok=True)
        # in the tree, and not in /tmp: that may be in memory, where no read is cold
        self.folder = tempfile.mkdtemp(prefix="tmp.", dir=self.results)
        return self

    def __exit__(self, *error):
        for item in self.running:
            item.stop() if isinstance(item, Tool) else stop_process(item)
        reap_orphans()
        shutil.rmtree(self.folder, ignore_errors=True)

    def machine_line(self):
        model = "unknown model"
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
            for line in file:
                if line.startswith("model name"):
                    model = line.split(":", 1)[1].strip()
                    break
        return f"Machine: Linux {platform.release()} {platform.machine()}, {os.cpu_count()} CPUs ({model})"

    @staticmethod
    def has(command):
        return shutil.which(command) is not None

    def missing(self):
        return [f"{command} (Debian package {package})" for command, package in PACKAGES.items()
                if not self.has(command)]

    def need(self, *commands):
        absent = [f"{c} (Debian package {PACKAGES[c]})" for c in commands if not self.has(c)]
        if absent:
            raise BenchError("missing: " + ", ".join(absent))

    def workload(self, name):
        path = os.path.join(self.workloads, name)
        if not os.access(path, os.X_OK):
            raise BenchError(f"{path}: not there; run 'make workloads' first")
        return path

    def alias(self, command, name):
        """A program under a name of its own, so that the agent follows this one and no other."""
        path = os.path.join(self.folder, f"{name}-{os.getpid()}")
        if not os.path.exists(path):
            os.symlink(shutil.which(command) or command, path)
        return path

    def compile(self, source, arguments=()):
        """Compiles bench/SOURCE.c to .output/bench/SOURCE, with more arguments behind it, and returns its path."""
        self.need("gcc")
        path = os.path.join(self.results, source)
        self.run(["gcc", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-D_GNU_SOURCE", "-pthread", "-o",
                  path, os.path.join(self.here, source + ".c"), *arguments])
        return path

    def tool(self, argv, announce, settle=0.0, keep=False):
        """A tool that runs until it is stopped; all of its lines are kept if they are what is wanted of it."""
        tool = Tool(argv, announce, LINES_ALL if keep else LINES_FIRST)
        self.running.append(tool)
        tool.await_attached(settle)
        return tool

    def run(self, argv):
        """Runs a command to its end and returns what it printed. If we are interrupted, its children go as well."""
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, process_group=0)
        try:
            output = process.communicate()[0]
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        if process.returncode:
            raise BenchError(f"{os.path.basename(argv[0])}: exit status {process.returncode}")
        return output

    def report_path(self):
        self.reports += 1
        return os.path.join(self.folder, f"report-{self.reports}.json")

    def agent(self, name, report, settle=0.2, options=()):
        """The agent, attached and waiting for an app of that name."""
        return self.tool([self.agent_path, "-f", "json", "-o", report, *options, "--app", os.path.basename(name)],
                         "waiting for", settle)

    def launch_command(self, argv, report):
        return [self.agent_path, "-q", "-f", "json", "-o", report, "--"] + argv

    def launch(self, argv, report):
        """Runs a command under the agent to its end."""
        self.run(self.launch_command(argv, report))

    def start(self, argv, **options):
        process = subprocess.Popen(argv, stdin=options.pop("stdin", subprocess.DEVNULL),
                                   stdout=options.pop("stdout", subprocess.DEVNULL), **options)
        self.running.append(process)
        return process

    def stop(self, item):
        item.stop() if isinstance(item, Tool) else stop_process(item)
        self.running.remove(item)

    # The peers, by the way each says that it is attached.
    def runqlat(self, settle=0.0, options=()):
        return self.tool(["runqlat", *options], "Tracing run queue latency", settle)

    def offcputime(self, settle=2.0):
        return self.tool(["offcputime"], None, settle)  # says nothing until its end

    def bpftrace(self, script="runq.bt", settle=0.0, keep=False):
        return self.tool(with_tracefs(["bpftrace", os.path.join(self.here, script)]), "attached", settle, keep)

    def perf_sched(self, settle=2.0):
        # says nothing until its end; the latest run writes over what the one before left
        return self.tool(with_tracefs(["perf", "sched", "record", "-o", os.path.join(self.folder, "perf.data")]), None,
                         settle)


def with_tracefs(argv):
    """The command with event formats where it looks for them; if that needs a mount, it alone sees it."""
    if os.path.exists("/sys/kernel/tracing/events"):
        return argv
    return ["unshare", "-m", "sh", "-c", 'mount -t tracefs tracefs /sys/kernel/tracing && exec "$@"', "sh"] + argv


def read_report(path):
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError) as error:
        raise BenchError(f"the agent's report: {error}") from error
