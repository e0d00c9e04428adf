# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
"""A build beside neighbours that compute: nothing done, nice, the agent, and the machine without the neighbours."""
import os
import resource

from build import Build
from harness import Section, median, rotated, spread, works
from neighbours import PER_CPU, PLACES, Hierarchy, autogroup, hogs

FILES_PER_CPU = 48  # about 2.5 s of an idle machine
TITLES = {"untuned": "nothing", "nice": "`nice -n -20`", "chrt": "`chrt --rr 1`", "systemd-run":
          "`systemd-run -p CPUWeight=10000`", "launch": "agent, launch mode",
          "app": "agent, the build as followed app"}
AGENTS = ("launch", "app")
PREFIXES = {"nice": ["nice", "-n", "-20"], "chrt": ["chrt", "--rr", "1"],
            # in the slice of the shell: elsewhere it would compete with others than the neighbours
            "systemd-run": ["systemd-run", "-q", "--scope", "--slice-inherit", "-p", "CPUWeight=10000", "--"]}


def variants(build):
    ret = {"untuned": build.base}
    for name, prefix in PREFIXES.items():
        if works(prefix):
            ret[name] = lambda prefix=prefix: build.base(prefix)
    ret.update({"launch": build.launch, "app": build.app})
    return ret


def busy_seconds():
    """CPU time that the machine has spent, and what of it was ours: children that were waited for."""
    with open("/proc/stat", encoding="ascii") as file:
        ticks = [int(field) for field in file.readline().split()[1:9]]
    user, nice, system, _, _, irq, softirq, steal = ticks
    ours = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK"), ours.ru_utime + ours.ru_stime


def idle_build(run):
    """What run() returns: the seconds of a build, and its report; and how much of the CPUs somebody else had meanwhile
    (or the host: steal), in percent."""
    before, ours_before = busy_seconds()
    result = run()
    after, ours_after = busy_seconds()
    others = after - before - (ours_after - ours_before)
    return result, max(0, 100 * others / (result[0] * os.cpu_count()))


def measure(bench, rounds):
    build = Build(bench, FILES_PER_CPU * os.cpu_count())
    hierarchy = Hierarchy()
    how = variants(build)
    seconds = {(place, name): [] for place in PLACES for name in how}
    reports = {(place, name): [] for place in PLACES for name in AGENTS}
    idle, others = [], []
    build.base()
    for turn in range(rounds):
        for place in rotated(["idle"] + list(PLACES), turn):
            if place == "idle":
                (value, _), share = idle_build(build.base)
                idle.append(value)
                others.append(share)
                continue
            with hogs(bench, hierarchy, place):
                for name in rotated(list(how), turn):
                    value, report = how[name]()
                    seconds[place, name].append(value)
                    if report:
                        reports[place, name].append(report)
    section = Section("contend", f"{build.files} generated C files, `gcc -O1`, `make -j{os.cpu_count()}`, warm caches, "
                      f"beside {PER_CPU} processes per CPU that never wait, by where those are; {rounds} rounds in "
                      "rotated order; each ratio is the median of the rounds' own.")
    summarise(section, how, seconds, idle, autogroup(hierarchy), reports)
    section.notes.append("Not measured: " + ("nothing" if len(how) == len(TITLES) else ", ".join(
        f"{title} (not there on this machine)" for name, title in TITLES.items() if name not in how)) + ".")
    section.notes.append(f"The idle machine: others had {median(others):.0f} % of its CPUs meanwhile (median; at most "
                         f"{max(others):.0f} %). With more than a few, none of this is a measurement.")
    describe(section, hierarchy, reports)
    return section


def ratios(values, others):
    return [a / b for a, b in zip(values, others)]


def reason(reports):
    """Why a real-time class may be faster, as the reports have it."""
    left = median([sum(b["impact_percent"] for b in r["bottlenecks"] if b["id"] == "cpu-neighbour") for r in reports])
    return (f"with its weight, the neighbours still took {left:.0f} % of the build's wall time; a real-time class goes "
            "before them whenever it wants to, and leaves them what the kernel keeps for them (5 %)")


def compare(section, how, seconds, idle, reports):
    """Each way to have the agent beside every other way."""
    for place, where in PLACES.items():
        for name in AGENTS:
            section.row(f"{TITLES[name]}: a build beside neighbours {where}", "s", median(seconds[place, name]),
                        {TITLES[peer]: median(seconds[place, peer]) for peer in how if peer not in AGENTS},
                        ("idle machine", median(idle)), reason(reports[place, name]))


def summarise(section, how, seconds, idle, parted, reports):
    compare(section, how, seconds, idle, reports)
    for name in AGENTS:
        title = TITLES[name]
        for place, where in PLACES.items():
            section.figure(f"{title}: neighbours {where}: seconds / idle machine's",
                           median(ratios(seconds[place, name], idle)), 1.20)
        section.figure(f"{title}: neighbours {PLACES['session']}: seconds / untuned",
                       median(ratios(seconds["session", name], seconds["session", "untuned"])), 0.35)
        for place, where in PLACES.items():
            section.below(f"{title}: neighbours {where}: seconds / nice's",
                          median(ratios(seconds[place, name], seconds[place, "nice"])), 1)
        ahead = f"nice's seconds / {title}: neighbours {PLACES['other session']}"
        if parted:
            section.at_least(ahead, median(ratios(seconds["other session", "nice"], seconds["other session", name])),
                             1.5)
        else:
            section.absent(ahead, "no autogroup here")
    rows = [["none", "nothing", f"{median(idle):.2f}", spread(idle), "1.00", "", ""]]
    for place, where in PLACES.items():
        for name in how:
            title, mine = TITLES[name], seconds[place, name]
            rows.append([where, title, f"{median(mine):.2f}", spread(mine), f"{median(ratios(mine, idle)):.2f}",
                         f"{median(ratios(mine, seconds[place, 'untuned'])):.2f}",
                         f"{median(ratios(mine, seconds[place, 'nice'])):.2f}"])
    section.table(["neighbours", "what is done", "seconds", "quartiles", "/ idle", "/ untuned", "/ nice"], rows)


def effect_text(effect):
    """One action's effect as its own report has it."""
    if not effect or effect.get("percent") is None:
        return "not measured"
    text = f"{effect['percent']:+.0f} %"
    if effect.get("low") is not None and effect.get("high") is not None:
        text += f" ({effect['low']:+.0f} to {effect['high']:+.0f})"
    return f"{text} in {effect.get('windows')} windows"


def action_texts(reports):
    """Each round's actions in a few words; the same words are counted."""
    counts = {}
    for report in reports:
        actions = [f"{a['knob']} {a['old']} -> {a['new']} {a['state']}, {effect_text(a.get('effect'))}"
                   for a in report.get("actions") or []]
        text = "; ".join(actions) or "no action"
        counts[text] = counts.get(text, 0) + 1
    return [text if count == 1 else f"{text} ({count} rounds)" for text, count in counts.items()]


def describe(section, hierarchy, reports):
    section.notes.append(f"Weights: cgroup {'v2' if hierarchy.v2 else 'v1'}, this benchmark in {hierarchy.own()}; the "
                         f"kernel parts the CPUs by session (autogroup): {'yes' if autogroup(hierarchy) else 'no'}. "
                         "The neighbours' own cgroup has the default weight. Actions of the agent and their effects "
                         "as its reports have them, a round each:")
    lines = []
    for (place, name), done in reports.items():
        processes = sorted(r["app"]["processes"] for r in done)
        lines.append(f"- {TITLES[name]}, neighbours {PLACES[place]} ({processes[0]} to {processes[-1]} processes): " +
                     " | ".join(action_texts(done)))
    section.notes.append("\n".join(lines))
