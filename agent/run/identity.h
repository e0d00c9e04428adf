/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What tells runs of one command from those of another: its user, its program and its working directory. */
#ifndef IDENTITY_H
#define IDENTITY_H

#include <sys/types.h>

#include "profile/profile.h"
#include "run/script.h"
#include "sys/view.h"

struct identity {
	char *program; /* absolute path of the executable, as the app sees it; of a script: its interpreter's; owned */
	char *directory; /* the same of the working directory, owned */
	char script[SCRIPT_NAME_MAX]; /* that the program, an interpreter, was told to run; "": none */
	struct sys_view view; /* what the app may and sees; owned */
};

/*
 * Of a process that runs; never of two, if the pid comes to be somebody else's meanwhile. root is "" but for tests.
 * Waits for no file system. Returns 0; -ENOENT, -ESRCH (it is gone, or its program or directory was deleted, or lies
 * where it does not see it); -EPERM (it has the rights of more than one user, or changed them just now); -EACCES (we may
 * not look); -ENOMEM or -errno. Free with identity_clear().
 */
int identity_of_process(const char *root, pid_t pid, struct identity *ret);

/*
 * Of a command that execvp(3) would start here: the same, known before it runs. A "#!" file has no script unless it is
 * called like an interpreter: its own name is what it is called already. command is argv, NULL-terminated. Returns 0,
 * -ENOENT, -EPERM (we have the rights of more than one user), -ENOMEM or -errno.
 */
int identity_of_command(char *const command[], struct identity *ret);

/*
 * The key of its profile, as far as it is known without looking at the program: see sys_view_program(). command is what it
 * is called, but for an interpreter that runs a script: that one's name counts, however the run came to be followed. Its
 * strings are those of command and identity.
 */
struct profile_key identity_key(const struct identity *identity, const char *command);

/*
 * Frees and zeroes. Accepts a zeroed one.
 */
void identity_clear(struct identity *identity);

#endif /* IDENTITY_H */
