# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
"""What the agent costs a build where nothing holds it back: 120 C files, with and without the agent, in turn."""
import os

from harness import BenchError, Section, median, quartiles, read_report, rotated, spread

FILES = 120
HEADERS = ("stdio", "stdlib", "string", "stdint", "stdbool", "math", "time", "errno", "fcntl", "unistd", "pthread",
           "signal", "sys/stat", "sys/socket", "netinet/in", "arpa/inet")

FUNCTION = """
static double step_{i}_{k}(struct cell *cells, size_t count, uint32_t seed)
{{
	double sum = 0;
	size_t i;

	for (i = 0; i < count; i++) {{
		seed = seed * {a}u + {b}u;
		cells[i].weight += (double)(seed % {c}) / {d};
		if (cells[i].name[0] && strchr(cells[i].name, 'a' + (int)(seed % 26)))
			sum += sqrt(cells[i].weight * {d});
	}}
	return sum;
}}
"""

SCRIPT = """#!/bin/bash
# build.sh MAKE TIMES: builds, and writes when that began and ended
cd "$(dirname "$0")" && rm -f *.o program || exit 1
from=$EPOCHREALTIME
"$1" -s -j{jobs} program || exit 1
echo "$from $EPOCHREALTIME" > "$2"
"""


def source(i):
    text = "".join(f"#include <{name}.h>\n" for name in HEADERS)
    text += "\nstruct cell {\n\tchar name[32];\n\tdouble weight;\n};\n"
    for k in range(9):
        text += FUNCTION.format(i=i, k=k, a=1664525 + 2 * i, b=1013904223 + 2 * k, c=977 + i, d=3.5 + k)
    text += f"\ndouble work_{i}(void)\n{{\n\tstatic struct cell cells[64];\n\tdouble sum = 0;\n\n"
    for k in range(9):
        text += f"\tsnprintf(cells[{k}].name, sizeof(cells[{k}].name), \"cell %d\", {k * i});\n"
        text += f"\tsum += step_{i}_{k}(cells, 64, {i + k});\n"
    return text + "\treturn sum;\n}\n"


def generate(folder, files):
    os.mkdir(folder)
    names = [f"part{i}" for i in range(files)]
    for i, name in enumerate(names):
        write(folder, name + ".c", source(i))
    calls = "".join(f"\tsum += work_{i}();\n" for i in range(files))
    protos = "".join(f"double work_{i}(void);\n" for i in range(files))
    write(folder, "main.c", f"#include <stdio.h>\n{protos}\nint main(void)\n{{\n\tdouble sum = 0;\n\n{calls}"
          "\treturn printf(\"%f\\n\", sum) < 0;\n}\n")
    objects = " ".join(name + ".o" for name in names + ["main"])
    write(folder, "Makefile", f"program: {objects}\n\tgcc -o $@ $^ -lm\n\n%.o: %.c\n\tgcc -O1 -c $< -o $@\n")
    write(folder, "build.sh", SCRIPT.format(jobs=os.cpu_count()))


def write(folder, name, text):
    with open(os.path.join(folder, name), "w", encoding="ascii") as file:
        file.write(text)


REASONS = {"launch": "each of the build's processes is followed on its own, from its fork to its end; the others count "
                     "events of the whole machine",
           "app": "each of the build's processes is followed on its own, from its fork to its end; the others count "
                  "events of the whole machine"}


class Build:
    def __init__(self, bench, files=FILES):
        bench.need("gcc", "make")
        self.bench, self.files = bench, files
        self.folder = os.path.join(bench.folder, f"build-{files}")
        self.times = os.path.join(bench.folder, "times")
        self.make = bench.alias("make", "build-make")
        generate(self.folder, files)
        self.command = ["bash", os.path.join(self.folder, "build.sh"), self.make, self.times]

    def seconds(self):
        with open(self.times, encoding="ascii") as file:
            began, ended = file.read().split()
        os.unlink(self.times)
        return float(ended) - float(began)

    def check(self, path):
        report = read_report(path)
        if report["app"]["processes"] < 3 * self.files:
            raise BenchError(f"the build was not followed: {report['app']}")
        return report

    def base(self, prefix=()):
        self.bench.run(list(prefix) + self.command)
        return self.seconds(), None

    def launch(self):
        path = self.bench.report_path()
        self.bench.launch(self.command, path)
        return self.seconds(), self.check(path)

    def beside(self, tool):
        """Beside a tool that watches the machine."""
        try:
            return self.base()
        finally:
            self.bench.stop(tool)

    def app(self):
        path = self.bench.report_path()
        agent = self.bench.agent(self.make, path)
        try:
            self.bench.run(self.command)
            agent.wait(5)
        finally:
            self.bench.stop(agent)
        return self.seconds(), self.check(path)


def startup_seconds(bench):
    """CPU time of the agent around a command that does nothing: loading, attaching, reporting."""
    path = bench.report_path()
    bench.launch(["true"], path)
    return read_report(path)["agent"]["cpu_seconds"]


def peers(bench):
    """What else tells where time goes, by title: what starts it."""
    tools = {"runqlat": ("runqlat", bench.runqlat), "bpftrace": ("bpftrace run-queue latency", bench.bpftrace),
             "offcputime": ("offcputime", bench.offcputime), "perf": ("`perf sched record`", bench.perf_sched)}
    return {title: start for command, (title, start) in tools.items() if bench.has(command)}


def measure(bench, rounds):
    build = Build(bench)
    variants = {"base": build.base, "launch": build.launch, "app": build.app}
    variants.update({title: (lambda start=start: build.beside(start())) for title, start in peers(bench).items()})
    build.base()
    seconds = {name: [] for name in variants}
    reports, startups = {"launch": [], "app": []}, []
    for turn in range(rounds):
        for name in rotated(list(variants), turn):
            value, report = variants[name]()
            seconds[name].append(value)
            if report:
                reports[name].append(report)
        startups.append(startup_seconds(bench))
    section = Section("build", f"{FILES} generated C files, `gcc -O1`, `make -j{os.cpu_count()}`, warm caches, one "
                      f"unmeasured build first; {rounds} rounds on the idle machine in rotated order, the agent free "
                      "to act, as by default; ratio: against the untuned build of the same round.")
    summarise(section, seconds, reports, median(startups))
    return section


def summarise(section, seconds, reports, startup):
    ratios = {name: [a / b for a, b in zip(seconds[name], seconds["base"])] for name in seconds if name != "base"}
    watchers = {name: median(seconds[name]) for name in ratios}
    titles = {"launch": "agent, launch mode", "app": "agent, the build as followed app"}
    rows = [["nothing", f"{median(seconds['base']):.2f}", "", "", "", "", "", "", ""]]
    for name, title in titles.items():
        section.figure(f"{title}, free to act: seconds / untuned", median(ratios[name]), 1.01, "", 4)
    for name, title in titles.items():
        agents = [(r["agent"], r["wall_seconds"]) for r in reports[name]]
        share = [100 * (a["cpu_seconds"] - startup) / wall for a, wall in agents]
        whole = [100 * a["cpu_seconds"] / wall for a, wall in agents]
        lost = sum(a["lost_events"] for a, _ in agents)
        rss = max(a["max_rss_kib"] for a, _ in agents)
        section.figure(f"{title}: CPU, start-up apart", median(share), 2, " %", 2)
        section.figure(f"{title}: largest memory", rss / 1024, 32, " MiB", 1)
        rows.append([title, f"{median(seconds[name]):.2f}", f"{median(ratios[name]):.4f}", spread(ratios[name], 4),
                     f"{median(share):.2f}", f"{median(whole):.2f}", rss, lost,
                     reports[name][-1]["app"]["processes"]])
    others = {name: value for name, value in watchers.items() if name not in titles}
    for name, title in titles.items():
        section.row(f"a build that nothing holds back, {title} (start and end apart)", "s", watchers[name], others,
                    ("unwatched", median(seconds["base"])), REASONS[name])
    rows += [[name, f"{median(seconds[name]):.2f}", f"{median(ratios[name]):.4f}", spread(ratios[name], 4), "", "", "",
              "", ""] for name in others]
    section.table(["what runs", "seconds", "ratio", "quartiles", "CPU %", "CPU % with start-up", "max_rss_kib",
                   "lost events", "processes"], rows)
    low, high = quartiles(seconds["base"])
    section.notes.append(f"Bare builds: quartiles {low:.2f} to {high:.2f} s: a difference smaller than their spread is "
                         f"noise. Start-up (the agent's CPU time around `true`): {startup * 1000:.0f} ms, outside the "
                         "build's time. 32 MiB is the limit while recording. Actions of the agent, all rounds: "
                         f"{sum(len(r.get('actions') or []) for done in reports.values() for r in done)}.")
