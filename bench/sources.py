# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
"""Debian source packages of this machine's suite: fetched once, by apt itself, as vmtests/debian.py does for packages
that are built already: lists and state are our own, the mirror and the keys are the machine's."""
import glob
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(HERE, "../vmtests"))

import arch  # noqa: E402 (the folder of the virtual machines must be on the path first)
import debian  # noqa: E402

CACHE = os.path.abspath(os.path.join(HERE, "../.cache/sources"))


def apt_get(*argv, folder=None):
    """apt-get as debian.apt() has it, but with lists of sources only: those of the suites there are large."""
    options = {"Dir::Etc::SourceList": os.path.join(CACHE, "sources.list"),
               "Dir::State::Lists": os.path.join(CACHE, "lists"),
               "Dir::Cache::pkgcache": "", "Dir::Cache::srcpkgcache": ""}
    words = [word for key, value in options.items() for word in ("-o", f"{key}={value}")]
    return debian.apt(arch.HOST, "apt-get", *words, "-qq", *argv, folder=folder)[0]


def update():
    """Fetches the lists of sources of this machine's suite."""
    suite = debian.codename()
    os.makedirs(os.path.join(CACHE, "lists/partial"), exist_ok=True)
    # without its security updates: a benchmark is better off with sources that change seldom
    lines = debian.source_lines([suite], [])
    debian.write_if_other(os.path.join(CACHE, "sources.list"), "".join("deb-src" + line.removeprefix("deb")
                                                                       for line in lines))
    if apt_get("update"):
        raise debian.DebianError("apt could not fetch the lists of sources")


def description(package):
    """The path of a package's .dsc, fetched with all that belongs to it unless it is here already."""
    folder = os.path.join(CACHE, package)
    if not glob.glob(os.path.join(folder, "*.dsc")):
        update()
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(folder + ".new", ignore_errors=True)
        debian.own_folder(folder + ".new")
        # apt checks what it fetched against the signed lists; the .dsc comes first, so it does not tell that all is here
        if apt_get("source", "--download-only", "--only-source", package, folder=folder + ".new"):
            raise debian.DebianError(f"apt could not download the sources of {package}")
        os.rename(folder + ".new", folder)
    found = glob.glob(os.path.join(folder, "*.dsc"))
    if len(found) != 1:
        raise debian.DebianError(f"{folder}: {len(found)} versions of {package}: remove all but one")
    return found[0]


def unpack(package, folder):
    """Unpacks a package to the folder, which must not exist, as its authors published it: Debian's patches would have
    it built with libraries and tools of Debian's. Returns its version."""
    try:
        path = description(package)
        # checks sizes and checksums as well
        subprocess.run(["dpkg-source", "--skip-patches", "--no-copy", "-x", path, folder], stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, check=True)
    except OSError as error:
        raise debian.DebianError(f"cannot unpack {package}: {error}") from error
    except subprocess.CalledProcessError as error:
        raise debian.DebianError(f"dpkg-source could not unpack {package}") from error
    return os.path.basename(path).removesuffix(".dsc").split("_", 1)[1]
