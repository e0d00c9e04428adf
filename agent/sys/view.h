/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/*
 * What a process may and sees: its credentials, its program, and its files if they are mounted elsewhere. Held by
 * descriptors, so that it lasts beyond the process and is never that of another one with the same pid.
 */
#ifndef SYS_VIEW_H
#define SYS_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "sys/credentials.h"

struct sys_mounts;

/* Descriptors are 3 or more; 0: there is none. */
struct sys_view {
	struct sys_credentials credentials;
	bool own_users; /* its user namespace is ours, so that its capabilities count for all files */
	int program; /* its executable, not opened (O_PATH) */
	int root; /* its root folder (O_PATH); 0: it sees the mounts that we see */
	int mounts; /* its mount table; 0: ours */
};

/*
 * Of the process whose folder in procfs process is open on; root is "" but for tests. Waits for no file system. Returns
 * 0, -ENOENT or -ESRCH (it is gone, or has no program), -EPERM (it has the rights of more than one user), -EACCES (we may
 * not look), -ENOMEM or -errno. Free with sys_view_clear().
 */
int sys_view_of_process(const char *root, int process, struct sys_view *ret);

/*
 * Of this process, as if it ran program. The same.
 */
int sys_view_of_self(const char *program, struct sys_view *ret);

/*
 * Frees and zeroes. Accepts a zeroed one.
 */
void sys_view_clear(struct sys_view *view);

/*
 * Closes all descriptors from 3 on but those of view.
 */
void sys_view_keep(const struct sys_view *view);

/*
 * Size (bytes) and time of last change (CLOCK_REALTIME) of the program. May wait for a file system of somebody else's.
 * Returns 0 or -errno.
 */
int sys_view_program(const struct sys_view *view, uint64_t *ret_size, int64_t *ret_mtime_ns);

/*
 * Its mount table as it is now. Returns 0 or -errno. Free with sys_mounts_free().
 */
int sys_view_mounts(const struct sys_view *view, struct sys_mounts *ret);

/*
 * Finds the file at an absolute path below root (as in struct sys_view) without opening it (O_PATH); a link at its end is
 * itself what is found. With links, those before it are followed, below root; without, there may be none. Returns a
 * descriptor or -errno.
 */
int sys_view_find(int root, const char *path, bool links);

#endif /* SYS_VIEW_H */
