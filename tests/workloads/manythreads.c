/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* manythreads PROCESSES THREADS SEC: so many processes of so many threads each, which sleep and wake now and then. */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/work.h"

static double end;

static void body(long index)
{
	while (work_now() < end)
		work_sleep(0.05 + (double)(index % 7) * 0.01);
}

int main(int argc, char **argv)
{
	long processes = work_count(argc, argv, 1, 10), threads = work_count(argc, argv, 2, 10), i;
	pid_t pid;

	end = work_now() + work_seconds(argc, argv, 3, 1.0);
	for (i = 0; i < processes; i++) {
		pid = fork();
		if (pid < 0)
			work_die("fork");
		if (!pid) {
			work_threads(threads - 1, body);
			_exit(0);
		}
	}
	while (wait(NULL) > 0)
		;
	return 0;
}
