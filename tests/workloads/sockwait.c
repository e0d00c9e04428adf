/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* sockwait PATH SEC: asks sockpeer and waits for each answer. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/work.h"

int main(int argc, char **argv)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	unsigned long answers = 0;
	char byte = 'x';
	double end;

	if (argc < 2 || strlen(argv[1]) >= sizeof(addr.sun_path))
		return 2;
	strcpy(addr.sun_path, argv[1]);
	if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		work_die("%s", argv[1]);
	end = work_now() + work_seconds(argc, argv, 2, 1.0);
	for (; work_now() < end; answers++) {
		if (send(fd, &byte, 1, MSG_NOSIGNAL) != 1 || read(fd, &byte, 1) != 1)
			work_die("socket");
	}
	printf("answers=%lu\n", answers);
	return 0;
}
