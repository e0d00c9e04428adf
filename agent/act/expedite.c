/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Short RCU grace periods for the moment in which processes are moved between control groups. */
#include "act/expedite.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "act/journal_dir.h"
#include "act/journal_list.h"
#include "act/journal_tree.h"
#include "act/journal_undo.h"
#include "sys/root.h"
#include "sys/state.h"
#include "util/cleanup.h"
#include "util/log.h"

#define FILE_BELOW_ROOT "/sys/kernel/rcu_expedited"
#define LOCK_NAME "expedite.lock"
#define MARK_MAX (1 + JOURNAL_BOOT_MAX) /* of the lock's file: "1" and the boot, while the lock's owner has 1 there */
#define TURN_MS 20 /* as long as one move takes without; the agent whose turn it is speeds up ours as well */

struct expedite {
	char path[PATH_MAX];
	char mark[MARK_MAX];
	int expedited, normal; /* the two files in /sys/kernel; normal < 0: not there */
	int lock; /* -1: this object does nothing */
	bool raised; /* we wrote 1, and have the lock */
};

static void make_mark(char ret[MARK_MAX])
{
	*ret = '1';
	journal_dir_boot(ret + 1);
}

/* Returns the descriptor, or -errno; -EPERM: somebody else's. */
static int open_lock(int dir, int flags)
{
	int fd = openat(dir, LOCK_NAME, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | flags, 0600);

	if (fd < 0)
		return -errno;
	if (state_file_owns(fd))
		return fd;
	close(fd);
	return -EPERM;
}

static int open_files(struct expedite *e, const char *root, const char *directory)
{
	cleanup_close int dir = -1;
	char normal[PATH_MAX];
	int err;

	err = sys_path(e->path, sizeof(e->path), root, FILE_BELOW_ROOT);
	if (!err)
		err = sys_path(normal, sizeof(normal), root, "/sys/kernel/rcu_normal");
	if (!err)
		err = journal_tree_file(root, e->path, &e->expedited);
	if (!err && journal_tree_file(root, normal, &e->normal))
		e->normal = -1;
	if (!err)
		err = state_dir_open(directory, true, &dir);
	if (err)
		return err;
	make_mark(e->mark);
	e->lock = open_lock(dir, O_CREAT);
	return e->lock < 0 ? e->lock : 0;
}

int expedite_open(const char *root, const char *directory, struct expedite **ret)
{
	struct expedite *e = calloc(1, sizeof(*e));
	int err;

	if (!e)
		return -ENOMEM;
	e->expedited = e->normal = e->lock = -1;
	err = open_files(e, root, directory);
	if (err)
		log_debug("RCU grace periods stay as they are: %s", strerror(-err));
	*ret = e;
	return 0;
}

static bool holds(int fd, char value)
{
	char text[2];

	return pread(fd, text, sizeof(text), 0) == 2 && text[0] == value && text[1] == '\n';
}

static bool put(int fd, char value)
{
	const char text[2] = { value, '\n' };

	return pwrite(fd, text, sizeof(text), 0) == sizeof(text);
}

static void clear_mark(int lock)
{
	if (ftruncate(lock, 0) < 0)
		log_debug(LOCK_NAME " cannot be cleared: %s", strerror(errno));
}

/* With the lock held, a 1 is somebody else's wish, or an agent's that was killed: a recovery takes care of that. */
static bool raise_it(const struct expedite *e)
{
	ssize_t len = (ssize_t)strlen(e->mark);

	if (!holds(e->expedited, '0') || (e->normal >= 0 && !holds(e->normal, '0')))
		return false;
	if (pwrite(e->lock, e->mark, (size_t)len, 0) == len && put(e->expedited, '1'))
		return true;
	log_debug("%s stays 0: %s", e->path, strerror(errno));
	clear_mark(e->lock);
	return false;
}

void expedite_begin(struct expedite *e)
{
	if (e->lock < 0 || e->raised || state_claim(e->lock, TURN_MS))
		return;
	e->raised = raise_it(e);
	if (!e->raised)
		state_disclaim(e->lock);
}

void expedite_end(struct expedite *e)
{
	if (!e->raised)
		return;
	/* a recovery may have put 0 back already, and somebody may have come to want 1 again: both look the same */
	if (holds(e->expedited, '1') && !put(e->expedited, '0'))
		log_debug("%s cannot be put back to 0: %s", e->path, strerror(errno)); /* a recovery will try */
	else
		clear_mark(e->lock);
	e->raised = false;
	state_disclaim(e->lock);
}

void expedite_close(struct expedite *e)
{
	if (!e)
		return;
	expedite_end(e);
	if (e->expedited >= 0)
		close(e->expedited);
	if (e->normal >= 0)
		close(e->normal);
	if (e->lock >= 0)
		close(e->lock);
	free(e);
}

static int put_back(const char *root, journal_tell tell, void *context)
{
	struct journal_list list = { 0 };
	char path[PATH_MAX];
	int err;

	err = sys_path(path, sizeof(path), root, FILE_BELOW_ROOT);
	if (!err)
		err = journal_list_add(&list, &(struct journal_entry){ .kind = JOURNAL_ENTRY_FILE,
								       .path = path,
								       .name = "",
								       .old = "0",
								       .ours = "1",
								       .home = "" });
	if (!err)
		err = journal_undo_list(root, &list, tell, context);
	journal_list_clear(&list);
	return err;
}

int expedite_recover(const char *root, int dir, journal_tell tell, void *context)
{
	cleanup_close int lock = open_lock(dir, 0);
	char mark[MARK_MAX], found[MARK_MAX] = "";
	int err = 0;

	/* whose turn it is puts 0 back himself; and what is not ours was never acted upon */
	if (lock < 0 || state_lock_left(lock))
		return 0;
	if (pread(lock, found, sizeof(found) - 1, 0) <= 0)
		return 0;
	make_mark(mark);
	if (!strcmp(found, mark)) /* else it was written before this boot */
		err = put_back(root, tell, context);
	if (!err)
		clear_mark(lock);
	return err;
}
