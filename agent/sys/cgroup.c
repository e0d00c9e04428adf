/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Control groups of processes, in v1, v2 and hybrid layouts: where they are and which they are. */
#include "sys/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "sys/mounts.h"
#include "sys/root.h"
#include "util/cleanup.h"
#include "util/parse.h"

#define CGROUP_MAX_BYTES (64U << 10) /* one path a hierarchy */

/* The v1 controllers, those first that a user most likely means. */
static const char *const controllers[] = { "cpu",     "memory",  "cpuacct",    "cpuset",  "blkio", "pids", "devices",
					   "freezer", "hugetlb", "perf_event", "net_cls", "rdma",  "misc", "net_prio" };

static bool list_has(struct span list, const char *word)
{
	struct span piece;

	while (span_next(&list, ',', &piece)) {
		if (span_equals(piece, word))
			return true;
	}
	return false;
}

/* Whether path is absolute and has no ".." in it: "/../x" is how the kernel shows cgroups outside the reader's tree. */
static bool is_inside(struct span path)
{
	struct span piece;

	if (!span_starts(path, "/") || memchr(path.text, '\0', path.len))
		return false;
	while (span_next(&path, '/', &piece)) {
		if (span_equals(piece, ".."))
			return false;
	}
	return true;
}

int sys_cgroup_parse(const char *text, size_t len, const char *controller, char *ret_path, bool *ret_v2)
{
	struct span rest = { text, len }, line, id, list, found = { 0 };
	bool v2 = false;

	/* "4:memory:/a/b" in v1, "0::/a/b" in v2; a controller that no v1 hierarchy has belongs to v2 */
	while (span_next(&rest, '\n', &line)) {
		if (!span_next(&line, ':', &id) || !span_next(&line, ':', &list))
			continue;
		if (list_has(list, controller)) {
			found = line;
			v2 = false;
			break;
		}
		if (span_equals(id, "0") && !list.len) {
			found = line;
			v2 = true;
		}
	}
	if (!found.text)
		return -ENOENT;
	if (found.len >= PATH_MAX || !is_inside(found))
		return -EINVAL;
	memcpy(ret_path, found.text, found.len);
	ret_path[found.len] = '\0';
	*ret_v2 = v2;
	return 0;
}

static bool is_cgroup_mount(const struct sys_mount *mount)
{
	return mount && (!strcmp(mount->type, "cgroup") || !strcmp(mount->type, "cgroup2"));
}

static bool mount_has(const struct sys_mount *mount, const char *controller, bool v2)
{
	if (v2)
		return !strcmp(mount->type, "cgroup2");
	return !strcmp(mount->type, "cgroup") &&
	       list_has((struct span){ mount->options, strlen(mount->options) }, controller);
}

static void first_controller(const struct sys_mount *mount, char *ret, size_t size)
{
	struct span options = { mount->options, strlen(mount->options) }, option;
	size_t i;

	*ret = '\0';
	for (i = 0; i < sizeof(controllers) / sizeof(controllers[0]); i++) {
		if (list_has(options, controllers[i])) {
			snprintf(ret, size, "%s", controllers[i]);
			return;
		}
	}
	while (span_next(&options, ',', &option)) {
		if (span_starts(option, "name="))
			snprintf(ret, size, "%.*s", (int)option.len, option.text);
	}
}

/* Fills ret for what lies at rest ("" or "/...") below a mount. */
static int describe(const char *root, const struct sys_mount *mount, const char *rest, struct sys_cgroup *ret)
{
	struct sys_cgroup cgroup = { .v2 = !strcmp(mount->type, "cgroup2") };
	int err;

	err = sys_path(cgroup.directory, sizeof(cgroup.directory), root, "%s%s", mount->target, rest);
	if (err)
		return err;
	cgroup.mount_len = strlen(root) + strlen(mount->target);
	if (!cgroup.v2)
		first_controller(mount, cgroup.controller, sizeof(cgroup.controller));
	*ret = cgroup;
	return 0;
}

/* The mount that shows a path of a hierarchy, and most of what is above it. */
static const struct sys_mount *mount_showing(const struct sys_mounts *mounts, const char *controller, bool v2,
					     const char *path)
{
	const struct sys_mount *best = NULL;
	size_t i;

	for (i = 0; i < mounts->count; i++) {
		const struct sys_mount *m = &mounts->mounts[i];

		if (mount_has(m, controller, v2) && sys_path_below(m->root, path) &&
		    (!best || strlen(m->root) < strlen(best->root)) && sys_mount_of(mounts, m->target) == m)
			best = m;
	}
	return best;
}

int sys_cgroup_path(const char *root, pid_t pid, const char *controller, char *ret_path, bool *ret_v2)
{
	cleanup_free char *text = NULL;
	char file[32];
	size_t len;
	int err;

	snprintf(file, sizeof(file), "/proc/%d/cgroup", pid);
	err = sys_read(root, file, CGROUP_MAX_BYTES, &text, &len);
	if (err)
		return err == -ENOENT ? -ESRCH : err;
	return sys_cgroup_parse(text, len, controller, ret_path, ret_v2);
}

int sys_cgroup_mounted(const char *root, const char *path, bool v2, const char *controller, struct sys_cgroup *ret)
{
	const struct sys_mount *mount;
	struct sys_mounts mounts;
	struct sys_cgroup found;
	int err;

	err = sys_mounts_read(root, &mounts);
	if (err)
		return err;
	mount = mount_showing(&mounts, controller, v2, path);
	err = mount ? describe(root, mount, sys_path_below(mount->root, path), &found) : -ENOENT;
	sys_mounts_free(&mounts);
	if (!err && access(found.directory, X_OK) < 0)
		err = -errno;
	if (!err)
		*ret = found;
	return err;
}

int sys_cgroup_of(const char *root, pid_t pid, const char *controller, struct sys_cgroup *ret)
{
	char path[PATH_MAX];
	bool v2;
	int err;

	err = sys_cgroup_path(root, pid, controller, path, &v2);
	if (err)
		return err == -ESRCH ? -ENOENT : err;
	return sys_cgroup_mounted(root, path, v2, controller, ret);
}

int sys_cgroup_id_at(int dirfd, uint64_t *ret_id)
{
	struct {
		struct file_handle handle;
		uint64_t id;
	} place = { .handle.handle_bytes = sizeof(place.id) };
	struct stat st;
	int mount_id;

	if (!name_to_handle_at(dirfd, "", &place.handle, &mount_id, AT_EMPTY_PATH) &&
	    place.handle.handle_bytes == sizeof(place.id)) {
		memcpy(ret_id, place.handle.f_handle, sizeof(place.id));
		return 0;
	}
	/* seccomp filters of containers refuse the call; the inode number is the id since kernel 5.5 (40430452fd5d) */
	if (fstat(dirfd, &st) < 0)
		return -errno;
	*ret_id = st.st_ino;
	return 0;
}

int sys_cgroup_id(const char *directory, uint64_t *ret_id)
{
	cleanup_close int fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : sys_cgroup_id_at(fd, ret_id);
}

bool sys_cgroup_up(struct sys_cgroup *cgroup)
{
	char *slash = strrchr(cgroup->directory + cgroup->mount_len, '/');

	if (!slash)
		return false;
	*slash = '\0';
	cgroup->id = 0;
	return true;
}

/* The name of what fd is open on, free of links, with the root (which may itself be reached through links) cut off. */
static int real_path(const char *root, int fd, char *ret, size_t size)
{
	char link[64], full[PATH_MAX];
	cleanup_free char *real_root = *root ? realpath(root, NULL) : strdup("");
	const char *below;
	ssize_t len;

	if (!real_root)
		return -errno;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, full, sizeof(full) - 1);
	if (len < 0)
		return -errno;
	full[len] = '\0';
	below = sys_path_below(real_root, full);
	if (!below)
		return -EXDEV;
	return (size_t)snprintf(ret, size, "%s", below) >= size ? -ENAMETOOLONG : 0;
}

static bool is_cgroupfs(int fd)
{
	struct statfs fs;

	return !fstatfs(fd, &fs) && (fs.f_type == CGROUP_SUPER_MAGIC || fs.f_type == CGROUP2_SUPER_MAGIC);
}

/* Accepts a directory if it lies, with all links followed, below a cgroup mount. */
static int accept_directory(const char *root, const struct sys_mounts *mounts, const char *path, struct sys_cgroup *ret)
{
	cleanup_close int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	const struct sys_mount *mount;
	char real[PATH_MAX];
	int err;

	if (fd < 0)
		return -errno;
	/* the files of another root are on whatever file system they were put on */
	if (!*root && !is_cgroupfs(fd))
		return -EXDEV;
	err = real_path(root, fd, real, sizeof(real));
	if (err)
		return err;
	mount = sys_mount_of(mounts, real);
	if (!is_cgroup_mount(mount))
		return -EXDEV;
	err = describe(root, mount, sys_path_below(mount->target, real), ret);
	return err ? err : sys_cgroup_id(ret->directory, &ret->id);
}

/* Tries the path below each mount of one hierarchy. */
static int search_hierarchy(const char *root, const struct sys_mounts *mounts, const char *controller, const char *text,
			    struct sys_cgroup *ret)
{
	char path[PATH_MAX];
	int err = -ENOENT;
	size_t i;

	for (i = 0; i < mounts->count; i++) {
		const struct sys_mount *mount = &mounts->mounts[i];
		const char *rest;

		if (!mount_has(mount, controller ? controller : "", !controller))
			continue;
		/* users know the path that /proc/PID/cgroup shows; a container's mount starts further down */
		rest = text[0] == '/' ? sys_path_below(mount->root, text) : text;
		if (!rest || sys_path(path, sizeof(path), root, "%s/%s", mount->target, rest))
			continue;
		err = accept_directory(root, mounts, path, ret);
		if (!err)
			break;
	}
	return err;
}

int sys_cgroup_resolve(const char *root, const char *text, struct sys_cgroup *ret)
{
	int err, reason = -ENOENT; /* of the first place that has something of that name, but no cgroup */
	struct sys_mounts mounts;
	struct sys_cgroup found;
	char path[PATH_MAX];
	size_t i;

	if (!*text)
		return -ENOENT;
	err = sys_mounts_read(root, &mounts);
	if (err)
		return err;
	err = -ENOENT;
	if (text[0] == '/') {
		err = sys_path(path, sizeof(path), root, "%s", text);
		if (!err)
			err = accept_directory(root, &mounts, path, &found);
		reason = err;
	}
	if (err) {
		err = search_hierarchy(root, &mounts, NULL, text, &found);
		reason = reason == -ENOENT ? err : reason;
	}
	for (i = 0; err && i < sizeof(controllers) / sizeof(controllers[0]); i++) {
		err = search_hierarchy(root, &mounts, controllers[i], text, &found);
		reason = reason == -ENOENT ? err : reason;
	}
	sys_mounts_free(&mounts);
	if (err)
		return reason;
	*ret = found;
	return 0;
}

const char *sys_cgroup_name(const struct sys_cgroup *cgroup)
{
	const char *path = cgroup->directory + cgroup->mount_len;

	return *path ? path : "/";
}
