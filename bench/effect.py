# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
"""Whether the agent tells the truth about its own change: the weight of a build, beside neighbours and without them."""
import contextlib
import os
import signal
import time

from build import Build
from contend import effect_text, idle_build
from harness import BenchError, Section, median, quartiles, rotated, spread
from neighbours import PER_CPU, Hierarchy, autogroup, hogs, write

FILES_PER_CPU = 600  # about 30 s of an idle machine: measuring takes time
FILES_PER_CPU_IDLE = 200  # and so long that an agent that sees neighbours where there are none has measured
WITHIN = 0.20  # of the true effect
TRUTH_EVERY = 5  # rounds
TRUTHS_MIN = 3
GROUP = "accel-agent"  # how the names of the agent's groups begin
TITLES = {"contended": "neighbours, the agent free to act", "off": "neighbours, the default weight throughout",
          "on": "neighbours, the agent's weight throughout", "idle": "idle machine, the agent free to act"}


class Runs:
    """Builds under the agent: what each took, and what its report says."""

    def __init__(self, bench):
        self.bench, self.hierarchy = bench, Hierarchy()
        self.build = Build(bench, FILES_PER_CPU * os.cpu_count())
        self.build_idle = Build(bench, FILES_PER_CPU_IDLE * os.cpu_count())
        self.seconds = {name: [] for name in TITLES}
        self.rates = {name: [] for name in TITLES}
        self.actions = {name: [] for name in ("contended", "idle")}
        self.written = set()
        self.others = []

    def weight_action(self, report):
        """What the agent did about the weight of the build's own group, or None."""
        for action in report.get("actions") or []:
            if action["knob"] == self.hierarchy.knob and is_agents(action["target"]):
                return action
        return None

    def note(self, name, seconds, report):
        self.seconds[name].append(seconds)
        self.rates[name].append(report["thread_seconds"]["run"] / report["wall_seconds"])

    def contended(self):
        with hogs(self.bench, self.hierarchy, "cgroup"):
            seconds, report = self.build.launch()
        self.note("contended", seconds, report)
        self.actions["contended"].append(self.weight_action(report))

    def idle(self):
        (seconds, report), share = idle_build(self.build_idle.launch)
        self.note("idle", seconds, report)
        self.actions["idle"].append(self.weight_action(report))
        self.others.append(share)

    def truth(self):
        """The build with either weight from its start to its end, beside the same neighbours."""
        weights = self.weights()
        with hogs(self.bench, self.hierarchy, "cgroup"):
            for name in rotated(list(weights), len(self.rates["off"])):
                self.note(name, *self.held(weights[name]))

    def weights(self):
        """One beside what the agent would write: so it is somebody else's, whichever of the two is there just then."""
        made = [action for action in self.actions["contended"] if action and action["state"] != "refused"]
        if not made:
            raise BenchError("the agent did not change the weight of a build beside neighbours")
        return {"off": self.hierarchy.default + 1, "on": int(made[-1]["new"]) - 1}

    def held(self, weight):
        """A build whose weight somebody else wrote, so that the agent leaves it alone; all else is as always."""
        self.written.add(weight)
        path = self.bench.report_path()
        agent = self.bench.start(self.bench.launch_command(self.build.command, path), process_group=0)
        try:
            hold(agent, self.hierarchy.mount + find_group(self.hierarchy, agent), self.hierarchy.knob, str(weight))
        finally:
            self.end(agent)
        if agent.returncode:
            raise BenchError(f"the agent: exit status {agent.returncode}")
        report = self.build.check(path)
        if (self.weight_action(report) or {}).get("effect"):
            raise BenchError("the agent measured a weight that somebody else had changed")
        return self.build.seconds(), report

    def end(self, agent):
        """If it still runs, we were interrupted: then the build goes as well."""
        ended = agent.poll() is not None
        self.bench.stop(agent)
        if not ended:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(agent.pid, signal.SIGKILL)


def is_agents(group):
    return os.path.basename(group).startswith(GROUP)


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return file.read().split()


def find_group(hierarchy, agent):
    """The group that the agent made for its command, as a path below the mount."""
    end = time.monotonic() + 10
    while agent.poll() is None and time.monotonic() < end:
        with contextlib.suppress(OSError):  # a process may end while we look
            for group in map(hierarchy.group_of, children(agent.pid)):
                if is_agents(group):
                    return group
        time.sleep(0.002)
    raise BenchError("the agent made no control group for the build")


def hold(agent, group, knob, value):
    """Writes the value, and sees to it that it is there until the agent ends."""
    path = os.path.join(group, knob)
    write(path, value)
    while agent.poll() is None:
        with contextlib.suppress(OSError):  # the group goes before the agent
            with open(path, encoding="ascii") as file:
                present = file.read().strip()
            if present != value:
                raise BenchError(f"{knob}: {value} was to stay there, and now it is {present}")
        time.sleep(0.1)


def truths_in(turn, rounds):
    """How often the truth is measured in this round: in every fifth, more often if there are few."""
    truths = max(TRUTHS_MIN, rounds // TRUTH_EVERY)
    return (turn + 1) * truths // rounds - turn * truths // rounds


def measure(bench, rounds):
    runs = Runs(bench)
    runs.build.base()
    for turn in range(rounds):
        for run in rotated([runs.contended, runs.idle, runs.truth], turn):
            for _ in range(truths_in(turn, rounds) if run == runs.truth else 1):
                run()
    section = Section("effect", f"{runs.build.files} generated C files, `gcc -O1`, `make -j{os.cpu_count()}`, warm "
                      f"caches, in launch mode: beside {PER_CPU} processes per CPU that never wait, in another cgroup, "
                      f"and without them ({runs.build_idle.files} files); {rounds} rounds in rotated order. The agent measures the effect of its "
                      f"{runs.hierarchy.knob} by switchback, within one build. The true effect: the difference "
                      "between builds that have one weight throughout, because somebody else writes it at their "
                      "start and the agent leaves it alone then.")
    summarise(section, runs)
    return section


def percents(on, off):
    return [100 * (a / b - 1) for a, b in zip(on, off)]


def finds_real(action, true):
    """Whether a real effect was kept, and said as large as it is."""
    percent = ((action or {}).get("effect") or {}).get("percent")
    return percent is not None and action["state"] == "kept" and abs(percent - true) <= WITHIN * abs(true)


def refuses_false(action):
    """Whether nobody was told that a change helps where there is nothing to help with."""
    return not action or (action["effect"] or {}).get("verdict") != "helps"


def summarise(section, runs):
    on, off = runs.rates["on"], runs.rates["off"]
    true = 100 * (median(on) / median(off) - 1)
    right = {"contended": [finds_real(action, true) for action in runs.actions["contended"]],
             "idle": [refuses_false(action) for action in runs.actions["idle"]]}
    figures = {"contended": "contended: runs in which the weight was kept and its effect is within "
                            f"{100 * WITHIN:.0f} % of the true one",
               "idle": "idle machine: runs in which the change was not said to help"}
    for name, title in figures.items():
        count = len(right[name])
        section.check(title, f"{sum(right[name])} of {count}", f"{count} of {count}")
    said = [a["effect"]["percent"] for a in runs.actions["contended"]
            if a and (a["effect"] or {}).get("percent") is not None]
    if said:
        section.row("what the report says that a weight brought a build beside neighbours", "%", median(said),
                    "none says what its change did", ("measured from outside", true), digits=0)
    section.table(["what runs", "builds", "run per second", "quartiles", "seconds", "quartiles"],
                  [[title, len(runs.rates[name]), f"{median(runs.rates[name]):.2f}", spread(runs.rates[name]),
                    f"{median(runs.seconds[name]):.2f}", spread(runs.seconds[name])]
                   for name, title in TITLES.items()])
    section.table(["machine", "round", "seconds", "weight", "state", "effect as reported", "verdict", "/ true",
                   "as it should be"],
                  [[where, turn + 1, f"{runs.seconds[name][turn]:.2f}"] + cells(action, reference) +
                   [yes(right[name][turn])]
                   for name, where, reference in (("contended", "neighbours", true), ("idle", "idle", None))
                   for turn, action in enumerate(runs.actions[name])])
    low, high = quartiles(percents(on, off))
    section.notes.append(f"True effect: {true:+.0f} % (quartiles of the {len(on)} pairs of builds: {low:+.0f} to "
                         f"{high:+.0f}). Run per second: seconds that the app's threads ran / wall seconds, of the "
                         f"whole build. Weights written for it: {', '.join(map(str, sorted(runs.written)))}: one "
                         "beside the default and the agent's own, so that the agent sees that they are not its.")
    section.notes.append(f"Idle machine: others had {median(runs.others):.0f} % of its CPUs meanwhile (median; at most "
                         f"{max(runs.others):.0f} %); with more than a few, a weight may well help. cgroup "
                         f"{'v2' if runs.hierarchy.v2 else 'v1'}; the kernel parts the CPUs by session (autogroup): "
                         f"{yes(autogroup(runs.hierarchy))}.")


def yes(value):
    return "yes" if value else "no"


def cells(action, true):
    """What was done in one build, and what the report says came of it."""
    if not action:
        return ["not changed", "", "", "", ""]
    effect = action["effect"] or {}
    share = effect["percent"] / true if true and effect.get("percent") is not None else None
    return [f"{action['old']} -> {action['new']}", action["state"], effect_text(effect), effect.get("verdict", ""),
            "" if share is None else f"{share:.2f}"]
