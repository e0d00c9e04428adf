# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
"""profile_ranges.py FILE: what a profile holds, read without the agent's help: one line of its key, then one line a range, in
their order: first page, pages, seen, flags of the file, path (bytes other than plain ones as %XX)."""
import struct
import sys
import urllib.parse
import zlib

HEADER = struct.Struct("<8sIIQQ5I3IQq8I8Q2q")
NEXT_BYTES = 8 * 16


def main():
    data = open(sys.argv[1], "rb").read()
    (magic, version, checksum, size, _, nfiles, nranges, text_bytes, key_bytes, _, _, _, _,
     _, _, runs, _, _, _, _, _, _, _, cold_ns, *_) = HEADER.unpack_from(data)
    assert magic == b"accelprf" and version == 2 and size == len(data), (magic, version, size, len(data))
    assert checksum == zlib.crc32(data[16:]), "checksum"
    files_at = HEADER.size + NEXT_BYTES
    ranges_at = files_at + nfiles * 24
    text_at = ranges_at + nranges * 12
    key_at = text_at + text_bytes
    assert key_at + key_bytes == len(data), "length"
    command, program, directory, rest = data[key_at:].split(b"\0", 3)
    assert not rest
    print("key", runs, cold_ns, *(urllib.parse.quote(part) for part in (command, program, directory)))
    for i in range(nranges):
        index, page, pages, seen = struct.unpack_from("<IIHH", data, ranges_at + i * 12)
        path, flags, _, _ = struct.unpack_from("<IIQq", data, files_at + index * 24)
        name = data[text_at + path:key_at].split(b"\0", 1)[0]
        print(page, pages, seen, flags, urllib.parse.quote(name))


main()
