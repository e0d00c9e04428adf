/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/*
 * Finds the files that are to be read. The walk's files are gathered in windows, so that memory is bounded, and each
 * window is sorted by inode: that is the order of the inode tables, and roughly that of the data.
 */
#include "warm/scan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "warm/counts.h"
#include "warm/data.h"
#include "warm/inode_set.h"
#include "warm/leftover.h"
#include "warm/walk.h"

/* The first window is small so that the reading starts at once; a large one sorts better. */
#define WINDOW_FIRST 512
#define WINDOW_MAX 65536

#define PATH_SHOWN 4096

struct candidate {
	struct walk_folder *folder; /* kept; NULL: name is a path that was given */
	uint64_t dev, inode;
	size_t name; /* offset in names */
};

struct window {
	const struct scan *scan;
	struct walk *walk;
	struct candidate *candidates; /* WINDOW_MAX */
	size_t count, limit;
	char *names;
	size_t names_used, names_room;
	size_t folders_before; /* open when the window was empty */
	struct inode_set seen; /* files that have several names */
	uint64_t budget_left;
};

static void pass_over(const struct window *w, enum leftover_why why, const struct candidate *c)
{
	char path[PATH_SHOWN];

	walk_path(c->folder, w->names + c->name, path, sizeof(path));
	leftovers_add(w->scan->leftovers, why, path);
}

static void fail(const struct window *w, const struct candidate *c, int err)
{
	char path[PATH_SHOWN];

	walk_path(c->folder, w->names + c->name, path, sizeof(path));
	leftovers_fail(w->scan->leftovers, path, err);
}

/* Returns a descriptor, or -errno having counted the failure. */
static int open_candidate(struct window *w, const struct candidate *c, struct stat *ret_st)
{
	int fd = walk_open_file(c->folder, w->names + c->name);

	if (fd == -ENOENT && c->folder)
		pass_over(w, LEFTOVER_VANISHED, c);
	else if (fd == -ELOOP && c->folder)
		pass_over(w, LEFTOVER_LINK, c); /* since the folder was listed */
	else if (fd < 0)
		fail(w, c, fd);
	if (fd < 0)
		return fd;
	if (!fstat(fd, ret_st) && S_ISREG(ret_st->st_mode))
		return fd;
	pass_over(w, leftover_of_mode(ret_st->st_mode), c);
	close(fd);
	return -EINVAL;
}

/*
 * Whether the file was met under another name. Those that have one name only are not remembered, unless they were given:
 * these may be met again in a tree. Returns 1, 0 or -ENOMEM.
 */
static int is_repeated(struct window *w, const struct candidate *c, const struct stat *st)
{
	int new;

	if (c->folder && st->st_nlink < 2)
		return inode_set_has(&w->seen, st->st_dev, st->st_ino);
	new = inode_set_add(&w->seen, st->st_dev, st->st_ino);
	return new < 0 ? new : !new;
}

/* Takes the file's missing bytes from the budget. Returns whether it is to be read. */
static bool is_wanted(struct window *w, const struct candidate *c, struct scan_file *file)
{
	struct warm_counts *counts = w->scan->counts;
	uint64_t resident = 0, missing;

	file->resident_known = !data_resident(file->fd, file->holes, file->bytes, &file->data_bytes, &resident);
	counts->hole_bytes += file->bytes - file->data_bytes;
	if (!file->data_bytes)
		return false;
	if (file->resident_known)
		counts->known_files++;
	else
		counts->unknown_files++;
	counts->resident_bytes += resident;
	if (resident == file->data_bytes) {
		counts->resident_files++;
		return false;
	}
	missing = file->data_bytes - resident;
	if (missing > w->budget_left) {
		counts->left_bytes += missing;
		pass_over(w, LEFTOVER_BUDGET, c);
		return false;
	}
	w->budget_left -= missing;
	file->resident_bytes = resident;
	counts->planned_files++;
	counts->planned_bytes += missing;
	return true;
}

static int examine(struct window *w, const struct candidate *c)
{
	struct scan_file file = { .folder = c->folder, .name = w->names + c->name };
	cleanup_close int fd = -1;
	struct stat st = { 0 };
	int repeated;

	fd = open_candidate(w, c, &st);
	if (fd < 0)
		return 0;
	repeated = is_repeated(w, c, &st);
	if (repeated < 0)
		return repeated;
	if (repeated) {
		pass_over(w, LEFTOVER_REPEATED, c);
		return 0;
	}
	w->scan->counts->files++;
	w->scan->counts->bytes += (uint64_t)st.st_size;
	file.fd = fd;
	file.bytes = (uint64_t)st.st_size;
	file.holes = data_has_holes(&st);
	if (!file.bytes || !is_wanted(w, c, &file))
		return 0;
	fd = -1;
	return w->scan->take(w->scan->context, &file);
}

static int compare(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->dev != y->dev)
		return x->dev < y->dev ? -1 : 1;
	return (x->inode > y->inode) - (x->inode < y->inode);
}

/* Examines what is in the window and empties it. */
static int flush(struct window *w)
{
	int err = 0;
	size_t i;

	if (w->count)
		qsort(w->candidates, w->count, sizeof(*w->candidates), compare);
	for (i = 0; i < w->count; i++) {
		if (!err && atomic_load(w->scan->stop))
			err = -ECANCELED;
		if (!err)
			err = examine(w, &w->candidates[i]);
		w->scan->counts->examined++;
		walk_release(w->walk, w->candidates[i].folder);
	}
	w->count = 0;
	w->names_used = 0;
	w->folders_before = walk_open_folders(w->walk);
	if (w->limit < WINDOW_MAX)
		w->limit *= 2;
	return err;
}

static int add(struct window *w, const struct walk_file *file)
{
	size_t len = strlen(file->name) + 1;

	if (w->names_room - w->names_used < len) {
		size_t room = 2 * w->names_room + len;
		char *larger = realloc(w->names, room);

		if (!larger)
			return -ENOMEM;
		w->names = larger;
		w->names_room = room;
	}
	memcpy(w->names + w->names_used, file->name, len);
	walk_keep(file->folder);
	w->candidates[w->count++] = (struct candidate){ file->folder, file->dev, file->inode, w->names_used };
	w->names_used += len;
	w->scan->counts->found++;
	return 0;
}

/* A full window, or one whose files keep too many folders open. */
static bool is_full(const struct window *w)
{
	return w->count == w->limit || walk_open_folders(w->walk) > w->folders_before + w->scan->folders_max;
}

static int scan_window(struct window *w)
{
	struct walk_file file;
	int n, err = 0;

	while (!err) {
		n = atomic_load(w->scan->stop) ? -ECANCELED : walk_next(w->walk, &file);
		if (n <= 0) {
			w->scan->counts->walked = !n;
			return n ? n : flush(w);
		}
		err = add(w, &file);
		if (!err && is_full(w))
			err = flush(w);
	}
	return err;
}

int scan_run(const struct scan *scan)
{
	struct window w = { .scan = scan, .limit = WINDOW_FIRST, .budget_left = scan->budget_bytes };
	int err = -ENOMEM;

	w.walk = walk_new(scan->paths, scan->npaths, scan->leftovers);
	w.candidates = calloc(WINDOW_MAX, sizeof(*w.candidates));
	if (w.walk && w.candidates)
		err = scan_window(&w);
	while (w.count)
		walk_release(w.walk, w.candidates[--w.count].folder);
	walk_free(w.walk);
	inode_set_free(&w.seen);
	free(w.candidates);
	free(w.names);
	return err;
}
