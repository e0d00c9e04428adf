/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Taking back what a journal says was changed. */
#include "act/journal_undo.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "act/journal_tree.h"
#include "act/systemd.h"
#include "sys/tree.h"
#include "util/cleanup.h"
#include "util/parse.h"
#include "util/text.h"

_Static_assert(JOURNAL_VALUE >= SYSTEMD_TEXT, "a journal holds the values of properties");

#define SUBTREE_CONTROL "cgroup.subtree_control"
#define CONTROLLERS_MAX 1024 /* bytes of that file */
#define ESCAPED 4 /* bytes that text_escape() makes of one */

/*
 * Reads the first line of a pseudo file. Returns 0, or -errno; -E2BIG: longer than any value that a journal holds, and
 * ret is its beginning.
 */
static int read_value(int fd, char ret[JOURNAL_VALUE])
{
	ssize_t n = pread(fd, ret, JOURNAL_VALUE, 0);
	char *end;

	if (n < 0)
		return -errno;
	end = memchr(ret, '\n', (size_t)n);
	if (!end && n == JOURNAL_VALUE) {
		ret[JOURNAL_VALUE - 1] = '\0';
		return -E2BIG;
	}
	*(end ? end : ret + n) = '\0';
	return 0;
}

/* In one write, with a newline: an empty value (no CPUs of its own, say) would be no write at all. */
static int write_value(int fd, const char *value)
{
	char line[JOURNAL_VALUE + 1];
	int len = snprintf(line, sizeof(line), "%s\n", value);
	ssize_t n = pwrite(fd, line, (size_t)len, 0);

	if (n < 0)
		return -errno;
	return n == len ? 0 : -EIO;
}

static enum journal_outcome fail(struct journal_result *ret, int err)
{
	ret->err = err;
	return JOURNAL_FAILED;
}

/* A group, or a file in it, that is removed while we hold it open answers ENODEV. */
static bool is_gone(int err)
{
	return err == -ENOENT || err == -ENODEV;
}

static enum journal_outcome put_back(int fd, const struct journal_item *item, struct journal_result *ret)
{
	char now[JOURNAL_VALUE];
	int err;

	err = read_value(fd, ret->found);
	if (err == -E2BIG)
		return JOURNAL_FOREIGN;
	if (is_gone(err))
		return JOURNAL_WAS_RESTORED;
	if (err)
		return fail(ret, err);
	if (!strcmp(ret->found, item->entry.old))
		return JOURNAL_WAS_RESTORED;
	if (!journal_item_ours(item, ret->found))
		return JOURNAL_FOREIGN;
	err = write_value(fd, item->entry.old);
	if (!err)
		err = read_value(fd, now);
	if (is_gone(err))
		return JOURNAL_WAS_RESTORED;
	if (err)
		return fail(ret, err);
	return strcmp(now, item->entry.old) ? fail(ret, -EIO) : JOURNAL_RESTORED;
}

/* What the error of opening a group means for what was changed in it. */
static enum journal_outcome without_group(struct journal_result *ret, int err)
{
	if (is_gone(err))
		return JOURNAL_WAS_RESTORED; /* and what was changed with it */
	return err == -ESTALE ? JOURNAL_FOREIGN : fail(ret, err);
}

static enum journal_outcome undo_value(const char *root, const struct journal_item *item, struct journal_result *ret)
{
	cleanup_close int group = -1, fd = -1;
	int err;

	err = journal_tree_group(root, item->entry.path, item->entry.id, &group);
	if (err)
		return without_group(ret, err);
	/* the controller may be off by now: then the value is gone as well */
	err = journal_tree_member(group, item->entry.name, O_RDWR, &fd);
	if (err)
		return is_gone(err) ? JOURNAL_WAS_RESTORED : fail(ret, err);
	return put_back(fd, item, ret);
}

static enum journal_outcome undo_file(const char *root, const struct journal_item *item, struct journal_result *ret)
{
	cleanup_close int fd = -1;
	int err;

	err = journal_tree_file(root, item->entry.path, &fd);
	if (err)
		return is_gone(err) ? JOURNAL_WAS_RESTORED : fail(ret, err);
	return put_back(fd, item, ret);
}

/* What is set for a unit is there whether it runs or not, and in whatever group it runs next: its name counts. */
static enum journal_outcome undo_unit(const char *root, const struct journal_item *item, struct journal_result *ret)
{
	const struct journal_entry *e = &item->entry;
	char unit[SYSTEMD_UNIT_MAX], now[SYSTEMD_TEXT];
	int err;

	(void)root;
	err = systemd_unit_name(e->path, unit);
	if (!err)
		err = systemd_read(unit, e->name, ret->found);
	if (is_gone(err))
		return JOURNAL_WAS_RESTORED;
	if (err)
		return fail(ret, err);
	if (!strcmp(ret->found, e->old))
		return JOURNAL_WAS_RESTORED;
	if (!journal_item_ours(item, ret->found))
		return JOURNAL_FOREIGN;
	err = systemd_write(unit, e->name, e->old);
	if (!err)
		err = systemd_read(unit, e->name, now);
	if (is_gone(err))
		return JOURNAL_WAS_RESTORED;
	if (err)
		return fail(ret, err);
	return strcmp(now, e->old) ? fail(ret, -EIO) : JOURNAL_RESTORED;
}

static enum journal_outcome undo_group(const char *root, const struct journal_item *item, struct journal_result *ret)
{
	int err = journal_undo_remove(root, &item->entry);

	if (err)
		return is_gone(err) ? JOURNAL_WAS_RESTORED : fail(ret, err);
	return JOURNAL_RESTORED;
}

/* Whether a controller is among those of cgroup.subtree_control. Returns 0 (with *ret) or -errno. */
static int is_enabled(int fd, const char *controller, bool *ret)
{
	char text[CONTROLLERS_MAX];
	ssize_t n = pread(fd, text, sizeof(text), 0);
	struct span rest, word;

	if (n < 0)
		return -errno;
	rest = (struct span){ text, (size_t)n };
	if (n && text[n - 1] == '\n')
		rest.len--;
	*ret = false;
	while (!*ret && span_next_word(&rest, &word))
		*ret = span_equals(word, controller);
	return 0;
}

static enum journal_outcome undo_controller(const char *root, const struct journal_item *item,
					    struct journal_result *ret)
{
	cleanup_close int group = -1, fd = -1;
	char text[NAME_MAX + 2];
	bool enabled = false;
	int err;

	err = journal_tree_group(root, item->entry.path, item->entry.id, &group);
	if (err)
		return without_group(ret, err);
	err = journal_tree_member(group, SUBTREE_CONTROL, O_RDWR, &fd);
	if (!err)
		err = is_enabled(fd, item->entry.name, &enabled);
	if (err)
		return is_gone(err) ? JOURNAL_WAS_RESTORED : fail(ret, err);
	if (!enabled)
		return JOURNAL_WAS_RESTORED;
	snprintf(ret->found, sizeof(ret->found), "+%s", item->entry.name);
	snprintf(text, sizeof(text), "-%s", item->entry.name);
	if (pwrite(fd, text, strlen(text), 0) < 0)
		return errno == EBUSY ? JOURNAL_FOREIGN : fail(ret, -errno);
	return JOURNAL_RESTORED;
}

void journal_undo_item(const char *root, const struct journal_item *item, struct journal_result *ret)
{
	static enum journal_outcome (*const undo[])(const char *, const struct journal_item *,
						    struct journal_result *) = {
		[JOURNAL_ENTRY_VALUE] = undo_value, [JOURNAL_ENTRY_FILE] = undo_file,
		[JOURNAL_ENTRY_GROUP] = undo_group, [JOURNAL_ENTRY_CONTROLLER] = undo_controller,
		[JOURNAL_ENTRY_UNIT] = undo_unit,   [JOURNAL_ENTRY_SCOPE] = undo_group,
	};

	*ret = (struct journal_result){ 0 };
	ret->outcome = undo[item->entry.kind](root, item, ret);
}

static void tell_of(const struct journal_entry *entry, const struct journal_result *result, journal_tell tell,
		    void *context)
{
	char path[PATH_MAX + NAME_MAX + 2], old[ESCAPED * JOURNAL_VALUE], found[ESCAPED * JOURNAL_VALUE];
	char what[ESCAPED * sizeof(path)], off[NAME_MAX + 2];
	bool controller = entry->kind == JOURNAL_ENTRY_CONTROLLER;
	const char *file = controller ? SUBTREE_CONTROL : entry->name;

	snprintf(path, sizeof(path), "%s%s%s", entry->path, *file ? "/" : "", file);
	snprintf(off, sizeof(off), "-%s", entry->name);
	text_escape(path, strlen(path), what, sizeof(what));
	text_escape(controller ? off : entry->old, strlen(controller ? off : entry->old), old, sizeof(old));
	text_escape(result->found, strlen(result->found), found, sizeof(found));
	tell(context, result->outcome, result->err, what, old, found);
}

int journal_undo_list(const char *root, const struct journal_list *list, journal_tell tell, void *context)
{
	int first_err = 0;
	size_t i;

	for (i = list->n; i-- > 0;) {
		struct journal_result result;

		journal_undo_item(root, &list->items[i], &result);
		if (tell)
			tell_of(&list->items[i].entry, &result, tell, context);
		if (result.outcome == JOURNAL_FAILED && !first_err)
			first_err = result.err;
	}
	return first_err;
}

/* The group that a group is made in, and its home, must be of one hierarchy. */
static int can_make_group(const char *root, const struct journal_entry *entry)
{
	cleanup_close int parent = -1, above = -1, home = -1;
	cleanup_free char *folder = strdup(entry->path);
	struct stat st, home_st;
	const char *name;
	int err;

	if (!folder)
		return -ENOMEM;
	*strrchr(folder, '/') = '\0';
	err = journal_tree_group(root, folder, 0, &above);
	if (!err)
		err = tree_parent(root, entry->path, &parent, &name);
	if (err)
		return err;
	if (!fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW))
		return -EEXIST;
	if (errno != ENOENT)
		return -errno;
	if (!*entry->home)
		return 0;
	err = journal_tree_group(root, entry->home, entry->id, &home);
	if (err)
		return err;
	if (fstat(parent, &st) < 0 || fstat(home, &home_st) < 0)
		return -errno;
	return st.st_dev == home_st.st_dev ? 0 : -EXDEV;
}

int journal_undo_possible(const char *root, const struct journal_entry *entry)
{
	cleanup_close int fd = -1;

	switch (entry->kind) {
	case JOURNAL_ENTRY_VALUE:
	case JOURNAL_ENTRY_CONTROLLER:
		return journal_tree_group(root, entry->path, entry->id, &fd);
	case JOURNAL_ENTRY_FILE:
		return journal_tree_file(root, entry->path, &fd);
	case JOURNAL_ENTRY_UNIT:
		return journal_tree_group(root, entry->path, 0, &fd);
	case JOURNAL_ENTRY_GROUP:
	case JOURNAL_ENTRY_SCOPE:
		return can_make_group(root, entry);
	}
	return -EINVAL;
}
