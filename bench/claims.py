# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
"""What README claims, each with its row of the comparison: written there between two marks, by each run."""
import compare
from harness import BenchError, replace

BEGIN, END = "<!-- claims: begin, written by bench/run -->", "<!-- claims: end -->"
HEAD = ["what it brings or costs", "measured by", "agent", "peers, the best one first", "limit"]

# (claim, section, row)
CLAIMS = [
    ("a build beside neighbours", "contend",
     "agent, the build as followed app: a build beside neighbours in the same session"),
    ("the same, where nice does not reach", "contend",
     "agent, the build as followed app: a build beside neighbours in another session"),
    ("how soon an app has its weight", "place",
     "idle machine: from an app's exec until it runs in a group with more weight, p99"),
    ("how true its word is", "effect", "what the report says that a weight brought a build beside neighbours"),
    ("a build beside a memory hog, start and end apart", "memory", "a build beside a memory hog (virtual machine), start and end apart"),
    ("files into memory", "warm", "20,000 cold files into memory"),
    ("a list of reads", "io", "random reads of 4 KiB in a list"),
    ("a cold start that it has seen before, and waits for", "cold", "cold start of clang, attached"),
    ("a cold start that it makes itself", "cold", "cold start of clang, launched"),
    ("a real build that nothing holds back, the agent's start included", "real", "lua5.4, warm build, 3 rounds"),
    ("a real build beside neighbours, the same", "real", "lua5.4, contended build, 2 rounds"),
    ("what it costs where nothing is to be gained", "build",
     "a build that nothing holds back, agent, the build as followed app (start and end apart)"),
    ("what it costs the app that it follows and tunes", "pipe",
     "a switch and its wake-up, twice, of the followed app, the agent free to act"),
    ("what it costs an app that it only watches", "pipe",
     "a switch and its wake-up, twice, of the followed app, only watched"),
    ("what it costs others while it waits", "pipe",
     "a switch and its wake-up, twice, of somebody else, while the agent waits for an app"),
    ("how soon it is there", "start", "from exec until attached"),
    ("memory", "footprint", "resident memory while it waits"),
]


def cells(claim, section, row):
    _, agent, peer, _, limit, _, standing = row["cells"]
    return [f"{claim} ({standing})", f"[{section}](bench/RESULTS.md#{section}): {row['what']}", agent,
            row["peers_text"] or peer, limit]


def table(sections):
    """Markdown of the claims whose section was measured; sections as Section.data() has them."""
    rows = {section["section"]: {row["what"]: row for row in section["rows"]} for section in sections}
    lines = []
    for claim, section, what in CLAIMS:
        if section not in rows:
            continue
        row = rows[section].get(what)
        lines.append(cells(claim, section, row) if row else [claim, f"{section}: {what}", "not measured here", "", ""])
    return compare.markdown([HEAD] + lines)


def write(path, sections):
    """Puts the table into README, which must have both marks."""
    with open(path, encoding="utf-8") as file:
        before, begin, rest = file.read().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise BenchError(f"{path}: the marks of the claims are missing")
    replace(path, f"{before}{BEGIN}\n\n{table(sections)}\n{END}{after}")
