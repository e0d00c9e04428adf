/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Taking back what a journal says was changed. */
#ifndef JOURNAL_UNDO_H
#define JOURNAL_UNDO_H

#include "act/journal.h"
#include "act/journal_list.h"

struct journal_result {
	enum journal_outcome outcome;
	int err; /* -errno of JOURNAL_FAILED */
	char found[JOURNAL_VALUE]; /* what was there; "" for groups */
};

/*
 * Whether an entry could be undone if its change were made now: what cannot be found again, for a link on the way or
 * for another id, must not be changed. Returns 0; -EEXIST (a group that is to be made is there already); -ESTALE,
 * -ENOENT, -EXDEV or what journal_tree's functions return.
 */
int journal_undo_possible(const char *root, const struct journal_entry *entry);

/*
 * Undoes one item; whether or not its change was ever made, and whether or not it was undone before.
 */
void journal_undo_item(const char *root, const struct journal_item *item, struct journal_result *ret);

/*
 * Undoes all items, the last one first, and tells. Returns 0, or -errno of the first that failed.
 */
int journal_undo_list(const char *root, const struct journal_list *list, journal_tell tell, void *context);

/*
 * Moves every process of a group of ours to its home, or to the nearest group above that which takes it, and removes
 * the group; those of a scope only to its home, and waits until systemd has removed it. Groups below it, which others
 * made, are left alone with all that is in them, and so is then the group itself: -EBUSY. So are processes that this
 * process cannot name (of another PID namespace). Returns 0, -ENOENT (it is gone already) or -errno.
 */
int journal_undo_remove(const char *root, const struct journal_entry *entry);

#endif /* JOURNAL_UNDO_H */
