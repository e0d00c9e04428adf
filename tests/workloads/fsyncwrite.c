/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* fsyncwrite DIR SEC: writes one page and forces it to the disk, again and again. Prints how often. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "lib/work.h"

int main(int argc, char **argv)
{
	static const char page[WORK_PAGE] = "x";
	unsigned long writes = 0;
	double end;
	int fd;

	if (argc < 2 || chdir(argv[1]))
		work_die("directory");
	fd = open("fsyncwrite.tmp", O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
	if (fd < 0 || unlink("fsyncwrite.tmp"))
		work_die("fsyncwrite.tmp");
	end = work_now() + work_seconds(argc, argv, 2, 1.0);
	for (; work_now() < end; writes++) {
		if (pwrite(fd, page, sizeof(page), (off_t)(writes % 4096 * WORK_PAGE)) != sizeof(page) || fsync(fd))
			work_die("write");
	}
	printf("writes=%lu cpu=%.6f\n", writes, work_cpu_process());
	return 0;
}
