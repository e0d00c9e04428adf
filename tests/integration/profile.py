#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
"""Writes a profile, by the description of the format and not by the agent's code, and prints its id.

usage: profile.py FOLDER COMMAND PROGRAM DIRECTORY [KEY=NUMBER]... [FILE]...

KEY: uid, container, program_size, program_mtime_ns (all but the last two 0 unless given; these are the program's own, 0 if
there is none), runs, replays, unpaid, disabled, trials, rested, unlike, recorded_ns, replayed_at_ns, and cold_WHAT and
replayed_WHAT with WHAT one of wall_ns, waits_ns, cpu_ns, bytes. Each FILE is in the profile from its first to its last
page, with its size and time as they are.
"""
import os
import struct
import sys
import zlib

COST = ["wall_ns", "waits_ns", "cpu_ns", "bytes"]
HISTORY = (["runs", "replays", "unpaid", "disabled", "trials", "rested", "unlike", "zero"] +
           [f"{which}_{what}" for which in ("cold", "replayed") for what in COST] + ["recorded_ns", "replayed_at_ns"])
PAGE, PAGES_MAX = 4096, 65535
NEXT_BYTES, HEADER_BYTES = 8 * 16, 320


def id_of(key):
    """64-bit FNV-1a of the three strings with their NULs, and of the numbers."""
    ret = 0xcbf29ce484222325
    for byte in key:
        ret = (ret ^ byte) * 0x100000001b3 % (1 << 64)
    return ret


def main():
    folder, words, history, files = sys.argv[1], sys.argv[2:5], dict.fromkeys(HISTORY, 0), []
    program = os.stat(words[1]) if os.path.exists(words[1]) else None
    who = {"uid": 0, "container": 0, "program_size": program.st_size if program else 0,
           "program_mtime_ns": program.st_mtime_ns if program else 0}
    for word in sys.argv[5:]:
        name, _, value = word.partition("=")
        if name in history:
            history[name] = int(value)
        elif name in who:
            who[name] = int(value)
        else:
            files.append(os.fsencode(word))
    table, ranges, text = b"", b"", b""
    for index, path in enumerate(files):
        st = os.stat(path)
        table += struct.pack("<IIQq", len(text), 0, st.st_size, st.st_mtime_ns)
        text += path + b"\0"
        pages = -(-st.st_size // PAGE)
        for first in range(0, pages, PAGES_MAX):
            ranges += struct.pack("<IIHH", index, first, min(PAGES_MAX, pages - first), 1)
    key = b"".join(os.fsencode(word) + b"\0" for word in words)
    numbers = struct.pack("<IIQq", *who.values())
    profile_id = id_of(key + numbers)
    parts = table + ranges + text + key
    checked = struct.pack("<QQIIIII", HEADER_BYTES + len(parts), profile_id, len(table) // 24, len(ranges) // 12,
                          len(text), len(key), 0)
    checked += struct.pack("<IIIQq", who["uid"], who["container"], 0, who["program_size"], who["program_mtime_ns"])
    checked += struct.pack("<8I8Q2q", *(history[name] for name in HISTORY)) + bytes(NEXT_BYTES) + parts
    path = os.path.join(folder, f"{profile_id:016x}.profile")
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(b"accelprf" + struct.pack("<II", 2, zlib.crc32(checked)) + checked)
    print(f"{profile_id:016x}")


main()
