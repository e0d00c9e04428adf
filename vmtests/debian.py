# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
"""Packages from Debian's suites through apt itself, with lists and state of our own: the machine's stay as they are.

The mirror is the one that the machine's own apt uses ($VMTEST_MIRROR names another), the keys are the system's, and apt
checks the signatures: nothing is unpacked that it did not accept.
"""
import functools
import os
import re
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
CACHE = os.path.abspath(os.environ.get("VMTEST_CACHE") or os.path.join(HERE, "../.cache/vmtests"))
KEYRINGS = ("/usr/share/keyrings/debian-archive-keyring.gpg", "/usr/share/keyrings/debian-archive-keyring.pgp")

# Where kernels are: a suite that the mirror no longer has costs a warning, not the run.
SUITES = ("bullseye", "bookworm", "bookworm-backports", "trixie", "trixie-backports", "sid")
SECURITY_SUITES = ("bullseye-security", "bookworm-security", "trixie-security")
LISTS_LAST_SECONDS = 24 * 3600


class DebianError(Exception):
    """The packages cannot be had; the text says why."""


def say(text):
    print(f"vmtests: {text}", file=sys.stderr, flush=True)


def mirrors():
    """The machine's Debian mirror, and its mirror of the security suites (None if it has none)."""
    named = os.environ.get("VMTEST_MIRROR")
    if named:
        return named, os.environ.get("VMTEST_SECURITY_MIRROR")
    try:
        text = subprocess.run(["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"],
                              stdout=subprocess.PIPE, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise DebianError(f"cannot ask apt for this machine's mirror: {error}") from error
    found = {}
    for uri in text.split():
        kind = uri.rstrip("/").rsplit("/", 1)[-1]
        found.setdefault(kind, uri.rstrip("/"))
    if "debian" not in found:
        raise DebianError("no Debian mirror among this machine's apt sources; name one in VMTEST_MIRROR")
    return found["debian"], found.get("debian-security")


def keyring():
    for path in KEYRINGS:
        if os.path.exists(path):
            return path
    raise DebianError("no Debian archive keys on this machine (package debian-archive-keyring)")


def source_lines(suites=SUITES, security_suites=SECURITY_SUITES):
    main, security = mirrors()
    pairs = [(main, suite) for suite in suites]
    if security:
        pairs += [(security, suite) for suite in security_suites]
    return [f"deb [signed-by={keyring()}] {uri} {suite} main\n" for uri, suite in pairs]


@functools.lru_cache
def configuration():
    """Writes the apt configuration and the sources, and returns the configuration's path."""
    base = os.path.join(CACHE, "apt")
    for name in ("lists/partial", "archives/partial", "empty.d"):
        os.makedirs(os.path.join(base, name), exist_ok=True)
    write_if_other(os.path.join(base, "sources.list"), "".join(source_lines()))
    write_if_other(os.path.join(base, "status"), "")
    path = os.path.join(base, "apt.conf")
    write_if_other(path, "".join(f'{key} "{value}";\n' for key, value in {
        "Dir::Etc::SourceList": os.path.join(base, "sources.list"),
        "Dir::Etc::SourceParts": os.path.join(base, "empty.d"),
        "Dir::Etc::Preferences": "/dev/null",
        "Dir::Etc::PreferencesParts": os.path.join(base, "empty.d"),
        "Dir::State::Lists": os.path.join(base, "lists"),
        "Dir::State::status": os.path.join(base, "status"),
        "Dir::State::extended_states": os.path.join(base, "extended_states"),
        "Dir::Cache": base,
        "APT::Architecture": "amd64",
        "APT::Get::List-Cleanup": "false",
        "APT::Default-Release": "",
        "Acquire::Languages": "none",
        "Acquire::GzipIndexes": "true",
        # an old suite's lists are signed like the others, but no longer renewed
        "Acquire::Check-Valid-Until": "false",
    }.items()))
    return path


def write_if_other(path, text):
    """Leaves a file alone that already reads so: its date tells whether the lists are older."""
    try:
        with open(path, encoding="utf-8") as file:
            if file.read() == text:
                return
    except OSError:
        pass
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def apt(*argv, folder=None, quiet=False):
    environment = dict(os.environ, APT_CONFIG=configuration(), LC_ALL="C", DEBIAN_FRONTEND="noninteractive")
    result = subprocess.run(argv, env=environment, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL if quiet else None, text=True, check=False)
    return result.returncode, result.stdout


def update(force=False):
    """Fetches the package lists, unless they are of today. Returns whether it did."""
    stamp = os.path.join(os.path.dirname(configuration()), "updated")
    sources = os.path.join(os.path.dirname(configuration()), "sources.list")
    try:
        when = os.path.getmtime(stamp)
        if not force and when > os.path.getmtime(sources) and time.time() - when < LISTS_LAST_SECONDS:
            return False
    except OSError:
        pass
    say("fetching Debian's package lists")
    status, _ = apt("apt-get", "-q", "update")
    if status:
        say("some package lists could not be fetched: going on with the others")
    with open(stamp, "w", encoding="ascii"):
        pass
    return True


def versions(pattern):
    """{package: newest version} of the packages whose whole name matches."""
    expression = re.compile(pattern)
    names = [name for name in apt("apt-cache", "pkgnames")[1].split() if expression.fullmatch(name)]
    if not names:
        return {}
    found = {}
    for line in apt("apt-cache", "madison", *names)[1].splitlines():
        name, version = (field.strip() for field in line.split("|")[:2])
        if name not in found or newer(version, found[name]):
            found[name] = version
    return found


def newer(a, b):
    return subprocess.run(["dpkg", "--compare-versions", a, "gt", b], check=False).returncode == 0


def newest(found):
    """The (package, version) with the greatest version; signed before unsigned where both are the same."""
    best = None
    for name, version in sorted(found.items()):
        if best is None or newer(version, best[1]):
            best = name, version
    return best


def depends(package, version):
    """Names and exact versions ('' where any will do) of what a package depends on, alternatives left out."""
    text = apt("apt-cache", "show", f"{package}={version}")[1]
    match = re.search(r"^Depends: (.*)$", text, re.MULTILINE)
    pairs = []
    for clause in match.group(1).split(",") if match else []:
        fields = re.fullmatch(r"\s*([a-z0-9.+~-]+)(?::\w+)?\s*(?:\(= ([^)]+)\))?.*", clause)
        if fields:
            pairs.append((fields.group(1), fields.group(2) or ""))
    return pairs


def download(package, version, folder):
    """Fetches one package into the folder and returns its path."""
    os.makedirs(folder, exist_ok=True)
    if os.geteuid() == 0:
        # apt drops root for what it fetches
        shutil.chown(folder, "_apt")
    before = set(os.listdir(folder))
    status, _ = apt("apt-get", "-q", "download", f"{package}={version}", folder=folder)
    new = [name for name in os.listdir(folder) if name not in before and name.endswith(".deb")]
    if status or len(new) != 1:
        raise DebianError(f"apt could not download {package} {version}")
    return os.path.join(folder, new[0])


def unpack(archive, folder):
    subprocess.run(["dpkg-deb", "-x", archive, folder], check=True)
