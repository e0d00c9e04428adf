/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What a journal says has to be undone: its entries, those of one file together. Pure: no I/O. */
#ifndef JOURNAL_LIST_H
#define JOURNAL_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "act/journal_entry.h"

#define JOURNAL_FIRST_LINE "accel-agent-journal/1\n"
#define JOURNAL_MAX_BYTES (1U << 20) /* of a journal, which is read whole */

/* One thing that was changed. */
struct journal_item {
	struct journal_entry entry; /* the first of its kind: old is what was there before all of ours */
	char *text; /* what entry points to */
	char **more; /* further values of ours */
	size_t nmore;
};

struct journal_list {
	struct journal_item *items; /* in the order of their first entries */
	size_t n;
};

/*
 * Adds a copy of an entry, to the item that it belongs to or as a new one. Returns 0 or -ENOMEM.
 */
int journal_list_add(struct journal_list *list, const struct journal_entry *entry);

/*
 * Looks up the item that an entry belongs to: the same file of the same group, and not of another one that has its name
 * now. Returns NULL if there is none.
 */
const struct journal_item *journal_list_find(const struct journal_list *list, const struct journal_entry *entry);

/*
 * Whether a value is one that we wrote there.
 */
bool journal_item_ours(const struct journal_item *item, const char *value);

/*
 * Adds all entries of a journal's text, which is decoded in place. A last line without its end is left out: whoever
 * wrote it did not live to act on it. *ret_damaged is the number of other lines that are no entries. Returns 0,
 * -EBADMSG (not a journal), -EPROTONOSUPPORT (a journal of another version) or -ENOMEM.
 */
int journal_list_parse(struct journal_list *list, char *text, size_t len, size_t *ret_damaged);

/*
 * Frees what list owns and empties it.
 */
void journal_list_clear(struct journal_list *list);

#endif /* JOURNAL_LIST_H */
