/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* pingpong SEC: two processes pass one byte to and fro through pipes. Prints how often. */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/work.h"

int main(int argc, char **argv)
{
	double end = work_now() + work_seconds(argc, argv, 1, 1.0);
	unsigned long turns = 0;
	int ping[2], pong[2];
	char byte = 'x';
	pid_t pid;

	if (pipe(ping) || pipe(pong))
		work_die("pipe");
	pid = fork();
	if (pid < 0)
		work_die("fork");
	if (!pid) {
		close(ping[1]);
		while (read(ping[0], &byte, 1) == 1 && write(pong[1], &byte, 1) == 1)
			;
		_exit(0);
	}
	close(ping[0]);
	for (; work_now() < end; turns++) {
		if (write(ping[1], &byte, 1) != 1 || read(pong[0], &byte, 1) != 1)
			work_die("pipe");
	}
	close(ping[1]);
	waitpid(pid, NULL, 0);
	printf("turns=%lu\n", turns);
	return 0;
}
