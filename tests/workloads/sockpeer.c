/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* sockpeer PATH MS: answers each byte on a unix socket after so many milliseconds, until killed; no part of the app. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/work.h"

int main(int argc, char **argv)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	double delay = work_seconds(argc, argv, 2, 5) * 1e-3;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), peer;
	char byte;

	if (argc < 2 || strlen(argv[1]) >= sizeof(addr.sun_path))
		return 2;
	strcpy(addr.sun_path, argv[1]);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) || listen(fd, 8))
		work_die("%s", argv[1]);
	for (;;) {
		peer = accept(fd, NULL, NULL);
		if (peer < 0)
			work_die("accept");
		while (read(peer, &byte, 1) == 1) {
			work_sleep(delay);
			if (send(peer, &byte, 1, MSG_NOSIGNAL) != 1)
				break;
		}
		close(peer);
	}
}
