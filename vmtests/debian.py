# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
"""Packages from Debian's suites through apt itself, with lists and state of our own: the machine's stay as they are.

The mirror is the one that the machine's own apt uses ($VMTEST_MIRROR names another), the keys are the system's, and apt
checks the signatures: nothing is unpacked that it did not accept. Each architecture has lists of its own, and this
machine's dpkg need not know it.
"""
import functools
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

import arch as architectures

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


def codename():
    """The suite that this machine runs: what is built here finds its libraries there."""
    with open("/etc/os-release", encoding="utf-8") as file:
        for line in file:
            if line.startswith("VERSION_CODENAME="):
                return line.split("=", 1)[1].strip().strip('"')
    return "sid"


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
def configuration(arch):
    """Writes the apt configuration and the sources for an architecture, and returns the configuration's path."""
    base = os.path.join(CACHE, "apt" if arch == architectures.HOST else f"apt-{arch}")
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
        "APT::Architecture": arch,
        "APT::Architectures": arch,
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


def apt(arch, *argv, folder=None, quiet=False):
    environment = dict(os.environ, APT_CONFIG=configuration(arch), LC_ALL="C", DEBIAN_FRONTEND="noninteractive")
    # given here, because the machine's own configuration comes before that of a file
    folder_of_lists = os.path.dirname(configuration(arch))
    options = {
        # where there is none, each call reads all lists again
        "Dir::Cache::pkgcache": os.path.join(folder_of_lists, "pkgcache.bin"),
        "Dir::Cache::srcpkgcache": os.path.join(folder_of_lists, "srcpkgcache.bin"),
        # a machine may be content with less than a signature; a kernel that is booted as root is not
        "Acquire::AllowInsecureRepositories": "false",
        "Acquire::AllowDowngradeToInsecureRepositories": "false",
        "Acquire::AllowWeakRepositories": "false",
        "APT::Get::AllowUnauthenticated": "false",
    }
    words = [word for key, value in options.items() for word in ("-o", f"{key}={value}")]
    result = subprocess.run([argv[0], *words, *argv[1:]], env=environment, cwd=folder, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL if quiet else None, text=True, check=False)
    return result.returncode, result.stdout


def update(arch, force=False):
    """Fetches the package lists, unless they are of today. Returns whether it did."""
    base = os.path.dirname(configuration(arch))
    stamp, sources = os.path.join(base, "updated"), os.path.join(base, "sources.list")
    try:
        when = os.path.getmtime(stamp)
        if not force and when > os.path.getmtime(sources) and time.time() - when < LISTS_LAST_SECONDS:
            return False
    except OSError:
        pass
    say(f"fetching Debian's package lists for {arch}")
    status, _ = apt(arch, "apt-get", "-q", "update")
    if status:
        say("some package lists could not be fetched: going on with the others")
    else:
        with open(stamp, "w", encoding="ascii"):
            pass
    return True


def versions(arch, pattern):
    """{package: newest version} of the packages whose whole name matches."""
    expression = re.compile(pattern)
    names = [name for name in apt(arch, "apt-cache", "pkgnames")[1].split() if expression.fullmatch(name)]
    if not names:
        return {}
    found = {}
    for line in apt(arch, "apt-cache", "madison", *names)[1].splitlines():
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


def depends(arch, package, version):
    """Names and exact versions ('' where any will do) of what a package depends on, alternatives left out."""
    text = apt(arch, "apt-cache", "show", f"{package}={version}")[1]
    match = re.search(r"^Depends: (.*)$", text, re.MULTILINE)
    pairs = []
    for clause in match.group(1).split(",") if match else []:
        fields = re.fullmatch(r"\s*([a-z0-9.+~-]+)(?::\w+)?\s*(?:\(= ([^)]+)\))?.*", clause)
        if fields:
            pairs.append((fields.group(1), fields.group(2) or ""))
    return pairs


def own_folder(folder):
    os.makedirs(folder, exist_ok=True)
    if os.geteuid() == 0:
        # apt drops root for what it fetches
        shutil.chown(folder, "_apt")


def download(arch, package, version, folder):
    """Fetches one package into the folder and returns its path."""
    own_folder(folder)
    before = set(os.listdir(folder))
    status, _ = apt(arch, "apt-get", "-q", "download", f"{package}={version}", folder=folder)
    new = [name for name in os.listdir(folder) if name not in before and name.endswith(".deb")]
    if status or len(new) != 1:
        raise DebianError(f"apt could not download {package} {version}")
    return os.path.join(folder, new[0])


def closure(arch, suite, packages):
    """[(package, version)] of the packages and of all that they need, as apt would install them from the suite."""
    status, text = apt(arch, "apt-get", "-q", "-s", "--no-install-recommends", "-t", suite, "install", *packages)
    found = re.findall(r"^Inst (\S+) \((\S+) ", text, re.MULTILINE)
    if status or not found:
        raise DebianError(f"apt finds no way to install {' '.join(packages)} of {suite}, {arch}")
    return found


def download_all(arch, pairs, folder):
    """Fetches packages into the folder and returns their paths."""
    own_folder(folder)
    status, _ = apt(arch, "apt-get", "-q", "download", *(f"{name}={version}" for name, version in pairs),
                    folder=folder)
    found = sorted(os.path.join(folder, name) for name in os.listdir(folder) if name.endswith(".deb"))
    if status or len(found) != len(pairs):
        raise DebianError(f"apt downloaded {len(found)} packages of {len(pairs)}")
    return found


def unpack(archive, folder):
    subprocess.run(["dpkg-deb", "-x", archive, folder], check=True)


def unpack_system(arch, suite, packages, tree):
    """
    The packages and all that they need in a tree of their own, no script of theirs run: it may well be that this
    machine could not.
    """
    for name in ("bin", "lib", "sbin"):
        os.makedirs(os.path.join(tree, "usr", name))
        os.symlink(f"usr/{name}", os.path.join(tree, name))
    wanted = closure(arch, suite, packages)
    say(f"fetching {len(wanted)} packages of {suite}, {arch}")
    with tempfile.TemporaryDirectory(prefix="tmp.", dir=os.path.dirname(tree)) as folder:
        os.chmod(folder, 0o755)
        for archive in download_all(arch, wanted, folder):
            # dpkg-deb -x would make folders of the links above
            with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", archive], stdout=subprocess.PIPE) as source:
                subprocess.run(["tar", "-x", "-C", tree, "--keep-directory-symlink", "--no-same-owner"],
                               stdin=source.stdout, check=True)
            if source.returncode:
                raise DebianError(f"{os.path.basename(archive)}: not unpacked")
