/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What tells runs of one command from those of another: its program and its working directory. */
#ifndef IDENTITY_H
#define IDENTITY_H

#include <sys/types.h>

struct identity {
	char *program; /* absolute path of the executable; of a script: its interpreter's; owned */
	char *directory; /* absolute path, owned */
};

/*
 * Of a process that runs, whose pid may come to be somebody else's only after the call. root is "" but for tests.
 * Returns 0, -ENOENT (it is gone, or its program or directory was deleted), -ENOMEM or -errno. Free with
 * identity_clear().
 */
int identity_of_process(const char *root, pid_t pid, struct identity *ret);

/*
 * Of a command that execvp(3) would start here: the same, known before it runs. Returns 0, -ENOENT, -ENOMEM or -errno.
 */
int identity_of_command(const char *command, struct identity *ret);

/*
 * Frees and zeroes. Accepts a zeroed one.
 */
void identity_clear(struct identity *identity);

#endif /* IDENTITY_H */
