# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
"""pages.py evict PATH...: writes files and the files of trees to the disk, and drops them from the page cache.
pages.py missing PATH...: prints how many of their pages are not in the page cache, by mincore(2), and how many they are."""
import ctypes
import mmap
import os
import sys

PAGE = mmap.PAGESIZE
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_long]
libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
libc.mincore.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p]


def files(paths):
    for path in paths:
        if not os.path.isdir(path):
            yield path
        for folder, _, names in os.walk(path):
            for name in names:
                full = os.path.join(folder, name)
                if os.path.isfile(full) and not os.path.islink(full):
                    yield full


def evict(fd):
    os.fsync(fd)
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)


def missing(fd):
    size = os.fstat(fd).st_size
    if not size:
        return 0, 0
    there = ctypes.create_string_buffer((size + PAGE - 1) // PAGE)
    address = libc.mmap(None, size, mmap.PROT_READ, mmap.MAP_SHARED, fd, 0)
    if libc.mincore(address, size, there):
        raise OSError(ctypes.get_errno(), "mincore")
    libc.munmap(address, size)
    return sum(not byte & 1 for byte in there.raw), len(there.raw)


sums = [0, 0]
for name in files([os.fsencode(path) for path in sys.argv[2:]]):
    file = os.open(name, os.O_RDONLY)
    if sys.argv[1] == "evict":
        evict(file)
    else:
        sums = [a + b for a, b in zip(sums, missing(file))]
    os.close(file)
if sys.argv[1] == "missing":
    print(*sums)
