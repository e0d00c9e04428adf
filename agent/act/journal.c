/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The journal of this process: each change is written there before it is made. */
#include "act/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "act/journal_dir.h"
#include "act/journal_list.h"
#include "act/journal_undo.h"
#include "sys/state.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/file.h"
#include "util/log.h"

#define CREATE_TRIES 16
#define LOCK_WAIT_MS 1000 /* for a recovery that sees the new file first */

struct journal {
	char *root;
	int dir;
	int fd; /* locked; -1 until the first entry */
	char name[JOURNAL_NAME_MAX]; /* of fd in dir */
	off_t size; /* of what is whole in fd */
	struct journal_list list; /* what fd holds */
};

int journal_open_below(const char *root, const char *directory, struct journal **ret)
{
	struct journal *journal = calloc(1, sizeof(*journal));
	int err;

	if (!journal)
		return -ENOMEM;
	journal->dir = journal->fd = -1;
	journal->root = strdup(root);
	err = journal->root ? state_dir_open(directory, true, &journal->dir) : -ENOMEM;
	if (err) {
		journal_close(journal);
		return err;
	}
	*ret = journal;
	return 0;
}

int journal_open(const char *directory, struct journal **ret)
{
	return journal_open_below("", directory, ret);
}

const char *journal_root(const struct journal *journal)
{
	return journal->root;
}

const char *journal_name(const struct journal *journal)
{
	return journal->fd < 0 ? "" : journal->name;
}

/* Forgets the file, which gives its lock back. */
static void release(struct journal *journal)
{
	if (journal->fd >= 0)
		close(journal->fd);
	journal->fd = -1;
	journal_list_clear(&journal->list);
}

/* Adds whole lines, or nothing: what was cut off would make one line with the next entry. */
static int append(struct journal *journal, const char *text, size_t len)
{
	int err;

	if ((size_t)journal->size + len > JOURNAL_MAX_BYTES)
		return -EFBIG;
	err = write_fully(journal->fd, text, len);
	if (!err)
		journal->size += (off_t)len;
	else if (ftruncate(journal->fd, journal->size) < 0)
		log_debug("%s: cannot be cut back to its last entry: %s", journal->name, strerror(errno));
	return err;
}

/*
 * The name sorts by time, so that the journals of several agents can be undone newest first, and has the pid for people
 * who look; O_EXCL keeps it from being another's.
 */
static int create_locked(struct journal *journal)
{
	char boot[JOURNAL_BOOT_MAX];
	int tries, fd, err;

	journal_dir_boot(boot);
	for (tries = 0; tries < CREATE_TRIES; tries++) {
		snprintf(journal->name, sizeof(journal->name), JOURNAL_PREFIX "%020llu-%d%s",
			 (unsigned long long)clock_monotonic_ns(), getpid(), boot);
		fd = openat(journal->dir, journal->name, O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			    0600);
		if (fd < 0 && errno == EEXIST)
			continue;
		if (fd < 0)
			return -errno;
		err = state_claim(fd, LOCK_WAIT_MS);
		/* journal_recover() of another process may have locked it first, and removed it as nobody's */
		if (!err && state_file_names(journal->dir, journal->name, fd)) {
			journal->fd = fd;
			journal->size = 0;
			return 0;
		}
		if (err && state_file_names(journal->dir, journal->name, fd))
			unlinkat(journal->dir, journal->name, 0);
		close(fd);
		if (err && err != -EWOULDBLOCK)
			return err;
	}
	return -EEXIST;
}

static int start_file(struct journal *journal)
{
	int err = create_locked(journal);

	if (err)
		return err;
	err = append(journal, JOURNAL_FIRST_LINE, strlen(JOURNAL_FIRST_LINE));
	if (err) {
		unlinkat(journal->dir, journal->name, 0);
		release(journal);
	}
	return err;
}

/* Whether the entry tells nothing new: the knob is switched to and fro while its effect is measured. */
static bool is_known(const struct journal *journal, const struct journal_entry *entry)
{
	const struct journal_item *item = journal_list_find(&journal->list, entry);

	return item && (item->entry.kind == JOURNAL_ENTRY_CONTROLLER || journal_item_ours(item, entry->ours));
}

static int add(struct journal *journal, const struct journal_entry *entry)
{
	cleanup_free char *line = NULL;
	size_t len;
	int err;

	err = journal_entry_encode(entry, &line, &len);
	if (!err)
		err = journal_undo_possible(journal->root, entry);
	if (!err && journal->fd < 0)
		err = start_file(journal);
	/* somebody removed our file: what is written there would be lost */
	if (!err && !state_file_names(journal->dir, journal->name, journal->fd))
		err = -ESTALE;
	if (!err && !is_known(journal, entry))
		err = append(journal, line, len);
	return err ? err : journal_list_add(&journal->list, entry);
}

int journal_value(struct journal *journal, const char *directory, uint64_t id, const char *file, const char *old,
		  const char *ours)
{
	return add(journal, &(struct journal_entry){ .kind = JOURNAL_ENTRY_VALUE,
						     .id = id,
						     .path = directory,
						     .name = file,
						     .old = old,
						     .ours = ours,
						     .home = "" });
}

int journal_file(struct journal *journal, const char *path, const char *old, const char *ours)
{
	return add(
		journal,
		&(struct journal_entry){
			.kind = JOURNAL_ENTRY_FILE, .path = path, .name = "", .old = old, .ours = ours, .home = "" });
}

int journal_group(struct journal *journal, const char *directory, const char *home, uint64_t home_id)
{
	return add(journal, &(struct journal_entry){ .kind = JOURNAL_ENTRY_GROUP,
						     .id = home_id,
						     .path = directory,
						     .name = "",
						     .old = "",
						     .ours = "",
						     .home = home });
}

int journal_controller(struct journal *journal, const char *directory, uint64_t id, const char *controller)
{
	return add(journal, &(struct journal_entry){ .kind = JOURNAL_ENTRY_CONTROLLER,
						     .id = id,
						     .path = directory,
						     .name = controller,
						     .old = "",
						     .ours = "",
						     .home = "" });
}

int journal_unit(struct journal *journal, const char *directory, const char *file, const char *old, const char *ours)
{
	return add(journal, &(struct journal_entry){ .kind = JOURNAL_ENTRY_UNIT,
						     .path = directory,
						     .name = file,
						     .old = old,
						     .ours = ours,
						     .home = "" });
}

int journal_scope(struct journal *journal, const char *directory, const char *home, uint64_t home_id)
{
	return add(journal, &(struct journal_entry){ .kind = JOURNAL_ENTRY_SCOPE,
						     .id = home_id,
						     .path = directory,
						     .name = "",
						     .old = "",
						     .ours = "",
						     .home = home });
}

int journal_undo(struct journal *journal, journal_tell tell, void *context)
{
	int err = journal_undo_list(journal->root, &journal->list, tell, context);

	if (err || journal->fd < 0)
		return err;
	if (state_file_names(journal->dir, journal->name, journal->fd))
		unlinkat(journal->dir, journal->name, 0);
	release(journal);
	return 0;
}

/* The newest item of these kinds and name: one with another id is of a group that is gone. */
static int undo_one(const struct journal *journal, enum journal_kind kind, enum journal_kind other, const char *path,
		    const char *name)
{
	struct journal_result result;
	size_t i;

	for (i = journal->list.n; i-- > 0;) {
		const struct journal_item *item = &journal->list.items[i];

		if ((item->entry.kind != kind && item->entry.kind != other) || strcmp(item->entry.path, path) ||
		    strcmp(item->entry.name, name))
			continue;
		journal_undo_item(journal->root, item, &result);
		if (result.outcome == JOURNAL_FOREIGN)
			return -EBUSY;
		return result.outcome == JOURNAL_FAILED ? result.err : 0;
	}
	return -ENOENT;
}

int journal_undo_value(struct journal *journal, const char *directory, const char *file)
{
	return undo_one(journal, JOURNAL_ENTRY_VALUE, JOURNAL_ENTRY_UNIT, directory, file);
}

int journal_undo_group(struct journal *journal, const char *directory)
{
	return undo_one(journal, JOURNAL_ENTRY_GROUP, JOURNAL_ENTRY_SCOPE, directory, "");
}

int journal_keep(struct journal *journal)
{
	char kept[JOURNAL_NAME_MAX];

	if (journal->fd < 0)
		return 0;
	snprintf(kept, sizeof(kept), JOURNAL_PREFIX_KEPT "%s", journal->name + strlen(JOURNAL_PREFIX));
	if (renameat(journal->dir, journal->name, journal->dir, kept) < 0)
		return -errno;
	release(journal);
	return 0;
}

void journal_close(struct journal *journal)
{
	if (!journal)
		return;
	release(journal);
	if (journal->dir >= 0)
		close(journal->dir);
	free(journal->root);
	free(journal);
}
