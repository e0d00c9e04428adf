/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/*
 * What systemd is asked to do with the control groups that it manages. Each function has a connection of its own, for
 * as long as it takes: systemd sends its news to whoever is connected, and drops who does not read it.
 */
#ifndef SYSTEMD_H
#define SYSTEMD_H

#include <sys/types.h>

#include "act/systemd_unit.h"

/*
 * All return -ENOSYS in a build without libsystemd, or where that is not installed, and -errno if systemd cannot be
 * reached or does not answer within some seconds. Units are named with their suffix.
 */

/*
 * Makes ready, so that the first of the functions below does not have to read a library from the disk.
 */
void systemd_prepare(void);

#define SYSTEMD_VERSION_MAX 64

/*
 * Asks for systemd's version ("252.39-1"): whether it can be reached at all.
 */
int systemd_version(char ret[SYSTEMD_VERSION_MAX]);

/*
 * Reads the property of a unit that stands for a file of its control group, as systemd_from_file() writes it. Returns
 * 0, -ENOENT (no such unit), -EOPNOTSUPP (systemd has no property for that file, or does not know it), or -errno.
 */
int systemd_read(const char *unit, const char *file, char ret[SYSTEMD_TEXT]);

/*
 * Sets it until the next boot. The file follows soon after: systemd has answered by then, and not yet written. Returns
 * 0, -ENOENT (no such unit), -EINVAL (a value that the property, or this version of it, does not take), -EOPNOTSUPP, or
 * -errno.
 */
int systemd_write(const char *unit, const char *file, const char *text);

/*
 * Starts a scope in a slice, with one process and a limit on tasks (UINT64_MAX: none), and waits until it is there. It
 * is delegated: has all controllers, and takes further processes through its cgroup.procs. It ends with its last
 * process, and nothing is left of it then.
 * *ret_group is its control group's path below the root of the hierarchy. Returns 0, -EEXIST (there is a unit of that
 * name), -ETIME (no end of it in sight), or -errno.
 */
int systemd_start_scope(const char *name, const char *slice, pid_t pid, uint64_t tasks, char ret_group[PATH_MAX]);

#endif /* SYSTEMD_H */
