# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
"""A tree of small files into the page cache, all caches dropped before: `accel-agent warm` beside other ways."""
import ctypes
import json
import mmap
import os
import random
import resource
import subprocess
import time

from harness import BenchError, Section, median, rotated, spread

FILES, FOLDERS, TOTAL_BYTES = 20000, 200, 640 << 20
READERS, FILES_A_READER = 32, 40
PAGE = mmap.PAGESIZE


def sizes():
    """Most are small and a few are large, as in a source tree; the same each time."""
    source = random.Random(4)
    weights = [source.lognormvariate(0, 1) for _ in range(FILES)]
    scale = TOTAL_BYTES / sum(weights)
    return [max(1, int(weight * scale)) for weight in weights]


def make_tree(bench):
    """Folder by folder, as an archive is unpacked. No zeroes, no two files alike."""
    room = os.statvfs(bench.folder)
    if room.f_bavail * room.f_frsize < 4 * TOTAL_BYTES:
        raise BenchError(f"{bench.folder}: not enough room")
    root = os.path.join(bench.folder, "tree")
    noise = os.urandom(8 << 20)
    total = 0
    for i, size in enumerate(sizes()):
        folder = os.path.join(root, f"d{i * FOLDERS // FILES:03}")
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, f"f{i:05}"), "wb") as file:
            start = i * 331 % (len(noise) // 2)
            file.write(noise[start:start + min(size, len(noise) // 2)])
            total += min(size, len(noise) // 2)
    subprocess.run(["sync"], check=True)
    return root, total


def one_piece(bench, size):
    """A file of that size, laid out before anything is measured."""
    path = os.path.join(bench.folder, "piece")
    noise = os.urandom(8 << 20)
    with open(path, "wb") as file:
        for at in range(0, size, len(noise)):
            file.write(noise[:size - at])
        os.fsync(file.fileno())
    return path


def fio(bench, path):
    """The disk's own limit: seconds that fio reads for, its start apart, and CPU seconds."""
    output = bench.run(["fio", "--name=limit", "--rw=read", "--bs=1M", "--ioengine=io_uring", "--iodepth=32", "--direct=1",
                        f"--filename={path}", "--output-format=json"])
    job = json.loads(output[output.index("{"):])["jobs"][0]
    seconds = job["read"]["runtime"] / 1000
    return seconds, (job["usr_cpu"] + job["sys_cpu"]) / 100 * seconds


def drop_caches():
    subprocess.run(["sync"], check=True)
    with open("/proc/sys/vm/drop_caches", "w", encoding="ascii") as file:
        file.write("3")


def missing_pages(root):
    """Pages of the tree that are not in memory, by mincore(2)."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_long]
    libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    libc.mincore.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p]
    missing = 0
    for folder, _, names in os.walk(root):
        for name in names:
            fd = os.open(os.path.join(folder, name), os.O_RDONLY)
            size = os.fstat(fd).st_size
            pages = (size + PAGE - 1) // PAGE
            there = ctypes.create_string_buffer(pages)
            address = libc.mmap(None, size, mmap.PROT_READ, mmap.MAP_SHARED, fd, 0)
            if libc.mincore(address, size, there):
                raise BenchError(f"mincore: {os.strerror(ctypes.get_errno())}")
            missing += sum(not byte & 1 for byte in there.raw)
            libc.munmap(address, size)
            os.close(fd)
    return missing


def run(bench, argv):
    """Seconds, and CPU seconds of the command and of what it started."""
    drop_caches()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    bench.run(argv)
    seconds = time.monotonic() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(bench, rounds):
    bench.need("vmtouch", "xargs", "find", "cat")
    root, total = make_tree(bench)
    find = f"find {root} -type f -print0 | xargs -0"
    variants = {
        "warm": ("`accel-agent warm`", [bench.agent_path, "warm", "-q", root]),
        "vmtouch": ("`vmtouch -t`", ["vmtouch", "-q", "-t", root]),
        "cat": ("one `cat`", ["sh", "-c", f"{find} cat >/dev/null"]),
        "readers": (f"{READERS} parallel `cat`",
                    ["sh", "-c", f"{find} -P{READERS} -n{FILES_A_READER} cat >/dev/null"]),
    }
    if bench.has("fio"):
        variants["fio"] = ("fio, the same bytes in one piece, O_DIRECT", one_piece(bench, total))
    values = {name: [] for name in variants}
    missing = 0
    for turn in range(rounds):
        for name in rotated(list(variants), turn):
            values[name].append((fio if name == "fio" else run)(bench, variants[name][1]))
            if name == "warm":
                missing += missing_pages(root)
    section = Section("warm", f"{FILES:,} files, {total / (1 << 20):.0f} MiB, in {FOLDERS} folders, read into the page "
                      f"cache; page cache, inodes and directory entries dropped before each; {rounds} rounds in "
                      "rotated order. Ratio: warm's seconds against the other one's in the same round.")
    summarise(section, variants, values, missing, total)
    return section


def summarise(section, variants, values, missing, total):
    rows, ratios = [], {}
    for name, (title, _) in variants.items():
        seconds = [value[0] for value in values[name]]
        ratios[name] = [warm[0] / other for warm, other in zip(values["warm"], seconds)]
        rows.append([title, f"{median(seconds):.2f}", spread(seconds), f"{total / median(seconds) / (1 << 20):.0f}",
                     f"{median([value[1] for value in values[name]]):.2f}", f"{median(ratios[name]):.2f}",
                     spread(ratios[name])])
    section.figure("warm / `vmtouch -t`", median(ratios["vmtouch"]), 0.45)
    section.figure("warm / one `cat`", median(ratios["cat"]), 0.40)
    section.figure(f"warm / {READERS} parallel readers", median(ratios["readers"]), 1)
    section.figure("pages not in memory after warm", missing * PAGE * 100 / (total * len(values["warm"])), 1, " %")
    middle = {name: median([value[0] for value in values[name]]) for name in variants}
    limit = ("fio, the same bytes in one piece", middle["fio"]) if "fio" in middle else "fio is missing"
    section.row("20,000 cold files into memory", "s", middle["warm"],
                {variants[name][0]: middle[name] for name in ("vmtouch", "cat", "readers")}, limit)
    section.notes.append("The kernel may reclaim cold pages at any time (DAMON, on some machines), also what was just "
                         "read.")
    section.table(["what reads", "seconds", "quartiles", "MiB/s", "CPU seconds", "ratio", "quartiles"], rows)
