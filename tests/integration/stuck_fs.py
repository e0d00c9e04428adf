#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
"""A FUSE file system that can hang, spoken without a library: one file "f" of 64 pages.

usage: stuck_fs.py FOLDER SWITCH

Mounts itself at FOLDER and says "ready". While the file SWITCH exists, reads are never answered. Exit status 77: it
cannot be mounted here.
"""
import ctypes
import os
import stat
import struct
import sys

LOOKUP, FORGET, GETATTR, OPEN, READ, STATFS, RELEASE, FLUSH, INIT, INTERRUPT, BATCH_FORGET = \
    1, 2, 3, 14, 15, 17, 18, 25, 26, 36, 42
ROOT, FILE = 1, 2
BYTES = 64 * 4096
VALID_S = 3600
KEEP_CACHE = 2
ENOENT, ENOSYS = 2, 38


def attributes(node):
    mode, size = (stat.S_IFDIR | 0o755, 0) if node == ROOT else (stat.S_IFREG | 0o644, BYTES)
    return struct.pack("=6Q10I", node, size, size // 512, 1, 1, 1, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)


def answer(opcode, node, body):
    """What to say: bytes, a number of an error, or None for nothing."""
    if opcode == INIT:
        return struct.pack("=4I2H2I2H8I", 7, 31, 131072, 0, 12, 10, 65536, 1, 32, 0, *[0] * 8)
    if opcode == LOOKUP:
        if body.rstrip(b"\0") != b"f":
            return ENOENT
        return struct.pack("=4Q2I", FILE, 1, VALID_S, VALID_S, 0, 0) + attributes(FILE)
    if opcode == GETATTR:
        return struct.pack("=Q2I", VALID_S, 0, 0) + attributes(node)
    if opcode == OPEN:
        return struct.pack("=Q2I", 1, KEEP_CACHE, 0)
    if opcode == READ:
        _, offset, size = struct.unpack_from("=2QI", body)
        return None if os.path.exists(sys.argv[2]) else b"x" * max(0, min(size, BYTES - offset))
    if opcode == STATFS:
        return struct.pack("=5Q6I", 1000, 500, 500, 100, 50, 4096, 255, 4096, 0, 0, 0) + b"\0" * 16
    if opcode in (FORGET, BATCH_FORGET, INTERRUPT):
        return None
    return b"" if opcode in (RELEASE, FLUSH) else ENOSYS


def main():
    fuse = os.open("/dev/fuse", os.O_RDWR)
    data = f"fd={fuse},rootmode=40000,user_id={os.getuid()},group_id={os.getgid()}"
    if ctypes.CDLL(None).mount(b"stuck", sys.argv[1].encode(), b"fuse.stuck", 0, data.encode()):
        sys.exit(77)
    print("ready", flush=True)
    while True:
        request = os.read(fuse, 1 << 20)
        _, opcode, unique, node = struct.unpack_from("=2I2Q", request)
        reply = answer(opcode, node, request[40:])
        error, body = (-reply, b"") if isinstance(reply, int) else (0, reply)
        if reply is not None:
            os.write(fuse, struct.pack("=IiQ", 16 + len(body), error, unique) + body)


try:
    main()
except OSError as e:  # ENODEV: it was unmounted
    sys.exit(0 if e.errno == 19 else f"stuck_fs.py: {e}" if e.errno != ENOENT else 77)
