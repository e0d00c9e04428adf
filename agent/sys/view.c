/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* From the links in /proc/PID, which lead to what the process has, whatever its paths are called where we are. */
#include "sys/view.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/mounts.h"
#include "sys/root.h"
#include "util/cleanup.h"

#define FIRST_FD 3
#define DESCRIPTORS 3

/* Puts a new descriptor out of the way of stdin, stdout and stderr, of which some may be closed. */
static int settle_fd(int fd, int *ret)
{
	int moved;

	if (fd < 0)
		return -errno;
	if (fd < FIRST_FD) {
		moved = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FD);
		close(fd);
		if (moved < 0)
			return -errno;
		fd = moved;
	}
	*ret = fd;
	return 0;
}

/* Whether a process is in our namespace of a kind ("ns/mnt"). Returns 1, 0 or -errno. */
static int shares(const char *root, int process, const char *kind)
{
	char path[PATH_MAX], theirs[64], ours[64];
	ssize_t n, m;
	int err = sys_path(path, sizeof(path), root, "/proc/self/%s", kind);

	if (err)
		return err;
	n = readlinkat(process, kind, theirs, sizeof(theirs));
	if (n < 0)
		return -errno;
	m = readlink(path, ours, sizeof(ours));
	if (m < 0)
		return -errno;
	return n == m && !memcmp(theirs, ours, (size_t)n);
}

int sys_view_of_process(const char *root, int process, struct sys_view *ret)
{
	struct sys_view view = { 0 };
	int err, own_mounts = 0, own_users = 0;

	err = sys_credentials_read(process, &view.credentials);
	if (!err) {
		own_users = shares(root, process, "ns/user");
		own_mounts = shares(root, process, "ns/mnt");
		view.own_users = own_users > 0;
		err = own_users < 0 ? own_users : own_mounts < 0 ? own_mounts : 0;
	}
	if (!err)
		err = settle_fd(openat(process, "exe", O_PATH | O_CLOEXEC), &view.program);
	if (!err && !own_mounts)
		err = settle_fd(openat(process, "root", O_PATH | O_DIRECTORY | O_CLOEXEC), &view.root);
	if (!err && !own_mounts)
		err = settle_fd(openat(process, "mountinfo", O_RDONLY | O_CLOEXEC), &view.mounts);
	if (err) {
		sys_view_clear(&view);
		return err;
	}
	*ret = view;
	return 0;
}

int sys_view_of_self(const char *program, struct sys_view *ret)
{
	cleanup_close int self = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct sys_view view = { .own_users = true };
	int err = self < 0 ? -errno : sys_credentials_read(self, &view.credentials);

	if (!err)
		err = settle_fd(open(program, O_PATH | O_CLOEXEC), &view.program);
	if (err) {
		sys_view_clear(&view);
		return err;
	}
	*ret = view;
	return 0;
}

void sys_view_clear(struct sys_view *view)
{
	const int fds[DESCRIPTORS] = { view->program, view->root, view->mounts };
	size_t i;

	for (i = 0; i < DESCRIPTORS; i++)
		if (fds[i])
			close(fds[i]);
	sys_credentials_clear(&view->credentials);
	*view = (struct sys_view){ 0 };
}

void sys_view_keep(const struct sys_view *view)
{
	const int fds[DESCRIPTORS] = { view->program, view->root, view->mounts };
	int next = FIRST_FD, least;
	size_t i;

	do { /* the lowest that is left, each time */
		least = INT_MAX;
		for (i = 0; i < DESCRIPTORS; i++)
			if (fds[i] >= next && fds[i] < least)
				least = fds[i];
		if (least > next)
			close_range((unsigned int)next, least == INT_MAX ? ~0U : (unsigned int)least - 1, 0);
		next = least == INT_MAX ? least : least + 1;
	} while (next != INT_MAX);
}

int sys_view_program(const struct sys_view *view, uint64_t *ret_size, int64_t *ret_mtime_ns)
{
	struct statx st;

	if (statx(view->program, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_SIZE | STATX_MTIME, &st))
		return -errno;
	*ret_size = st.stx_size;
	*ret_mtime_ns = st.stx_mtime.tv_sec * 1000000000LL + st.stx_mtime.tv_nsec;
	return 0;
}

int sys_view_mounts(const struct sys_view *view, struct sys_mounts *ret)
{
	return view->mounts ? sys_mounts_read_fd(view->mounts, ret) : sys_mounts_read("", ret);
}

int sys_view_find(int root, const char *path, bool links)
{
	struct open_how how = { .flags = O_PATH | O_NOFOLLOW | O_CLOEXEC };
	int fd;

	/* links of procfs lead out of any root */
	how.resolve = links ? RESOLVE_NO_MAGICLINKS : RESOLVE_NO_SYMLINKS;
	if (root)
		how.resolve |= RESOLVE_IN_ROOT;
	fd = (int)syscall(SYS_openat2, root ? root : AT_FDCWD, path, &how, sizeof(how));
	return fd < 0 ? -errno : fd;
}
