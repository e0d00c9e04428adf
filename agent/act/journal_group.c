/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Removing a group of ours: its processes go home first. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "act/journal_tree.h"
#include "act/journal_undo.h"
#include "sys/tree.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/file.h"
#include "util/parse.h"

#define PROCS "cgroup.procs"
#define PROCS_MAX_BYTES (32U << 20) /* 4 million processes */
#define LIMIT_NS 3000000000ULL /* for processes that fork meanwhile */
#define SCOPE_LIMIT_NS 5000000000ULL /* systemd takes its time, and more on a machine that is busy */
#define HOMELESS_LIMIT_NS 500000000ULL
#define MOVED_NAP_MS 1 /* we may be a realtime process: those who fork must come to run */
#define NAP_MS 5 /* tasks that die keep a group busy for a moment after they left cgroup.procs */

/* Where processes go: home, or the nearest group above it that is left and takes them. */
struct home {
	const char *root;
	char path[PATH_MAX]; /* of the group that procs belongs to */
	dev_t hierarchy; /* device of the hierarchy's file system: the way up ends where it does */
	int procs;
	bool only; /* no other will do */
};

static void home_close(struct home *home)
{
	if (home->procs >= 0)
		close(home->procs);
	home->procs = -1;
}

/* Opens the group home->path for processes to be moved to. Returns 0 or -errno. */
static int home_enter(struct home *home, uint64_t id)
{
	cleanup_close int fd = -1;
	struct stat st;
	int err;

	err = journal_tree_group(home->root, home->path, id, &fd);
	if (err)
		return err;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_dev != home->hierarchy)
		return -EXDEV;
	return journal_tree_member(fd, PROCS, O_WRONLY, &home->procs);
}

/* A group that is being removed answers ENODEV while its name is still there; another one of that name is no home. */
static bool is_lost(int err)
{
	return err == -ENOENT || err == -ENODEV || err == -ESTALE;
}

/* Goes up until there is a group. Returns 0 or -errno: none is left. */
static int home_climb(struct home *home)
{
	int err;

	home_close(home);
	do {
		*strrchr(home->path, '/') = '\0';
		/* the end of the hierarchy is another file system, or (for a test's root) that root */
		err = home_enter(home, 0);
	} while (is_lost(err));
	return err;
}

/* Finds where the processes of group go. Returns 0, or -errno if no group is left; ret->procs < 0: they go nowhere. */
static int home_open(const char *root, const struct journal_entry *entry, int group, struct home *ret)
{
	struct stat st;
	int err;

	*ret = (struct home){ .root = root, .procs = -1 };
	if (!*entry->home)
		return 0;
	if (fstat(group, &st) < 0)
		return -errno;
	ret->hierarchy = st.st_dev;
	snprintf(ret->path, sizeof(ret->path), "%s", entry->home);
	ret->only = entry->kind == JOURNAL_ENTRY_SCOPE;
	err = home_enter(ret, entry->id);
	return is_lost(err) && !ret->only ? home_climb(ret) : err;
}

/*
 * Moves one process. In v2 a group whose controllers are enabled for those below it takes none (EBUSY), nor does a
 * threaded one (EOPNOTSUPP); in v1 a cpuset without CPUs takes none (ENOSPC); one that is removed meanwhile never does
 * (ENODEV): then the one above must.
 */
static int move(struct home *home, uint64_t pid)
{
	char text[24];
	int len = snprintf(text, sizeof(text), "%llu\n", (unsigned long long)pid);
	int err = 0;

	while (!err && write(home->procs, text, (size_t)len) < 0) {
		if (home->only || (errno != EBUSY && errno != EOPNOTSUPP && errno != ENOSPC && errno != ENODEV))
			return -errno;
		err = home_climb(home);
	}
	return err;
}

/* Moves who is in group now. Returns the number of those that moved; *ret_err is -errno of the last that did not. */
static int move_all(int group, struct home *home, int *ret_err)
{
	cleanup_free char *text = NULL;
	struct span rest, line;
	int moved = 0, err;
	uint64_t pid;
	size_t len;

	err = read_file_at(group, PROCS, PROCS_MAX_BYTES, &text, &len);
	if (err) {
		*ret_err = err;
		return 0;
	}
	rest = (struct span){ text, len };
	while (home->procs >= 0 && span_next(&rest, '\n', &line)) {
		if (parse_u64(line, INT_MAX, &pid))
			continue;
		/* 0 stands for a process of another PID namespace; written, it would mean this process */
		err = pid ? move(home, pid) : -EXDEV;
		if (!err)
			moved++;
		else if (err != -ESRCH)
			*ret_err = err;
	}
	return moved;
}

static bool has_groups(int group)
{
	int fd = openat(group, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_dir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!dir && fd >= 0)
		close(fd);
	while (dir && (entry = readdir(dir))) {
		if (entry->d_type == DT_DIR && strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			return true;
	}
	return false;
}

/* Moves and tries to remove, until that is done or takes too long. */
static int empty_and_remove(int group, int parent, const char *name, struct home *home)
{
	struct timespec nap = { 0 };
	uint64_t from = clock_monotonic_ns();
	int moved, err;

	do {
		err = -EBUSY;
		moved = move_all(group, home, &err);
		if (!unlinkat(parent, name, AT_REMOVEDIR) || errno == ENOENT)
			return 0;
		if (errno != EBUSY)
			return -errno;
		if (!moved && has_groups(group))
			return -EBUSY;
		nap.tv_nsec = (moved ? MOVED_NAP_MS : NAP_MS) * 1000000L;
		nanosleep(&nap, NULL);
	} while (clock_monotonic_ns() - from < LIMIT_NS);
	return err;
}

/*
 * Moves until systemd has seen that nobody is left. A scope with processes is never stopped: that would end them. Above
 * a home that is gone are slices, which take no processes, and at last the root, where systemd would lose sight of
 * them.
 */
static int empty_scope(int group, int parent, const char *name, struct home *home)
{
	const struct timespec nap = { .tv_nsec = NAP_MS * 1000000L };
	uint64_t from = clock_monotonic_ns(), limit = home->procs < 0 ? HOMELESS_LIMIT_NS : SCOPE_LIMIT_NS;
	struct stat st;
	int err;

	do {
		err = -EBUSY;
		move_all(group, home, &err);
		if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return errno == ENOENT ? 0 : -errno;
		if (has_groups(group))
			return -EBUSY;
		nanosleep(&nap, NULL);
	} while (clock_monotonic_ns() - from < limit);
	return err;
}

int journal_undo_remove(const char *root, const struct journal_entry *entry)
{
	cleanup_close int group = -1, parent = -1;
	const char *name;
	struct home home;
	int err, home_err;

	err = journal_tree_group(root, entry->path, 0, &group);
	if (!err)
		err = tree_parent(root, entry->path, &parent, &name);
	if (err)
		return err;
	/* without a home it can still be removed, if nobody is in it */
	home_err = home_open(root, entry, group, &home);
	err = home.only ? empty_scope(group, parent, name, &home) : empty_and_remove(group, parent, name, &home);
	home_close(&home);
	/* a scope's home that is gone is no error of its own: -ENOENT would say that the scope is */
	return err == -EBUSY && home_err && !home.only ? home_err : err;
}
