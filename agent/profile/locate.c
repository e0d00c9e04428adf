// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/*
 * The page cache knows a file by its own file system, whatever it was opened through: a bind mount, or an overlay, whose
 * files are those of its layers. So any mount of that file system will do, if what is found there has the same inode.
 */
#include "profile/locate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "sys/block.h"
#include "sys/view.h"
#include "util/cleanup.h"

void locate_init(struct locate *locate, const struct sys_mounts *mounts, int root)
{
	size_t i;

	memset(locate, 0, sizeof(*locate));
	locate->mounts = mounts;
	locate->root = root;
	for (i = 0; i < mounts->count && locate->noverlays < LOCATE_OVERLAYS; i++)
		if (!strcmp(mounts->mounts[i].type, "overlay"))
			locate->overlays[locate->noverlays++] = &mounts->mounts[i];
}

#define LOOK_FLAGS (AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC)
#define LOOK_MASK (STATX_BASIC_STATS | STATX_BTIME | STATX_MNT_ID)

static int look(struct located *l, int root)
{
	cleanup_close int fd = -1;

	if (!root)
		return statx(AT_FDCWD, l->path, LOOK_FLAGS, LOOK_MASK, &l->st) ? -errno : 0;
	fd = sys_view_find(root, l->path, true);
	if (fd < 0)
		return fd;
	return statx(fd, "", LOOK_FLAGS | AT_EMPTY_PATH, LOOK_MASK, &l->st) ? -errno : 0;
}

int locate_path(const struct locate *locate, const char *path, struct located *ret)
{
	size_t len = strlen(path);

	if (len >= sizeof(ret->path))
		return -ENAMETOOLONG;
	memcpy(ret->path, path, len + 1);
	return look(ret, locate->root);
}

static uint32_t device(uint32_t major, uint32_t minor)
{
	return major << 20 | minor;
}

/*
 * Whether it is the file that is looked for. Some file systems (btrfs) show other devices than their mounts have; there
 * the mount has to be the one that the path leads through.
 */
static bool is_it(const struct locate *locate, const struct located *l, uint32_t dev, uint64_t ino)
{
	const struct sys_mount *mount;

	if (!S_ISREG(l->st.stx_mode) || l->st.stx_ino != ino)
		return false;
	if (device(l->st.stx_dev_major, l->st.stx_dev_minor) == dev)
		return true;
	if (!(l->st.stx_mask & STATX_MNT_ID))
		return false;
	mount = sys_mount_of(locate->mounts, l->path);
	return mount && mount->dev == dev && mount->id == l->st.stx_mnt_id;
}

static int look_for(const struct locate *locate, struct located *l, uint32_t dev, uint64_t ino)
{
	int err = look(l, locate->root);

	return err ? err : is_it(locate, l, dev, ino) ? 0 : -ENOENT;
}

/* Writes folder and name ("/...") as one path. */
static int join(const char *folder, const char *name, char ret[PATH_MAX])
{
	int n = snprintf(ret, PATH_MAX, "%s%s", strcmp(folder, "/") ? folder : "", name);

	return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

/* By way of the folder, which is mostly the one of the file before. */
static int through_folder(struct locate *l, uint32_t dev, const char *inside, const char *name, char ret[PATH_MAX])
{
	size_t len = (size_t)(name - inside);
	int err;

	if (len + 2 > sizeof(l->inside))
		return -ENAMETOOLONG;
	if (l->dev != dev || !l->inside[0] || strncmp(l->inside, inside, len) ||
	    strcmp(l->inside + len, len ? "" : "/")) {
		l->dev = dev;
		memcpy(l->inside, inside, len);
		strcpy(l->inside + len, len ? "" : "/");
		err = sys_mounts_find(l->mounts, dev, l->inside, l->outside, sizeof(l->outside));
		if (err) {
			l->inside[0] = '\0';
			return err;
		}
	}
	return join(l->outside, name, ret);
}

/* The path with its first components, which lead to the layer, replaced by the overlay. */
static int in_overlay(struct locate *l, uint64_t ino, const char *inside, size_t overlay, size_t prefix,
		      struct located *ret)
{
	int err = join(l->overlays[overlay]->target, inside + prefix, ret->path);

	if (!err)
		err = look(ret, l->root);
	if (!err && (!S_ISREG(ret->st.stx_mode) || ret->st.stx_ino != ino))
		err = -ENOENT;
	if (!err) {
		l->overlay = overlay;
		l->prefix = prefix;
	}
	return err;
}

/*
 * In a container the layers of the root are nowhere to be seen, but their files are. They keep their inode numbers there
 * as long as all layers are of one file system.
 */
static int through_overlays(struct locate *l, uint64_t ino, const char *inside, struct located *ret)
{
	const char *rest;
	size_t i;

	if (!l->noverlays)
		return -EXDEV;
	if (l->prefix < strlen(inside) && inside[l->prefix] == '/' &&
	    !in_overlay(l, ino, inside, l->overlay, l->prefix, ret))
		return 0;
	for (i = 0; i < l->noverlays; i++)
		for (rest = inside; rest; rest = strchr(rest + 1, '/'))
			if (!in_overlay(l, ino, inside, i, (size_t)(rest - inside), ret))
				return 0;
	return -EXDEV;
}

int locate_file(struct locate *locate, uint32_t dev, uint64_t ino, const char *inside, struct located *ret)
{
	const char *name = strrchr(inside, '/');
	int err;

	if (!name)
		return -ENOENT;
	err = through_folder(locate, dev, inside, name, ret->path);
	if (!err && !look_for(locate, ret, dev, ino))
		return 0;
	/* the file itself may be a mount point, or the only thing that is mounted */
	err = sys_mounts_find(locate->mounts, dev, inside, ret->path, sizeof(ret->path));
	if (!err)
		err = look_for(locate, ret, dev, ino);
	else if (err == -ENOENT)
		err = through_overlays(locate, ino, inside, ret);
	return err == -EXDEV || err == -ENAMETOOLONG ? err : err ? -ENOENT : 0;
}

int locate_device(uint32_t dev, struct located *ret)
{
	struct sys_block block;
	int err = sys_block_read("", dev, &block);
	char *c;

	if (err)
		return err;
	for (c = block.name; *c; c++)
		if (*c == '!') /* how sysfs writes a slash */
			*c = '/';
	snprintf(ret->path, sizeof(ret->path), "/dev/%s", block.name);
	err = look(ret, 0);
	if (err)
		return err;
	if (!S_ISBLK(ret->st.stx_mode) || device(ret->st.stx_rdev_major, ret->st.stx_rdev_minor) != dev)
		return -ENOENT;
	return 0;
}
