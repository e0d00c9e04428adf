/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Opening what a path names, part by part and through no link. */
#include "sys/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#define FOLDER_FLAGS (O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

const char *tree_below(const char *root, const char *path)
{
	size_t n = strlen(root);

	return !strncmp(path, root, n) && path[n] == '/' && path[n + 1] ? path + n : NULL;
}

/* Goes down one part. Returns the folder in place of fd, which is closed, or -errno. */
static int step(int fd, struct span part)
{
	char name[NAME_MAX + 1];
	int next, err;

	if (!part.len || span_equals(part, ".") || span_equals(part, "..")) {
		err = -EINVAL;
	} else if (part.len > NAME_MAX) {
		err = -ENAMETOOLONG;
	} else {
		memcpy(name, part.text, part.len);
		name[part.len] = '\0';
		next = openat(fd, name, FOLDER_FLAGS);
		err = next < 0 ? -errno : next;
	}
	close(fd);
	return err;
}

/* openat2() could do this in one go, but is missing before kernel 5.6 and in many containers' filters. */
int tree_open(const char *root, struct span below)
{
	/* the root is the caller's word: it may lead through links */
	int fd = open(*root ? root : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct span part;

	if (fd < 0)
		return -errno;
	while (fd >= 0 && span_next(&below, '/', &part))
		fd = step(fd, part);
	return fd;
}

int tree_parent(const char *root, const char *path, int *ret_fd, const char **ret_name)
{
	const char *below = tree_below(root, path), *last;
	int fd;

	if (!below)
		return -EXDEV;
	last = strrchr(below, '/');
	fd = tree_open(root, (struct span){ below + 1, last == below ? 0 : (size_t)(last - below - 1) });
	if (fd < 0)
		return fd;
	*ret_fd = fd;
	*ret_name = last + 1;
	return 0;
}
