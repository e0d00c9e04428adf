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
#include <sys/file.h>
#include <unistd.h>

#include "act/journal.h"
#include "act/journal_dir.h"
#include "act/journal_tree.h"
#include "sys/root.h"
#include "util/cleanup.h"
#include "util/log.h"

#define LOCK_NAME "expedite.lock"
#define TURN_MS 20 /* as long as one move takes without; the agent whose turn it is speeds up ours as well */

struct expedite {
	struct journal *journal;
	char path[PATH_MAX];
	int expedited, normal; /* the two files in /sys/kernel; normal < 0: not there */
	int lock; /* -1: this object does nothing */
	bool raised; /* we wrote 1, and have the lock */
};

static int open_files(struct expedite *e, const char *root, const char *directory)
{
	cleanup_close int dir = -1;
	char normal[PATH_MAX];
	int err;

	err = sys_path(e->path, sizeof(e->path), root, "/sys/kernel/rcu_expedited");
	if (!err)
		err = sys_path(normal, sizeof(normal), root, "/sys/kernel/rcu_normal");
	if (!err)
		err = journal_tree_file(root, e->path, &e->expedited);
	if (!err && journal_tree_file(root, normal, &e->normal))
		e->normal = -1;
	if (!err)
		err = journal_dir_open(directory, true, &dir);
	if (err)
		return err;
	e->lock = openat(dir, LOCK_NAME, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);
	if (e->lock < 0)
		return -errno;
	if (!journal_dir_owns(e->lock)) {
		close(e->lock);
		e->lock = -1;
		return -EPERM;
	}
	return 0;
}

int expedite_open(const char *root, const char *directory, struct journal *journal, struct expedite **ret)
{
	struct expedite *e = calloc(1, sizeof(*e));
	int err;

	if (!e)
		return -ENOMEM;
	e->journal = journal;
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

/* With the lock held, a 1 is somebody else's wish, or an agent's that was killed: its journal takes care of that. */
static bool raise_it(const struct expedite *e)
{
	int err;

	if (!holds(e->expedited, '0') || (e->normal >= 0 && !holds(e->normal, '0')))
		return false;
	err = journal_file(e->journal, e->path, "0", "1");
	if (err) {
		log_debug("%s stays 0: no journal entry: %s", e->path, strerror(-err));
		return false;
	}
	return put(e->expedited, '1');
}

void expedite_begin(struct expedite *e)
{
	if (e->lock < 0 || e->raised || journal_dir_lock(e->lock, TURN_MS))
		return;
	e->raised = raise_it(e);
	if (!e->raised)
		flock(e->lock, LOCK_UN);
}

void expedite_end(struct expedite *e)
{
	if (!e->raised)
		return;
	/* a recovery may have put 0 back already, and somebody may have come to want 1 again: both look the same */
	if (holds(e->expedited, '1') && !put(e->expedited, '0'))
		log_debug("%s cannot be put back to 0: %s", e->path, strerror(errno));
	e->raised = false;
	flock(e->lock, LOCK_UN);
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
