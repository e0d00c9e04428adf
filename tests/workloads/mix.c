/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/*
 * mix KIND TARGET SEC: one thread that computes half of the time and waits the other half. KIND read, fault: TARGET
 * is a file, read cold; fsync: TARGET is a directory; socket: TARGET is the socket of sockpeer; timer: TARGET is
 * ignored. Prints the shares that came out, from the thread's own CPU clock: cpu=SHARE wait=SHARE.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/work.h"

static struct cold cold;
static int fd = -1;

static void wait_cold(void)
{
	cold_touch(&cold);
}

static void wait_fsync(void)
{
	/* large, so that it waits for the disk a few times, not for a wake-up thousands of times */
	static const char block[1 << 20] = "x";

	if (pwrite(fd, block, sizeof(block), 0) != sizeof(block) || fsync(fd))
		work_die("write");
}

static void wait_socket(void)
{
	char byte = 'x';

	if (send(fd, &byte, 1, MSG_NOSIGNAL) != 1 || recv(fd, &byte, 1, 0) != 1)
		work_die("socket");
}

static void wait_timer(void)
{
	work_sleep(0.002);
}

static void open_directory(const char *path)
{
	if (chdir(path))
		work_die("%s", path);
	fd = open("mix.tmp", O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
	if (fd < 0 || unlink("mix.tmp"))
		work_die("mix.tmp");
}

static void open_socket(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	strncpy(addr.sun_path, path, sizeof(addr.sun_path) - 1);
	if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		work_die("%s", path);
}

int main(int argc, char **argv)
{
	void (*wait)(void) = wait_cold;
	double start, now, cpu, first;

	if (argc < 3)
		return 2;
	if (!strcmp(argv[1], "fsync")) {
		wait = wait_fsync;
		open_directory(argv[2]);
	} else if (!strcmp(argv[1], "socket")) {
		wait = wait_socket;
		open_socket(argv[2]);
	} else if (!strcmp(argv[1], "timer")) {
		wait = wait_timer;
	} else {
		cold_open(&cold, argv[2], !strcmp(argv[1], "fault"));
	}
	start = work_now();
	first = work_cpu_thread();
	do {
		now = work_now() - start;
		cpu = work_cpu_thread() - first;
		if (cpu < now / 2)
			work_burn(0.0005);
		else
			wait();
	} while (now < work_seconds(argc, argv, 3, 1.0));
	printf("cpu=%.4f wait=%.4f\n", cpu / now, 1 - cpu / now);
	return 0;
}
