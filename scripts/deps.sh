#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
# Sees to it that what the named groups need is there: as root with apt-get it installs, otherwise it names what is
# missing. Asks nothing; quick and without network when nothing is missing.
# usage: deps.sh GROUP...    groups: build check fuzz bench vm arm64
set -eu

PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"
export PATH
missing=
optional=

# need PACKAGE COMMAND...: PACKAGE (Debian's name) is missing if COMMAND fails.
need()
{
	package=$1
	shift
	"$@" >/dev/null 2>&1 || missing="$missing $package"
}

# want PACKAGE COMMAND...: the same for what the build does without.
want()
{
	package=$1
	shift
	"$@" >/dev/null 2>&1 || optional="$optional $package"
}

have()
{
	command -v "$1"
}

library()
{
	pkg-config --exists "$1"
}

# The C library's headers: a compiler alone is not enough, and asking needs one.
c_headers()
{
	echo '#include <stdio.h>' | ${CC:-cc} -E -
}

fuzzer_runtime()
{
	for dir in "$(clang -print-resource-dir)"/lib/*; do
		set -- "$dir"/libclang_rt.fuzzer*.a
		test -e "$1" && return 0
	done
	return 1
}

# The one that needs no library: ldd fails on it.
static_busybox()
{
	busybox true && ! ldd "$(command -v busybox)"
}

archive_keys()
{
	set -- /usr/share/keyrings/debian-archive-keyring.*
	test -e "$1"
}

probe()
{
	case $1 in
	build)
		# shellcheck disable=SC2086 # CC="ccache gcc": the first word is the program
		need gcc have ${CC:-cc}
		need libc6-dev c_headers
		need clang have "${CLANG:-clang}"
		need bpftool have bpftool
		need pkgconf have pkg-config
		need libbpf-dev library libbpf
		need libelf-dev library libelf
		need zlib1g-dev library zlib
		need libjansson-dev library jansson
		need libinih-dev library inih
		need liburing-dev library liburing
		want libsystemd-dev library libsystemd
		;;
	check)
		need libcmocka-dev library cmocka
		need fio have fio
		need python3 have python3
		need jq have jq
		need strace have strace
		need valgrind have valgrind
		need xfsprogs have mkfs.xfs
		need btrfs-progs have mkfs.btrfs
		;;
	fuzz)
		# The package carries the version of clang, so clang must be there to tell it.
		have clang >/dev/null || return 0
		need "libclang-rt-$(clang -dumpversion | cut -d. -f1)-dev" fuzzer_runtime
		;;
	bench)
		need libbpf-tools have runqlat
		need bpftrace have bpftrace
		need linux-perf have perf
		need fio have fio
		need vmtouch have vmtouch
		need dpkg-dev have dpkg-source
		need cmake have cmake
		# for libgit2, whose own copy Debian has taken out of the sources
		want libhttp-parser-dev test -e /usr/include/http_parser.h
		want python3-matplotlib /usr/bin/python3 -c "import matplotlib"
		;;
	vm)
		need python3 have python3
		need qemu-system-x86 have qemu-system-x86_64
		need busybox-static static_busybox
		need mmdebstrap have mmdebstrap
		need e2fsprogs have mke2fs
		need debian-archive-keyring archive_keys
		;;
	arm64)
		need python3 have python3
		need gcc-aarch64-linux-gnu have aarch64-linux-gnu-gcc
		need qemu-user have qemu-aarch64
		need qemu-system-arm have qemu-system-aarch64
		need debian-archive-keyring archive_keys
		;;
	*)
		echo "deps: unknown group '$1'" >&2
		exit 2
		;;
	esac
}

# install PACKAGE...
install()
{
	echo "deps: installing $*" >&2
	export DEBIAN_FRONTEND=noninteractive
	# Lists may be absent or old: then the first try fails, and only then is the network asked for new ones.
	apt-get install -y --no-install-recommends "$@" >&2 ||
		{ apt-get update >&2 && apt-get install -y --no-install-recommends "$@" >&2; }
}

install_optional()
{
	test -n "$optional" || return 0
	if test "$(id -u)" -eq 0 && have apt-get >/dev/null; then
		# shellcheck disable=SC2086 # one word a package
		install $optional && return 0
	fi
	echo "deps: going on without$optional, which is optional" >&2
}

for group in "$@"; do
	missing=
	optional=
	probe "$group"
	install_optional
	test -n "$missing" || continue
	if ! have apt-get >/dev/null; then
		echo "deps: missing, by their Debian names:$missing" >&2
		echo "deps: there is no apt-get here: install them with this distribution's package manager" >&2
		exit 1
	fi
	if test "$(id -u)" -ne 0; then
		echo "deps: missing:$missing" >&2
		echo "deps: install them with: sudo make deps" >&2
		exit 1
	fi
	# shellcheck disable=SC2086 # one word a package
	install $missing || { echo "deps: apt-get could not install:$missing" >&2; exit 1; }
	missing=
	probe "$group"
	test -z "$missing" || { echo "deps: still not usable after the installation:$missing" >&2; exit 1; }
done
