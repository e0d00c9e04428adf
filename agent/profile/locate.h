/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Which path opens the file that the page cache knows by device, inode and path inside its file system. */
#ifndef LOCATE_H
#define LOCATE_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "sys/mounts.h"

#define LOCATE_OVERLAYS 4 /* overlays that are looked through for files whose own file system is not mounted */

struct locate {
	const struct sys_mounts *mounts; /* not owned */
	int root; /* what paths are below, as in struct sys_view; not owned */
	const struct sys_mount *overlays[LOCATE_OVERLAYS];
	size_t noverlays;
	/* the folder of the last file: the next one mostly lies there, too */
	uint32_t dev;
	char inside[PATH_MAX]; /* "" : none */
	char outside[PATH_MAX];
	/* what stood before the path in an overlay */
	size_t overlay, prefix;
};

struct located {
	char path[PATH_MAX];
	struct statx st;
};

/*
 * Starts with a mount table and the root that its paths are below (see struct sys_view), which have to live as long. No
 * cleaning up.
 */
void locate_init(struct locate *locate, const struct sys_mounts *mounts, int root);

/*
 * Finds the regular file with this inode number, whose path inside the file system of dev is inside. Follows no link in
 * its last component, and opens nothing. Returns 0; -ENOENT (nothing is there, or another file is); -EXDEV (the file
 * system is not mounted here); -ENAMETOOLONG.
 */
int locate_file(struct locate *locate, uint32_t dev, uint64_t ino, const char *inside, struct located *ret);

/*
 * Looks at whatever is at a path. Follows no link in its last component, and opens nothing. Returns 0, -ENAMETOOLONG or
 * -errno.
 */
int locate_path(const struct locate *locate, const char *path, struct located *ret);

/*
 * Finds the node of a block device, below our own root in any case. Returns 0, -ENOENT or -errno.
 */
int locate_device(uint32_t dev, struct located *ret);

#endif /* LOCATE_H */
