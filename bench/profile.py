# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
"""A profile of 1,000,000 ranges over 20,000 files: how large it is and how long it takes to load, beside JSON."""
import os

from harness import BenchError, Section, median, rotated, spread

RANGES = 1000000


def values(text):
    """What a driver prints: name=number lines."""
    return {name: float(value) for name, value in (line.split("=") for line in text.splitlines())}


def forget_cached(path):
    """The file's pages leave the page cache, so that the next load has to read the disk."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(fd)


def measure(bench, rounds):
    build = os.path.dirname(bench.agent_path)
    driver = bench.compile("profile", ["-I" + os.path.join(bench.root, "agent"),
                                       os.path.join(build, "release", "libagent.a"), "-ljansson", "-lz", "-lm"])
    folder = os.path.join(bench.folder, "profiles")
    json_path, arrays_path = (os.path.join(bench.folder, name) for name in ("profile.json", "arrays.json"))
    bench.run([driver, "make", folder, json_path, arrays_path])
    names = [name for name in os.listdir(folder) if name.endswith(".profile")]
    if len(names) != 1:
        raise BenchError(f"{folder}: one profile expected, found {names}")
    profile = os.path.join(folder, names[0])
    sizes = {name: os.path.getsize(path) for name, path in
             (("profile", profile), ("json", json_path), ("arrays", arrays_path))}
    variants = {"profile": ["load", folder], "profile, not in memory": ["load", folder], "json": ["json", json_path],
                "arrays": ["json", arrays_path], "merge": ["merge", folder], "plan": ["plan", folder],
                "write": ["write", folder], "read": ["read", profile]}
    runs = {name: [] for name in variants}
    for turn in range(rounds):
        for name in rotated(list(variants), turn):
            if name == "profile, not in memory":
                forget_cached(profile)
            result = values(bench.run([driver] + variants[name]))
            if name not in ("merge", "read") and result["ranges"] != RANGES:
                raise BenchError(f"{name}: {result['ranges']:.0f} ranges")
            runs[name].append(result)
    section = Section("profile", f"A profile of {RANGES} ranges over 20,000 files: loaded (read, checked, ready to use) "
                      f"by a process of its own each time, and the same data as JSON, loaded by jansson; {rounds} rounds "
                      "in rotated order.")
    summarise(section, runs, sizes)
    return section


def summarise(section, runs, sizes):
    ms = {name: [r["ms"] for r in done] for name, done in runs.items()}
    rss = {name: max(r["max_rss_kib"] for r in done) / 1024 for name, done in runs.items() if "max_rss_kib" in done[0]}
    section.figure("load", median(ms["profile"]), 50, " ms", 1)
    section.figure("load, from the disk", median(ms["profile, not in memory"]), 50, " ms", 1)
    section.figure("memory of the process that loads it", rss["profile"], 64, " MiB", 1)
    section.figure("plan of a replay", median(ms["plan"]), 300, " ms", 1)
    section.figure("memory of the process that makes it", rss["plan"], 64, " MiB", 1)
    section.figure("memory of the process that merges it with a run of as many ranges", rss["merge"], 64, " MiB", 1)
    section.below("size / size as JSON", sizes["profile"] / sizes["json"], 1 / 3)
    section.at_least("time to load JSON / time to load the profile", median(
        [a / b for a, b in zip(ms["json"], ms["profile"])]), 10, 1)
    section.row("loading a profile of 1,000,000 ranges", "ms", median(ms["profile"]),
                {"jansson, an object a range": median(ms["json"]), "jansson, an array a range": median(ms["arrays"])},
                ("its bytes are read", median(ms["read"])), digits=1)
    section.row("size of it", "MiB", sizes["profile"] / 2**20,
                {"JSON, an object a range": sizes["json"] / 2**20, "JSON, an array a range": sizes["arrays"] / 2**20},
                "not known", digits=1)
    section.table(["what", "MiB", "ms", "quartiles", "process, MiB"], [
        ["profile", f"{sizes['profile'] / 2**20:.1f}", f"{median(ms['profile']):.1f}", spread(ms["profile"]),
         f"{rss['profile']:.1f}"],
        ["profile, from the disk", "", f"{median(ms['profile, not in memory']):.1f}",
         spread(ms["profile, not in memory"]), f"{rss['profile, not in memory']:.1f}"],
        ["JSON, an object a range", f"{sizes['json'] / 2**20:.1f}", f"{median(ms['json']):.1f}", spread(ms["json"]),
         f"{rss['json']:.1f}"],
        ["JSON, an array a range", f"{sizes['arrays'] / 2**20:.1f}", f"{median(ms['arrays']):.1f}",
         spread(ms["arrays"]), f"{rss['arrays']:.1f}"],
        ["planning a replay of it", "", f"{median(ms['plan']):.1f}", spread(ms["plan"]), f"{rss['plan']:.1f}"],
        ["writing the profile, fsync included", "", f"{median(ms['write']):.1f}", spread(ms["write"]), ""],
        ["merging it with a run of as many ranges", "", f"{median(ms['merge']):.1f}", spread(ms["merge"]),
         f"{rss['merge']:.1f}"]])
    section.notes.append("JSON with an object a range is what the agent's reports look like; with arrays it is as short "
                         f"as JSON gets: the profile has {sizes['profile'] / sizes['arrays']:.2f} of that size.")
    section.notes.append("Memory is all that the process has resident at its peak, the profile, the run and what becomes "
                         "of both included.")
