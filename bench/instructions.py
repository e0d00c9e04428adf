#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
"""Counts the instructions of what the agent computes by itself, and compares them with bench/instructions.txt.

usage: bench/instructions.py [--write]

They are counted by callgrind, and depend on the compiler and the C library, but not on the machine or on what else runs
there. A part that takes over a tenth more than what was noted has become slower, and fails; one that takes a tenth less
should be noted. --write notes what is seen. Exit status: 0 all as noted, 1 something is not, 2 nothing can be counted.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
NOTED = os.path.join(HERE, "instructions.txt")
PARTS = ("ledger", "detect", "text", "json", "effect", "ratio", "merge", "plan")
MORE = 0.10


def fail(text):
    print(f"instructions: {text}", file=sys.stderr)
    sys.exit(2)


def count(driver, part, folder):
    """Instructions of one part, its input included, the program's start not."""
    output = os.path.join(folder, "out")
    result = subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={output}",
                             f"--toggle-collect=run_{part}", driver, part], stdout=subprocess.DEVNULL,
                            stderr=subprocess.PIPE, text=True, check=False)
    match = re.search(r"Collected : (\d+)", result.stderr)
    if result.returncode or not match or match.group(1) == "0":
        fail(f"{part}: {result.stderr.strip().splitlines()[-1] if result.stderr else 'nothing was counted'}")
    return int(match.group(1))


def read_noted():
    try:
        with open(NOTED, encoding="ascii") as file:
            rows = [line.split() for line in file if not line.startswith("#")]
        return {name: int(number) for name, number in rows}
    except OSError:
        return {}


def write_noted(found):
    with open(NOTED, "w", encoding="ascii") as file:
        file.write("# Instructions of the pure parts, with the input of bench/pure.c; written by bench/instructions.py "
                   "--write\n")
        file.writelines(f"{name} {number}\n" for name, number in found.items())


def main():
    if sys.argv[1:] not in ([], ["--write"]):
        fail("usage: bench/instructions.py [--write]")
    driver = os.environ.get("PURE", os.path.join(HERE, "../.output/bench/pure"))
    if not os.access(driver, os.X_OK):
        fail(f"{driver}: not there; run make bench-instructions")
    if not shutil.which("valgrind"):
        fail("valgrind is missing (Debian package valgrind)")
    noted, failed = read_noted(), False
    with tempfile.TemporaryDirectory(prefix="instructions.") as folder:
        found = {part: count(driver, part, folder) for part in PARTS}
    for part, number in found.items():
        before = noted.get(part)
        change = number / before - 1 if before else None
        if before is None:
            text, bad = "not noted", True
        else:
            bad = change > MORE
            text = f"noted {before:,}, {change:+.1%}" + (": SLOWER" if bad else ": note it" if change < -MORE else "")
        failed = failed or bad
        print(f"{part:8} {number:>14,}  {text}")
    if "--write" in sys.argv:
        write_noted(found)
        return 0
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
