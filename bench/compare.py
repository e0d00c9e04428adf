# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
"""The agent beside its best peer and beside the physical limit: rows, and whether the agent is ahead in them."""

HEAD = ["what", "agent", "best peer", "agent / peer", "limit", "agent / limit", ""]
LEVEL = 0.02  # medians that differ by less are level, and so are those of which nothing is left in the digits shown
AHEAD, EVEN, BEHIND, ALONE = "ahead", "level", "**behind**", "no peer"


class Row:
    """See Section.row."""

    def __init__(self, what, unit, agent, peers, limit, reason, less, digits):
        self.what, self.unit, self.agent, self.peers, self.limit = what, unit, agent, peers, limit
        self.reason, self.less, self.digits = reason, less, digits

    def best(self):
        """(name, value) of the best peer, or None."""
        if isinstance(self.peers, str) or not self.peers:
            return None
        pick = min if self.less else max
        return pick(self.peers.items(), key=lambda item: item[1])

    def standing(self):
        best = self.best()
        if best is None:
            return ALONE
        if abs(self.agent - best[1]) <= LEVEL * abs(best[1]) or self.vanish(self.agent, best[1]):
            return EVEN
        if (self.agent < best[1]) == self.less:
            return AHEAD
        return EVEN if self.at_limit() else BEHIND

    def vanish(self, *values):
        return all(round(value, self.digits) == 0 for value in values)

    def at_limit(self):
        """Whether nothing is left to gain: a peer that is still ahead is so by chance."""
        if isinstance(self.limit, str):
            return False
        far = self.agent - self.limit[1] if self.less else self.limit[1] - self.agent
        return far <= LEVEL * self.limit[1]

    def why(self):
        return "within 2 % of what was measured as the limit" if self.at_limit() else self.reason

    def value(self, number):
        return f"{number:.{self.digits}f} {self.unit}".rstrip()

    def cells(self):
        best = self.best()
        peer = [f"{best[0]}: {self.value(best[1])}", ratio(self.agent, best[1])] if best else [self.peers or "none", ""]
        limit = [self.limit, ""] if isinstance(self.limit, str) else \
            [f"{self.limit[0]}: {self.value(self.limit[1])}", ratio(self.agent, self.limit[1])]
        return [self.what, self.value(self.agent)] + peer + limit + [self.standing()]

    def data(self):
        """As an object of JSON."""
        named = None if isinstance(self.limit, str) else {"name": self.limit[0], "value": self.limit[1]}
        by_value = sorted({} if isinstance(self.peers, str) else self.peers.items(), key=lambda item: item[1],
                          reverse=not self.less)
        return {"what": self.what, "unit": self.unit, "less_is_better": self.less, "agent": self.agent,
                "peers_text": ", ".join(f"{name}: {self.value(value)}" for name, value in by_value),
                "peers": {} if isinstance(self.peers, str) else self.peers, "limit": named,
                "standing": self.standing().strip("*"), "reason": self.why(), "cells": self.cells()}


def ratio(over, under):
    return f"{over / under:.2f}" if under else ""


def table(rows):
    """Lines for a section, the head first."""
    return [HEAD] + [row.cells() for row in rows]


def summary(sections):
    """Markdown of all rows of all sections (as Section.data() has them): those in which the agent is not ahead first,
    with the reason."""
    rows = [(section["section"], row) for section in sections for row in section["rows"]]
    behind, even, ahead, alone = ([(name, row) for name, row in rows if row["standing"] == standing]
                                  for standing in (BEHIND.strip("*"), EVEN, AHEAD, ALONE))
    parts = [f"Of {len(rows)} rows, the agent is ahead of every peer in {len(ahead)}, level with the best (within 2 %, or "
             f"both 0 in the digits shown, or at the limit) in {len(even)}, behind it in {len(behind)}; {len(alone)} have no peer. Rows compare medians of "
             "all rounds, so their ratios differ a little from the medians of the rounds' own ratios in the sections.\n"]
    missed = [(section["section"], f["name"]) for section in sections for f in section["figures"]
              if f["verdict"] == "MISSED"]
    parts.append(f"Figures beyond what the project asks of itself ({len(missed)}): " +
                 ("; ".join(f"{section}: {name}" for section, name in missed) or "none") + ".\n")
    behind.sort(key=lambda item: behind_by(item[1]), reverse=True)
    parts += block("Not ahead", behind + even, reasons=True) + block("Ahead", ahead) + block("Without a peer", alone)
    return "\n".join(parts)


def behind_by(row):
    """How many times its best peer the agent takes."""
    best = (min if row["less_is_better"] else max)(row["peers"].values())
    over, under = (row["agent"], best) if row["less_is_better"] else (best, row["agent"])
    return over / under if under else float("inf")


def block(title, rows, reasons=False):
    """One table, or nothing."""
    if not rows:
        return []
    lines = [["section"] + HEAD + ["why"] * reasons]
    lines += [[f"[{name}](#{name})"] + row["cells"] + [row["reason"] or "not known"] * reasons for name, row in rows]
    return [f"## {title}\n", markdown(lines)]


def markdown(lines):
    """A table, its head first."""
    widths = [max(len(row[i]) for row in lines) for i in range(len(lines[0]))]
    text = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |" for row in lines]
    text.insert(1, "| " + " | ".join("-" * width for width in widths) + " |")
    return "\n".join(text) + "\n"
