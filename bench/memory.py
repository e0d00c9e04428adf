# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
"""A memory hog beside a build, in a virtual machine whose memory does not hold both: what memory.low is worth."""
import json
import os
import shutil
import subprocess

import build
from harness import BenchError, Section, median, rotated, spread

# Debian has the multi-generation LRU switched on in 6.12, and off here.
KERNEL = "6.1"
MEMORY_MIB, SWAP_MIB, HOG_MIB, HOG_CPU_PERCENT = 256, 512, 170, 50
FILES, JOBS = 8, 2
# A small cloud volume or a fast hard disk: QEMU would serve both disks from this machine's memory.
DISK_IOPS, SWAP_IOPS = 400, 1000
BOOT_SECONDS = 1200
VARIANTS = {"alone": "build alone", "hog": "hog, nothing done", "low": "hog, `memory.low` set by hand",
            "agent": "hog, agent in launch mode"}
COUNTERS = ("refaults", "swapins", "low_events", "stalled_ms")


class Machine:
    """The disks and programs of the virtual machine; one boot a round."""

    def __init__(self, bench):
        self.bench = bench
        self.scripts = os.path.join(bench.root, "vmtests")
        if not shutil.which("qemu-system-x86_64"):
            raise BenchError("missing: qemu-system-x86_64 and more; run 'scripts/deps.sh vm'")
        self.toolchain = bench.run([os.path.join(self.scripts, "image"), "toolchain"]).strip()
        self.kernel = bench.run([os.path.join(self.scripts, "fetch-kernel"), KERNEL]).strip()
        self.hog = bench.compile("memhog")
        self.swap = os.path.join(bench.folder, "swap")
        with open(self.swap, "wb") as file:
            file.truncate(SWAP_MIB << 20)
        self.sources = self.generate()

    def generate(self):
        folder = os.path.join(self.bench.folder, "memory")
        os.mkdir(folder)
        names = [f"part{i}" for i in range(FILES)]
        for i, name in enumerate(names):
            build.write(folder, name + ".c", build.source(i))
        objects = " ".join(name + ".o" for name in names)
        build.write(folder, "Makefile", f"all: {objects}\n\n%.o: %.c\n\tgcc -O1 -c $< -o $@\n")
        return [os.path.join(folder, name) for name in sorted(os.listdir(folder))]

    def round(self, variants):
        """Boots, and returns {variant: Result}, and the working set in bytes."""
        argv = [os.path.join(self.scripts, "boot"), "-k", self.kernel, "-m", str(MEMORY_MIB), "-t", str(BOOT_SECONDS),
                "-p", f"{self.hog}:/bin/memhog", "-d", f"{self.toolchain},iops-total={DISK_IOPS}",
                "-d", f"{self.swap},iops-total={SWAP_IOPS}"]
        for path in self.sources:
            argv += ["-f", path]
        argv += [os.path.join(self.bench.here, "memory_vm.sh"), str(HOG_MIB), str(HOG_CPU_PERCENT), str(JOBS)]
        environment = dict(os.environ, ACCEL_AGENT=self.bench.agent_path)
        process = subprocess.Popen(argv + variants, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                                   env=environment)
        self.bench.running.append(process)
        lines = process.communicate()[0].splitlines()
        self.bench.running.remove(process)
        if process.returncode:
            raise BenchError(f"vmtests/boot: exit status {process.returncode}: {' / '.join(lines[-3:])}")
        try:
            return parse(lines, variants)
        except ValueError as error:
            raise BenchError(f"a line of the virtual machine's: {error}") from error


class Result:
    """One build, from its "result" line; whole: with the agent's start and end."""

    def __init__(self, words):
        self.seconds, self.whole = float(words[0]), float(words[1])
        for name, word in zip(COUNTERS, words[2:], strict=True):
            setattr(self, name, int(word))
        self.report = None


def parse(lines, variants):
    results, working_set = {}, None
    for line in lines:
        kind, _, rest = line.partition(" ")
        if kind == "result":
            name, *words = rest.split()
            results[name] = Result(words)
        elif kind == "working_set":
            working_set = int(rest)
        elif kind == "report":
            results["agent"].report = json.loads(rest)
    if set(results) != set(variants) or working_set is None:
        raise BenchError(f"the machine did not measure everything: {' / '.join(lines[-3:])}")
    return results, working_set


def actions(reports):
    """What the agent did in each round, in words."""
    texts = []
    for report in reports:
        done = [f"{a['knob']} {a['old']} → {a['new']} ({a['state']})" for a in report.get("actions") or []]
        texts.append(", ".join(done) or "nothing")
    return "; ".join(texts)


def measure(bench, rounds):
    machine = Machine(bench)
    names = list(VARIANTS)
    results = {name: [] for name in names}
    for turn in range(rounds):
        found, working_set = machine.round(rotated(names, turn))
        for name in names:
            results[name].append(found[name])
    section = Section("memory", f"Virtual machine, stock Debian {KERNEL}, cgroup v2, 2 CPUs (emulated), {MEMORY_MIB} "
                      f"MiB, swap: `make -j{JOBS}` of {FILES} C files, `gcc -O1`, in a group beside one that touches "
                      f"{HOG_MIB} MiB of anonymous memory in a loop (at most {HOG_CPU_PERCENT} % of a CPU). {rounds} "
                      "rounds, a boot each, in rotated order; every build starts with nothing cached. Ratio: against "
                      "the build beside the hog in the same round, with the agent's start and end; seconds: of the "
                      "build itself, as in the sections build and contend.")
    summarise(section, results, working_set)
    return section


def summarise(section, results, working_set):
    rows, ratios = [], {}
    for name, title in VARIANTS.items():
        seconds, whole = [r.seconds for r in results[name]], [r.whole for r in results[name]]
        ratios[name] = [a / b.whole for a, b in zip(whole, results["hog"])]
        rows.append([title, f"{median(seconds):.1f}", spread(seconds, 1), f"{median(whole):.1f}",
                     f"{median(ratios[name]):.2f}", spread(ratios[name])] +
                    [f"{median([getattr(r, field) for r in results[name]]):.0f}" for field in COUNTERS])
    section.figure("agent: seconds / without", median(ratios["agent"]), 0.6)
    section.figure("`memory.low` by hand: seconds / without", median(ratios["low"]), 0.5)
    seconds = {name: median([r.seconds for r in results[name]]) for name in VARIANTS}
    section.row("a build beside a memory hog (virtual machine), start and end apart", "s", seconds["agent"],
                {VARIANTS[name]: seconds[name] for name in ("hog", "low")}, (VARIANTS["alone"], seconds["alone"]),
                "by hand `memory.low` is set before the build begins and by what it was seen to need when it ran alone; "
                "the agent finds that out while the build runs", digits=1)
    section.table(["what runs", "seconds", "quartiles", "with start and end", "ratio", "quartiles",
                   "file pages read again", "pages swapped in", "low events", "memory stall ms"], rows)
    section.notes.append(f"By hand: {working_set / (1 << 20):.0f} MiB, a quarter more than what the build had in "
                         "memory when it ran alone. The disks are throttled, to "
                         f"{DISK_IOPS} requests a second (compiler and sources) and {SWAP_IOPS} (swap): without that, "
                         "a page that is read again would come from the memory of the machine outside. Emulation "
                         "makes computing some ten times slower, and code that is read again is also translated "
                         "again, so the seconds say nothing about other machines; ratios and counters do. The "
                         "counters are the machine's, the hog's part included.")
    section.notes.append("What the agent did, round by round: " +
                         actions([r.report for r in results["agent"]]) + ".")
