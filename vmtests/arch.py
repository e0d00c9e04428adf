# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
"""The machines that can be booted, by Debian's names for their architectures, and what is different about each."""
import os
import typing

HERE = os.path.dirname(os.path.abspath(__file__))


class Machine(typing.NamedTuple):
    """One architecture, as QEMU and the kernel see it."""
    qemu: str  # emulates the whole machine
    package: str  # what scripts/deps.sh installs for qemu, as a group
    options: tuple  # of qemu: the board
    cpu: str  # what is emulated
    console: str  # the kernel's log; qemu's first serial port
    channel: str  # the script's output; the second one
    channel_options: tuple


MACHINES = {
    "amd64": Machine("qemu-system-x86_64", "vm", ("-machine", "q35"), "max", "ttyS0", "ttyS1",
                     ("-serial", "stdio")),
    # the board has one serial port; and signing each pointer as real hardware does takes half of all emulation
    "arm64": Machine("qemu-system-aarch64", "arm64", ("-machine", "virt"), "max,pauth-impdef=on",
                     "ttyAMA0", "ttyS0", ("-chardev", "stdio,id=channel", "-device", "pci-serial,chardev=channel")),
}
HOST = {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine, os.uname().machine)


def split(spec):
    """'6.12/arm64' in its two parts; without the second, this machine's architecture."""
    series, _, arch = spec.partition("/")
    return series, arch or HOST


def of_kernel(folder):
    """The architecture of a kernel that vmtests/fetch-kernel has unpacked: its release ends with it."""
    with open(os.path.join(folder, "release"), encoding="ascii") as file:
        return file.read().strip().rsplit("-", 1)[-1]


def output_folder(arch):
    """Where the Makefile puts what it builds."""
    return os.path.normpath(os.path.join(HERE, "../.output", "" if arch == HOST else arch))
