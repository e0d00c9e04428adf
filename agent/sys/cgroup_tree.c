/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* A control group as a folder: its processes, the groups below it, its controllers. */
#include "sys/cgroup_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/file.h"
#include "util/parse.h"

#define PROCS_MAX_BYTES (64U << 20) /* kernel.pid_max is at most 4194304, of up to 8 bytes each with the newline */

/* A file of a group that was removed after it was opened. */
static int gone_is_enoent(int err)
{
	return err == -ENODEV ? -ENOENT : err;
}

int sys_cgroup_open(const struct sys_cgroup *group)
{
	cleanup_close int fd = open(group->directory, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	uint64_t id;
	int err;

	if (fd < 0)
		return -errno;
	err = group->id ? sys_cgroup_id_at(fd, &id) : 0;
	if (err)
		return err;
	if (group->id && group->id != id)
		return -ENOENT;
	err = fd;
	fd = -1;
	return err;
}

int sys_cgroup_line(int dirfd, const char *file, char *ret, size_t size)
{
	size_t len;
	int err = read_file_start_at(dirfd, file, ret, size, &len);

	if (err)
		return gone_is_enoent(err);
	if (len == size)
		return -EFBIG;
	ret[len] = '\0';
	ret[strcspn(ret, "\n")] = '\0';
	return 0;
}

int sys_cgroup_write(int dirfd, const char *file, const char *text)
{
	cleanup_close int fd = openat(dirfd, file, O_WRONLY | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC);
	size_t len = strlen(text);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = write(fd, text, len);
	if (n < 0)
		return gone_is_enoent(-errno);
	return (size_t)n == len ? 0 : -EIO;
}

int sys_cgroup_lists(int dirfd, const char *file, const char *word, bool *ret)
{
	struct span rest, piece;
	char line[1024];
	int err = sys_cgroup_line(dirfd, file, line, sizeof(line));

	if (err)
		return err;
	rest = (struct span){ line, strlen(line) };
	*ret = false;
	while (span_next_word(&rest, &piece))
		*ret = *ret || span_equals(piece, word);
	return 0;
}

int sys_cgroup_is_root(int dirfd, bool v2, bool *ret)
{
	/* the kernel makes cgroup.type everywhere but in the root, and release_agent nowhere else */
	bool there = !faccessat(dirfd, v2 ? "cgroup.type" : "release_agent", F_OK, 0);

	if (!there && errno != ENOENT)
		return -errno;
	/* nor does a group that was removed have a cgroup.type */
	if (!there && faccessat(dirfd, "cgroup.procs", F_OK, 0) < 0)
		return -errno;
	*ret = there != v2;
	return 0;
}

static int parse_pids(struct span text, pid_t *ret, size_t *ret_count)
{
	struct span line;
	uint64_t pid;
	size_t n = 0;

	while (span_next(&text, '\n', &line)) {
		if (parse_u64(line, INT_MAX, &pid))
			return -EINVAL;
		ret[n++] = (pid_t)pid;
	}
	*ret_count = n;
	return 0;
}

int sys_cgroup_pids(int dirfd, pid_t **ret_pids, size_t *ret_count)
{
	cleanup_free char *text = NULL;
	cleanup_free pid_t *pids = NULL;
	size_t len = 0, lines = 1, i;
	int err;

	err = read_file_at(dirfd, "cgroup.procs", PROCS_MAX_BYTES, &text, &len);
	if (err && err != -EOPNOTSUPP)
		return gone_is_enoent(err);
	for (i = 0; i < len; i++)
		lines += text[i] == '\n';
	pids = calloc(lines, sizeof(*pids));
	if (!pids)
		return -ENOMEM;
	err = parse_pids((struct span){ text, len }, pids, ret_count);
	if (err)
		return err;
	*ret_pids = pids;
	pids = NULL;
	return 0;
}

struct walk {
	sys_cgroup_visit visit;
	void *context;
	size_t groups;
	bool cut; /* something was left out for the bounds */
};

/* Takes over fd. */
static int walk_down(struct walk *walk, int fd, const char *name, unsigned int depth)
{
	cleanup_dir DIR *dir = fdopendir(fd);
	const struct dirent *entry;
	int err, child;

	if (!dir) {
		err = -errno;
		close(fd);
		return err;
	}
	err = walk->visit(walk->context, dirfd(dir), name);
	if (err)
		return err == SYS_CGROUP_SKIP ? 0 : err;
	while ((entry = readdir(dir))) {
		if (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN)
			continue;
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (depth == SYS_CGROUP_DEPTH_MAX || walk->groups == SYS_CGROUP_GROUPS_MAX) {
			walk->cut = true;
			break;
		}
		child = openat(dirfd(dir), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (child < 0 && (errno == ENOENT || errno == ENOTDIR))
			continue;
		if (child < 0)
			return -errno;
		walk->groups++;
		err = walk_down(walk, child, entry->d_name, depth + 1);
		if (err)
			return err;
	}
	return 0;
}

int sys_cgroup_walk(int dirfd, sys_cgroup_visit visit, void *context)
{
	struct walk walk = { .visit = visit, .context = context, .groups = 1 };
	int err, fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	err = walk_down(&walk, fd, "", 1);
	return !err && walk.cut ? -E2BIG : err;
}
