/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* A temporary folder, and both backends, for tests of the I/O engine. */
#include "tests/unit/io_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <dirent.h>
#include <cmocka.h>

int io_fixture_make(void **state)
{
	struct io_fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	snprintf(f->folder, sizeof(f->folder), "/tmp/accel-io-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	f->dir = open(f->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(f->dir >= 0);
	*state = f;
	return 0;
}

int io_fixture_remove(void **state)
{
	struct io_fixture *f = *state;
	struct dirent *entry;
	DIR *dir = fdopendir(f->dir);

	assert_non_null(dir);
	rewinddir(dir);
	while ((entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..") && unlinkat(dirfd(dir), entry->d_name, 0))
			unlinkat(dirfd(dir), entry->d_name, AT_REMOVEDIR);
	closedir(dir);
	assert_int_equal(rmdir(f->folder), 0);
	free(f);
	return 0;
}

unsigned char io_fixture_byte(size_t i)
{
	return (unsigned char)((i * 0x9e3779b97f4a7c15ULL) >> 56);
}

int io_fixture_file(struct io_fixture *f, const char *name, size_t bytes)
{
	unsigned char *content = malloc(bytes ? bytes : 1);
	int fd = openat(f->dir, name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	size_t i;

	assert_non_null(content);
	assert_true(fd >= 0);
	for (i = 0; i < bytes; i++)
		content[i] = io_fixture_byte(i);
	assert_int_equal(pwrite(fd, content, bytes, 0), bytes);
	free(content);
	return fd;
}

void io_fixture_each(struct io_fixture *f, struct accel_io_config config,
		     void (*test)(struct io_fixture *f, struct accel_io *io))
{
	const enum accel_io_backend backends[] = { ACCEL_IO_BACKEND_URING, ACCEL_IO_BACKEND_THREADS };
	struct accel_io *io;
	size_t i;
	int err;

	for (i = 0; i < 2; i++) {
		config.backend = backends[i];
		err = accel_io_open(&config, &io);
		if (err == -ENOTSUP && backends[i] == ACCEL_IO_BACKEND_URING) {
			printf("skip: io_uring does not work here\n");
			continue;
		}
		assert_int_equal(err, 0);
		test(f, io);
		accel_io_close(io);
	}
}

bool io_fixture_can_refuse(void)
{
	const uint32_t action = SECCOMP_RET_ERRNO;

	if (!syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action))
		return true;
	printf("skip: no system call filters here: %s\n", strerror(errno));
	return false;
}

void io_fixture_refuse(int number, uint32_t second, int err)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, second, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (uint32_t)err),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { .len = 6, .filter = filter };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program))
		_exit(100);
}
