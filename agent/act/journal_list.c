/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What a journal says has to be undone: its entries, those of one file together. Pure: no I/O. */
#include "act/journal_list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/parse.h"

/* Copies text to *end and moves *end behind its NUL. Returns the copy. */
static const char *keep(char **end, const char *text)
{
	char *copy = *end;

	*end = stpcpy(copy, text) + 1;
	return copy;
}

/* All strings in one block: a hostile journal of a megabyte has tens of thousands of entries. */
static int copy_entry(const struct journal_entry *from, struct journal_item *ret)
{
	size_t room = strlen(from->path) + strlen(from->name) + strlen(from->old) + strlen(from->ours) +
		      strlen(from->home) + 5;
	char *text = malloc(room), *end = text;

	if (!text)
		return -ENOMEM;
	*ret = (struct journal_item){
		.text = text,
		.entry.kind = from->kind,
		.entry.id = from->id,
		.entry.path = keep(&end, from->path),
		.entry.name = keep(&end, from->name),
		.entry.old = keep(&end, from->old),
		.entry.ours = keep(&end, from->ours),
		.entry.home = keep(&end, from->home),
	};
	return 0;
}

const struct journal_item *journal_list_find(const struct journal_list *list, const struct journal_entry *entry)
{
	size_t i;

	for (i = list->n; i-- > 0;) {
		const struct journal_entry *known = &list->items[i].entry;

		if (known->kind == entry->kind && known->id == entry->id && !strcmp(known->path, entry->path) &&
		    !strcmp(known->name, entry->name) && !strcmp(known->home, entry->home))
			return &list->items[i];
	}
	return NULL;
}

bool journal_item_ours(const struct journal_item *item, const char *value)
{
	size_t i;

	if (!strcmp(item->entry.ours, value))
		return true;
	for (i = 0; i < item->nmore; i++) {
		if (!strcmp(item->more[i], value))
			return true;
	}
	return false;
}

static int add_ours(struct journal_item *item, const char *value)
{
	char **more, *copy;

	if (journal_item_ours(item, value))
		return 0;
	more = realloc(item->more, (item->nmore + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	item->more = more;
	copy = strdup(value);
	if (!copy)
		return -ENOMEM;
	item->more[item->nmore++] = copy;
	return 0;
}

int journal_list_add(struct journal_list *list, const struct journal_entry *entry)
{
	const struct journal_item *known = journal_list_find(list, entry);
	struct journal_item *items;
	int err;

	if (known)
		return add_ours(&list->items[known - list->items], entry->ours);
	items = realloc(list->items, (list->n + 1) * sizeof(*items));
	if (!items)
		return -ENOMEM;
	list->items = items;
	err = copy_entry(entry, &items[list->n]);
	if (!err)
		list->n++;
	return err;
}

/* Takes the first line off the text. Returns 0 as well for a text that ends within it: a journal without entries. */
static int take_first_line(struct span *rest)
{
	static const char first[] = JOURNAL_FIRST_LINE;
	size_t len = sizeof(first) - 1, n = rest->len < len ? rest->len : len;

	if (!memcmp(rest->text, first, n)) {
		rest->text += n;
		rest->len -= n;
		return 0;
	}
	return span_starts(*rest, "accel-agent-journal/") ? -EPROTONOSUPPORT : -EBADMSG;
}

int journal_list_parse(struct journal_list *list, char *text, size_t len, size_t *ret_damaged)
{
	struct span rest = { text, len }, line;
	size_t damaged = 0;
	int err;

	err = take_first_line(&rest);
	if (err)
		return err;
	while (rest.len && memchr(rest.text, '\n', rest.len)) {
		struct journal_entry entry;

		span_next(&rest, '\n', &line);
		if (journal_entry_decode(text + (line.text - text), line.len, &entry)) {
			damaged++;
			continue;
		}
		err = journal_list_add(list, &entry);
		if (err)
			return err;
	}
	*ret_damaged = damaged;
	return 0;
}

void journal_list_clear(struct journal_list *list)
{
	size_t i, k;

	for (i = 0; i < list->n; i++) {
		for (k = 0; k < list->items[i].nmore; k++)
			free(list->items[i].more[k]);
		free(list->items[i].more);
		free(list->items[i].text);
	}
	free(list->items);
	*list = (struct journal_list){ 0 };
}
