# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
"""Writes cpio archives of the kind that the kernel unpacks at boot; needs neither root nor cpio."""
import glob
import os
import re
import stat
import subprocess


class Archive:
    """
    Files under the names that they will have in the virtual machine; several archives may follow one another. With a
    root (vmtests/sysroot), programs are of that system's architecture, and find their libraries there.
    """

    def __init__(self, file, root=None):
        self.file, self.count, self.names, self.root = file, 0, set(), root

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.entry("TRAILER!!!", 0, b"")

    def entry(self, name, mode, data, device=(0, 0)):
        self.count += 1
        label = name.encode() + b"\0"
        fields = (self.count, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(label), 0)
        head = b"070701" + b"".join(b"%08X" % field for field in fields) + label
        self.file.write(head + b"\0" * (-len(head) % 4) + data + b"\0" * (-len(data) % 4))

    def parents(self, name):
        folder = os.path.dirname(name)
        if folder and folder not in self.names:
            self.parents(folder)
            self.folder(folder)

    def folder(self, name):
        self.names.add(name)
        self.entry(name, stat.S_IFDIR | 0o755, b"")

    def device(self, name, major, minor):
        self.parents(name)
        self.entry(name, stat.S_IFCHR | 0o600, b"", (major, minor))

    def link(self, name, target):
        self.parents(name)
        self.names.add(name)
        self.entry(name, stat.S_IFLNK | 0o777, target.encode())

    def data(self, name, data, mode=0o644):
        name = name.lstrip("/")
        if name in self.names:
            return
        self.parents(name)
        self.names.add(name)
        self.entry(name, stat.S_IFREG | mode, data)

    def copy(self, path, name=None):
        """A file with its mode; through a symbolic link, what that leads to."""
        with open(path, "rb") as file:
            self.data(name or os.path.abspath(path), file.read(), stat.S_IMODE(os.stat(path).st_mode))

    def program(self, path, name=None):
        """A program, and the shared libraries that it needs, where its loader will look for them."""
        self.copy(path, name)
        for library, label in libraries(path, self.root):
            self.copy(library, label)


def libraries(path, root=None):
    """What the loader would map, [(path, path in the virtual machine)]; nothing for a static program."""
    if root:
        return [(name, os.path.join("/", os.path.relpath(name, root))) for name in needed(path, root)]
    result = subprocess.run(["ldd", path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    found = []
    for line in result.stdout.splitlines() if result.returncode == 0 else []:
        words = [word for word in line.replace("=>", " ").split() if word.startswith("/")]
        if "not found" in line:
            raise OSError(f"{path}: {line.strip()}")
        found += [(word, word) for word in words[-1:]]
    return found


def needed(path, root):
    """The same for a program whose loader does not run on this machine: from what it says itself."""
    found, todo = [], [path]
    while todo:
        text = subprocess.run(["readelf", "--wide", "--program-headers", "--dynamic", todo.pop()],
                              stdout=subprocess.PIPE, check=True, text=True).stdout
        for name in re.findall(r"program interpreter: (\S+)\]|\(NEEDED\).*\[(\S+)\]", text):
            places = [root + name[0]] if name[0] else glob.glob(f"{root}/lib/*-linux-gnu/{name[1]}") + \
                glob.glob(f"{root}/usr/lib/*-linux-gnu/{name[1]}") + glob.glob(f"{root}/lib/{name[1]}")
            places = [place for place in places if os.path.exists(place)]
            if not places:
                raise OSError(f"{path}: {''.join(name)} is not in {root}")
            if places[0] not in found:
                found.append(places[0])
                todo.append(places[0])
    return found
