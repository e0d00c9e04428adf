# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
"""A list of random reads past the page cache: the I/O engine beside a plain loop, fio, and io_uring with nothing around."""
import json
import os
import random
import struct

from harness import BenchError, Section, median, rotated, spread

FILE_BYTES = 4 << 30
BLOCK = 4096
OPERATIONS = 100000
DEPTH = 128
CHUNK_BLOCKS = 1024
SEED = 1


def write_file(path):
    """Each block starts with its offset, so that what was read can be told to be right."""
    space = os.statvfs(os.path.dirname(path))
    if space.f_bavail * space.f_frsize < FILE_BYTES + (1 << 30):
        raise BenchError("less than 5 GiB free")
    rest = os.urandom(BLOCK - 8)
    with open(path, "wb") as file:
        for first in range(0, FILE_BYTES, CHUNK_BLOCKS * BLOCK):
            file.write(b"".join(struct.pack("<Q", first + i * BLOCK) + rest for i in range(CHUNK_BLOCKS)))
        os.fsync(file.fileno())


def write_list(path, step):
    """Random blocks, none of them twice, as the program reads them."""
    offsets = random.Random(SEED).sample(range(0, FILE_BYTES, step), OPERATIONS)
    with open(path, "wb") as file:
        file.write(struct.pack(f"<{OPERATIONS}Q", *offsets))
    return offsets


def write_lists(folder, path):
    """Any blocks; and, the same operations for us and for fio, blocks no two of which touch: nothing is merged."""
    write_list(os.path.join(folder, "any"), BLOCK)
    offsets = write_list(os.path.join(folder, "apart"), 2 * BLOCK)
    with open(os.path.join(folder, "log"), "w", encoding="ascii") as file:
        file.write(f"fio version 2 iolog\n{path} add\n{path} open\n")
        file.writelines(f"{path} read {offset} {BLOCK}\n" for offset in offsets)
        file.write(f"{path} close\n")


class Reader:
    def __init__(self, bench):
        archive = os.path.join(bench.root, ".output/libaccel-io.a")
        if not os.path.exists(archive):
            raise BenchError(f"{archive}: not there; run 'make' first")
        self.program = bench.compile("iolist", ["-I", os.path.join(bench.root, "include"), archive, "-luring"])
        self.bench, self.path = bench, os.path.join(bench.folder, "data")
        self.chosen = ""
        write_file(self.path)
        write_lists(bench.folder, self.path)

    def iolist(self, how, which, depth=0):
        """Wall and CPU seconds."""
        output = self.bench.run([self.program, how, self.path, os.path.join(self.bench.folder, which), str(depth)])
        words = dict(line.split("=", 1) for line in output.replace(" seconds", "\nseconds")
                     .replace(" cpu_seconds", "\ncpu_seconds").splitlines())
        self.chosen = words.get("description", self.chosen) if how == "auto" else self.chosen
        return float(words["seconds"]), float(words["cpu_seconds"])

    def fio(self):
        output = self.bench.run(["fio", "--name=list", "--ioengine=io_uring", f"--iodepth={DEPTH}", "--direct=1",
                                 f"--read_iolog={os.path.join(self.bench.folder, 'log')}", "--output-format=json"])
        job = json.loads(output[output.index("{"):])["jobs"][0]
        if job["error"] or job["read"]["total_ios"] != OPERATIONS:
            raise BenchError(f"fio: error {job['error']}, {job['read']['total_ios']} operations")
        cpu = (job["usr_cpu"] + job["sys_cpu"]) / 100 * job["read"]["runtime"] / 1000
        return OPERATIONS / job["read"]["iops"], cpu


def measure(bench, rounds):
    bench.need("fio", "gcc")
    reader = Reader(bench)
    ways = {"pread": ("any: pread, one after another", lambda: reader.iolist("pread", "any")),
            "engine": ("any: engine", lambda: reader.iolist("auto", "any")),
            "unmerged": ("apart: engine", lambda: reader.iolist("auto", "apart")),
            "uring": (f"apart: engine, io_uring, depth {DEPTH}", lambda: reader.iolist("uring", "apart", DEPTH)),
            "threads": (f"apart: engine, threads, depth {DEPTH}", lambda: reader.iolist("threads", "apart", DEPTH)),
            "bare": (f"apart: liburing with nothing around it, depth {DEPTH}",
                     lambda: reader.iolist("bare", "apart", DEPTH)),
            "fio": (f"apart: fio, io_uring, depth {DEPTH}", reader.fio)}
    values = {name: [] for name in ways}
    for turn in range(rounds):
        for name in rotated(list(ways), turn):
            values[name].append(ways[name][1]())
    wall = {name: [v[0] for v in values[name]] for name in ways}
    cpu = {name: [v[1] / OPERATIONS * 1e6 for v in values[name]] for name in ways}
    section = Section("io", f"{OPERATIONS} random reads of {BLOCK} bytes in a list, O_DIRECT, of a file of "
                      f"{FILE_BYTES >> 30} GiB: any blocks, or such that no two touch (apart), which fio replays; "
                      f"{rounds} rounds in rotated order. The engine's last choice: {reader.chosen}.")
    section.at_least("any blocks: wall time, pread / engine",
                     median([p / e for p, e in zip(wall["pread"], wall["engine"])]), 5)
    section.at_least("apart: operations a second, engine / fio",
                     median([f / e for f, e in zip(wall["fio"], wall["unmerged"])]), 0.95)
    section.figure("apart: CPU time of the engine above that of a bare loop, an operation",
                   median([e - b for e, b in zip(cpu["uring"], cpu["bare"])]), 1, " µs")
    rate = {name: OPERATIONS / median(wall[name]) for name in ways}
    section.row("random reads of 4 KiB in a list", "operations/s", rate["unmerged"],
                {"fio, io_uring": rate["fio"]}, ("a bare io_uring loop", rate["bare"]), less=False, digits=0)
    section.row("the same, any blocks (some touch)", "operations/s", rate["engine"],
                {"pread, one after another": rate["pread"]}, ("a bare io_uring loop, none touch", rate["bare"]),
                less=False, digits=0)
    section.table(["way", "median s", "quartiles", "operations/s", "CPU µs an operation"],
                  [[title, f"{median(wall[name]):.3f}", spread(wall[name], 3),
                    f"{OPERATIONS / median(wall[name]):.0f}", f"{median(cpu[name]):.2f}"]
                   for name, (title, _) in ways.items()])
    return section
