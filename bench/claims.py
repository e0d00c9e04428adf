# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
"""What README claims, each with its row of the comparison: written there between two marks, by each run."""
import compare
from harness import BenchError

BEGIN, END = "<!-- claims: begin, written by bench/run -->", "<!-- claims: end -->"
HEAD = ["claim", "measured by", "agent", "best peer", "limit"]

# (claim, section, row)
CLAIMS = [
    ("gives a build back what neighbours take", "contend",
     "agent, the build as followed app: a build beside neighbours in the same session"),
    ("also where nice does not reach", "contend",
     "agent, the build as followed app: a build beside neighbours in another session"),
    ("is there before the app has begun to work", "place",
     "idle machine: from an app's exec until it runs in a group with more weight, p99"),
    ("says truly what a change brought", "effect",
     "what the report says that a weight brought a build beside neighbours"),
    ("keeps a build in memory beside a memory hog", "memory", "a build beside a memory hog (virtual machine)"),
    ("reads files ahead at the disk's pace", "warm", "20,000 cold files into memory"),
    ("does a list of reads as fast as the disk can", "io", "random reads of 4 KiB in a list"),
    ("halves a cold start that it has seen before", "cold", "cold start of clang, attached"),
    ("costs little where nothing is to be gained", "build",
     "a build that nothing holds back, agent, the build as followed app"),
    ("costs others next to nothing while it waits", "pipe",
     "the same, of somebody else, while the agent waits for an app"),
    ("starts soon", "start", "from exec until attached"),
    ("takes little memory", "footprint", "resident memory while it waits"),
]


def cells(claim, section, row):
    _, agent, peer, _, limit, _, standing = row["cells"]
    return [f"{claim} ({standing})", f"[{section}](bench/RESULTS.md#{section}): {row['what']}", agent, peer, limit]


def table(sections):
    """Markdown of the claims whose section was measured; sections as Section.data() has them."""
    rows = {section["section"]: {row["what"]: row for row in section["rows"]} for section in sections}
    lines = []
    for claim, section, what in CLAIMS:
        if section not in rows:
            continue
        if what not in rows[section]:
            raise BenchError(f"README's claim '{claim}' has no row '{what}' in {section}")
        lines.append(cells(claim, section, rows[section][what]))
    return compare.markdown([HEAD] + lines)


def write(path, sections):
    """Puts the table into README, which must have both marks."""
    with open(path, encoding="utf-8") as file:
        before, begin, rest = file.read().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise BenchError(f"{path}: the marks of the claims are missing")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"{before}{BEGIN}\n\n{table(sections)}\n{END}{after}")
