# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
"""Writes cpio archives of the kind that the kernel unpacks at boot; needs neither root nor cpio."""
import os
import stat
import subprocess


class Archive:
    """Files under the names that they will have in the virtual machine; several archives may follow one another."""

    def __init__(self, file):
        self.file, self.count, self.names = file, 0, set()

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
        for library in libraries(path):
            self.copy(library)


def libraries(path):
    """What the loader would map; nothing for a static program."""
    result = subprocess.run(["ldd", path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    found = []
    for line in result.stdout.splitlines() if result.returncode == 0 else []:
        words = [word for word in line.replace("=>", " ").split() if word.startswith("/")]
        if "not found" in line:
            raise OSError(f"{path}: {line.strip()}")
        found += words[-1:]
    return found
