/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* dirlock DIR THREADS SEC: threads create, rename and unlink files of one directory, and wait for its inode lock. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "lib/work.h"

static double end;

static void body(long index)
{
	char from[32], to[32];
	int fd;

	snprintf(from, sizeof(from), "a%ld", index);
	snprintf(to, sizeof(to), "b%ld", index);
	while (work_now() < end) {
		fd = open(from, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
		if (fd < 0 || close(fd) || rename(from, to) || unlink(to))
			work_die("%s", from);
	}
}

int main(int argc, char **argv)
{
	if (argc < 2 || chdir(argv[1]))
		work_die("directory");
	end = work_now() + work_seconds(argc, argv, 3, 1.0);
	work_threads(work_count(argc, argv, 2, 32), body);
	printf("cpu=%.6f\n", work_cpu_process());
	return 0;
}
