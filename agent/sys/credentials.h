/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What the kernel goes by when it decides whether a process may open a file. */
#ifndef SYS_CREDENTIALS_H
#define SYS_CREDENTIALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct sys_credentials {
	uid_t uid; /* real, effective, saved and of file access: all the same */
	gid_t gid;
	gid_t *groups; /* supplementary ones, owned */
	size_t ngroups;
	uint64_t capabilities; /* effective ones: bit 1 << CAP_... */
};

/*
 * Parses the text of /proc/PID/status. Returns 0, -EPERM (its user or group ids differ: it is on its way from one user to
 * another), -EINVAL or -ENOMEM. Free with sys_credentials_clear().
 */
int sys_credentials_parse(const char *text, size_t len, struct sys_credentials *ret);

/*
 * The same of the process whose folder in procfs process is open on. Returns the same, -ESRCH (it is gone) or -errno.
 */
int sys_credentials_read(int process, struct sys_credentials *ret);

bool sys_credentials_equal(const struct sys_credentials *a, const struct sys_credentials *b);

/*
 * Frees and zeroes. Accepts zeroed ones.
 */
void sys_credentials_clear(struct sys_credentials *credentials);

/*
 * Makes them those of this process, which has one thread, for good. Of the capabilities it has, those in keep stay and no
 * others; those of credentials are not looked at. Afterwards nobody else may trace the process, and what it was to be
 * sent at its parent's end (PR_SET_PDEATHSIG) is forgotten. Returns 0 or -errno: then it may have some of each, and must
 * go on to nothing.
 */
int sys_credentials_take(const struct sys_credentials *credentials, uint64_t keep);

#endif /* SYS_CREDENTIALS_H */
