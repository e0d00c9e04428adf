# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
# libaccel-io as others use it: installed, found by pkg-config, linked both ways.

install_library() {
	need make pkg-config "${CC:-cc}"
	make -C "$root" install DESTDIR="$PWD/to" PREFIX=/usr >log.make 2>&1 || fail "make install: $(tail -n 1 log.make)"
	export PKG_CONFIG_SYSROOT_DIR=$PWD/to PKG_CONFIG_LIBDIR=$PWD/to/usr/lib/pkgconfig
}

# A program of somebody else's, who has a clock of his own: only accel_io_* may be taken.
write_program() {
	cat >user.c <<'EOF'
#include <accel_io.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>

uint64_t clock_monotonic_ns(void);
uint64_t clock_monotonic_ns(void)
{
	printf("the wrong clock\n");
	return 0;
}

int main(int argc, char **argv)
{
	char text[100] = "";
	struct accel_io_op ops[] = {
		{ .path = argv[1], .fd = AT_FDCWD, .kind = ACCEL_IO_READ, .offset = 3, .bytes = 99, .buffer = text },
		{ .fd = open(argv[argc - 1], O_RDONLY), .kind = ACCEL_IO_WARM, .bytes = ACCEL_IO_TO_END },
	};
	struct accel_io *io;

	if (accel_io_open(NULL, &io) || accel_io_run(io, ops, 2))
		return 1;
	printf("%lld %lld %s", (long long)ops[0].result, (long long)ops[1].result, text);
	accel_io_close(io);
	return 0;
}
EOF
}

# runs HOW COMMAND...: the program prints what it should.
runs() {
	local how=$1 said

	shift
	said=$("$@" text) || fail "$how: exit status $?"
	[ "$said" = "4 7 def" ] || fail "$how: printed '$said'"
}

case_library_shared() {
	local flags

	install_library
	write_program
	flags=$(pkg-config --cflags --libs accel-io) || fail "pkg-config does not find it"
	# shellcheck disable=SC2086 # words
	${CC:-cc} -Wall -Werror -o user user.c $flags || fail "does not compile with $flags"
	printf 'abcdef\n' >text
	readelf -d user | grep -q 'NEEDED.*\[libaccel-io\.so\.0\]' || fail "not linked with libaccel-io.so.0"
	runs shared env LD_LIBRARY_PATH="$PWD/to/usr/lib" ./user
	nm -D --defined-only to/usr/lib/libaccel-io.so.0 | awk '$2 != "A" && $3 !~ /^accel_io_/' | grep . &&
		fail "shows more than accel_io_*"
	return 0
}

case_library_static() {
	local flags

	install_library
	write_program
	rm to/usr/lib/libaccel-io.so*
	flags=$(pkg-config --static --cflags --libs accel-io) || fail "pkg-config does not find it"
	# shellcheck disable=SC2086 # words
	${CC:-cc} -Wall -Werror -o user user.c $flags || fail "does not compile with $flags"
	printf 'abcdef\n' >text
	runs static ./user
	nm --defined-only to/usr/lib/libaccel-io.a | awk '$2 ~ /[A-Z]/ && $3 !~ /^accel_io_/' | grep . &&
		fail "shows more than accel_io_*"
	return 0
}

# Who moves the whole tree tells pkg-config the new prefix, and nothing else.
case_library_prefix() {
	local pc=to/usr/lib/pkgconfig/accel-io.pc

	install_library
	[ "$(pkg-config --define-variable=prefix=/moved --libs-only-L accel-io | grep -o '/moved/lib *$')" ] || fail "$(cat $pc)"
	[ "$(grep -c '=.*/usr' $pc)" -eq 1 ] || fail "more than the prefix: $(cat $pc)"
	env -u PKG_CONFIG_SYSROOT_DIR -u PKG_CONFIG_LIBDIR \
		make -C "$root" install DESTDIR="$PWD/to" PREFIX=/usr LIBDIR=/elsewhere/lib >log.make 2>&1 || fail "make install"
	grep -qx 'libdir=/elsewhere/lib' to/elsewhere/lib/pkgconfig/accel-io.pc || fail "a LIBDIR of its own is lost"
}

# The example in the manual page is a program.
case_library_manual() {
	local page=to/usr/share/man/man3/accel-io.3

	install_library
	sed -n '/^\.Bd -literal/,/^\.Ed/{/^\./d; s/\\e/\\/g; p}' "$page" >user.c
	# shellcheck disable=SC2046 # words
	${CC:-cc} -Wall -Werror -o user user.c $(pkg-config --cflags --libs accel-io) || fail "does not compile"
	printf 'abcdef\n' >text
	LD_LIBRARY_PATH=$PWD/to/usr/lib ./user text none >out || fail "exit status $?"
	[ "$(cat out)" = "$(printf 'text: done\nnone: No such file or directory')" ] || fail "$(cat out)"
	for name in $(grep -o 'accel_io_[a-z]*(' "$root/include/accel_io.h" | tr -d '(' | sort -u); do
		grep -q "^\.Fn $name " "$page" || fail "nothing of $name"
	done
}

# A program in C++ may include the header, and it is whole by itself.
case_library_header() {
	need g++
	printf '#include "%s"\nint main() { return accel_io_open(0, 0) == 1; }\n' "$root/include/accel_io.h" >user.cc
	g++ -Wall -Wextra -Werror -c user.cc -o user.o || fail "not for C++"
}

case_library_uninstall() {
	local left

	install_library
	[ -e to/usr/include/accel_io.h ] || fail "no header"
	make -C "$root" uninstall DESTDIR="$PWD/to" PREFIX=/usr >log.make 2>&1 || fail "make uninstall"
	left=$(find to ! -type d)
	[ -z "$left" ] || fail "left behind: $left"
}

# Blocks that the device cannot read: only the operations that touch them fail, merged with others or not.
case_library_device_errors() {
	local device want='4096 4096 -5 -5 -5'

	install_library
	cat >user.c <<'EOF'
#include <accel_io.h>
#include <fcntl.h>
#include <stdio.h>

static char text[4][4096];

int main(int argc, char **argv)
{
	struct accel_io_config config = { .backend = argc };
	struct accel_io_op ops[5] = { 0 };
	struct accel_io *io;
	int i;

	if (accel_io_open(&config, &io))
		return 1;
	for (i = 0; i < 5; i++)
		ops[i] = (struct accel_io_op){ .fd = 9, .kind = i < 4 ? ACCEL_IO_READ : ACCEL_IO_WARM,
					       .offset = (4 << 20) - 8192 + 4096 * (i % 4), .bytes = 4096 << (i / 4 * 2),
					       .buffer = text[i % 4] };
	if (accel_io_run(io, ops, 5))
		return 1;
	for (i = 0; i < 5; i++)
		printf("%s%lld", i ? " " : "", (long long)ops[i].result);
	accel_io_close(io);
	return !argv;
}
EOF
	# shellcheck disable=SC2046 # words
	${CC:-cc} -o user user.c $(pkg-config --cflags --libs accel-io) ||
		fail "does not compile"
	truncate -s 8M disk
	device=$(losetup -f --show disk 2>/dev/null) || skip "no loop device can be made here"
	exec 9<"$device"
	losetup -d "$device" # when it is closed
	truncate -s 4M disk  # now its second half cannot be read
	export LD_LIBRARY_PATH=$PWD/to/usr/lib
	# the number of arguments is the backend: io_uring, threads
	./user >out.uring && { [ "$(cat out.uring)" = "$want" ] || fail "io_uring: $(cat out.uring)"; }
	./user x >out.threads || fail "threads: exit status $?"
	[ "$(cat out.threads)" = "$want" ] || fail "threads: $(cat out.threads)"
}
