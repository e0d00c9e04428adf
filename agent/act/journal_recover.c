/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Undoing the journals of agents that did not live to do it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "act/expedite.h"
#include "act/journal.h"
#include "act/journal_dir.h"
#include "act/journal_list.h"
#include "act/journal_undo.h"
#include "sys/state.h"
#include "util/cleanup.h"
#include "util/log.h"
#include "util/parse.h"
#include "util/text.h"

#define OTHERS_MS 10000 /* that recoveries wait for each other */

struct recovery {
	const char *root;
	const char *directory;
	int dir;
	const char *own; /* name of a journal that is left alone; NULL: none is */
	journal_tell tell;
	void *context;
	unsigned int live;
	unsigned int undone;
};

static void tell_failed(const struct recovery *r, const char *name, int err)
{
	char path[PATH_MAX + NAME_MAX + 2], what[4 * sizeof(path)];

	if (!r->tell)
		return;
	snprintf(path, sizeof(path), "%s/%s", r->directory, name);
	text_escape(path, strlen(path), what, sizeof(what));
	r->tell(r->context, JOURNAL_FAILED, err, what, "", "");
}

/* For what can never be undone: said once, then kept for whoever wants to look, and not looked at again. */
static void set_aside(const struct recovery *r, const char *name)
{
	char aside[NAME_MAX + sizeof(JOURNAL_PREFIX_ASIDE)];

	snprintf(aside, sizeof(aside), JOURNAL_PREFIX_ASIDE "%s", name);
	if (renameat(r->dir, name, r->dir, aside) < 0)
		log_debug("%s cannot be set aside: %s", name, strerror(errno));
}

/* The file is ours alone and locked: its size stands. Returns 0, -EFBIG, -ENOMEM or -errno. */
static int read_whole(int fd, char **ret_text, size_t *ret_len)
{
	cleanup_free char *text = NULL;
	size_t used = 0;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_size > JOURNAL_MAX_BYTES)
		return -EFBIG;
	text = malloc((size_t)st.st_size + 1);
	if (!text)
		return -ENOMEM;
	while (used < (size_t)st.st_size) {
		ssize_t n = pread(fd, text + used, (size_t)st.st_size - used, (off_t)used);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		used += (size_t)n;
	}
	*ret_text = text;
	*ret_len = used;
	text = NULL;
	return 0;
}

/* Returns 0 or -errno: why the journal as a whole cannot be read; then nothing was done. */
static int undo_journal(struct recovery *r, const char *name, int fd)
{
	cleanup_free char *text = NULL;
	struct journal_list list = { 0 };
	size_t len = 0, damaged = 0, i;
	int err;

	err = read_whole(fd, &text, &len);
	if (!err)
		err = journal_list_parse(&list, text, len, &damaged);
	if (err) {
		journal_list_clear(&list);
		return err;
	}
	err = journal_undo_list(r->root, &list, r->tell, r->context);
	journal_list_clear(&list);
	for (i = 0; i < damaged; i++)
		tell_failed(r, name, -EBADMSG);
	if (err) /* stays, for the next time */
		return 0;
	if (damaged) {
		set_aside(r, name);
	} else {
		unlinkat(r->dir, name, 0);
		r->undone++;
	}
	return 0;
}

static void recover_one(struct recovery *r, const char *name)
{
	cleanup_close int fd = openat(r->dir, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int err = fd < 0 ? -errno : 0;

	if (err == -ENOENT)
		return;
	if (!err && !state_file_owns(fd))
		err = -EPERM;
	if (!err) {
		err = state_lock_left(fd);
		if (err == -EWOULDBLOCK) {
			r->live++;
			return;
		}
		/* while we had no lock, its owner may have undone it, or kept it */
		if (!err && !state_file_names(r->dir, name, fd))
			return;
		if (!err)
			err = undo_journal(r, name, fd);
	}
	if (!err)
		return;
	tell_failed(r, name, err);
	/* a link, a device, a file of somebody else, or no journal */
	if (err == -ELOOP || err == -EPERM || err == -ENXIO || err == -EISDIR || err == -EBADMSG || err == -EFBIG)
		set_aside(r, name);
}

static bool is_kept(const char *name)
{
	return !strncmp(name, JOURNAL_PREFIX_KEPT, strlen(JOURNAL_PREFIX_KEPT));
}

static int is_journal(const struct dirent *entry)
{
	return is_kept(entry->d_name) || !strncmp(entry->d_name, JOURNAL_PREFIX, strlen(JOURNAL_PREFIX));
}

/* After the prefix comes the time. */
static int newest_first(const struct dirent **a, const struct dirent **b)
{
	return strcmp(strchr((*b)->d_name, '-'), strchr((*a)->d_name, '-'));
}

static bool is_own(const struct recovery *r, const char *name)
{
	return r->own && !strcmp(name, r->own);
}

/* Returns 0 or -errno. */
static int recover_all(struct recovery *r, bool kept)
{
	char boot[JOURNAL_BOOT_MAX];
	struct dirent **names;
	int n, i, err;

	err = state_dir_open(r->directory, false, &r->dir);
	if (err)
		return err == -ENOENT ? 0 : err;
	/* one at a time: what another recovery holds is no agent that lives */
	err = state_lock(r->dir, OTHERS_MS);
	n = err ? err : scandirat(r->dir, ".", &names, is_journal, newest_first);
	if (n < 0) {
		err = err ? err : -errno;
		close(r->dir);
		return err;
	}
	journal_dir_boot(boot);
	for (i = 0; i < n; i++) {
		if (journal_dir_outlived(names[i]->d_name, boot)) /* on a /run that is no tmpfs */
			unlinkat(r->dir, names[i]->d_name, 0);
		else if ((kept || !is_kept(names[i]->d_name)) && !is_own(r, names[i]->d_name))
			recover_one(r, names[i]->d_name);
		free(names[i]);
	}
	free(names);
	expedite_recover(r->root, r->dir, r->tell, r->context); /* what failed is told, and left to the next */
	close(r->dir);
	return 0;
}

int journal_recover_below(const char *root, const char *directory, bool kept, journal_tell tell, void *context,
			  unsigned int *ret_live)
{
	struct recovery r = { .root = root, .directory = directory, .tell = tell, .context = context };
	int err = recover_all(&r, kept);

	if (err)
		return err;
	*ret_live = r.live;
	return (int)r.undone;
}

int journal_recover_others(const struct journal *own, const char *directory, journal_tell tell, void *context)
{
	struct recovery r = {
		.root = journal_root(own),
		.directory = directory,
		.own = journal_name(own),
		.tell = tell,
		.context = context,
	};

	return recover_all(&r, false);
}

int journal_recover(const char *directory, bool kept, journal_tell tell, void *context, unsigned int *ret_live)
{
	return journal_recover_below("", directory, kept, tell, context, ret_live);
}
