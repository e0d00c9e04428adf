/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* waitsig FILE: makes FILE once it is ready. On SIGTERM, SIGHUP, SIGUSR1, SIGINT: writes its number there, exits 40. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "lib/work.h"

static int fd;

static void on_signal(int number)
{
	char digits[2] = { (char)('0' + number / 10), (char)('0' + number % 10) };

	if (write(fd, digits, sizeof(digits)) != sizeof(digits))
		_exit(1);
	_exit(40);
}

int main(int argc, char **argv)
{
	static const int numbers[] = { SIGTERM, SIGHUP, SIGUSR1, SIGINT };
	struct sigaction act = { .sa_handler = on_signal };
	size_t i;

	if (argc < 2)
		return 2;
	sigfillset(&act.sa_mask);
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaction(numbers[i], &act, NULL);
	fd = open(argv[1], O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	if (fd < 0)
		work_die("%s", argv[1]);
	work_sleep(30);
	return 1;
}
