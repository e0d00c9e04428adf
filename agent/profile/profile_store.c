/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The folder of profiles: names, what is there, and how much of it. */
#include "profile/profile_store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "profile/profile_format.h"
#include "sys/state.h"
#include "util/cleanup.h"
#include "util/file.h"
#include "util/log.h"

#define ID_DIGITS 16
#define SUFFIX ".profile"
#define SUFFIX_BAD SUFFIX ".bad"

_Static_assert(ID_DIGITS + sizeof(SUFFIX_BAD) <= PROFILE_NAME_MAX, "names fit");

void profile_store_name(uint64_t id, char ret[PROFILE_NAME_MAX])
{
	snprintf(ret, PROFILE_NAME_MAX, "%0*" PRIx64 SUFFIX, ID_DIGITS, id);
}

void profile_store_bad_name(uint64_t id, char ret[PROFILE_NAME_MAX])
{
	snprintf(ret, PROFILE_NAME_MAX, "%0*" PRIx64 SUFFIX_BAD, ID_DIGITS, id);
}

/* Only names that profile_store_name() makes: other files in the folder are none of our business. */
static bool parse_name(const char *name, const char *suffix, uint64_t *ret)
{
	if (strspn(name, "0123456789abcdef") != ID_DIGITS || strcmp(name + ID_DIGITS, suffix))
		return false;
	*ret = strtoull(name, NULL, 16);
	return true;
}

bool profile_store_parse(const char *name, uint64_t *ret_id)
{
	return parse_name(name, SUFFIX, ret_id);
}

struct entry {
	uint64_t id, bytes;
	struct timespec written;
	uint32_t user; /* see user_of() */
	bool regular, gone;
	char name[PROFILE_NAME_MAX];
};

static int by_id(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static int entry_by_id(const void *a, const void *b)
{
	return by_id(&((const struct entry *)a)->id, &((const struct entry *)b)->id);
}

static int newest_first(const void *a, const void *b)
{
	const struct timespec *x = &((const struct entry *)a)->written, *y = &((const struct entry *)b)->written;

	if (x->tv_sec != y->tv_sec)
		return x->tv_sec < y->tv_sec ? 1 : -1;
	return (x->tv_nsec < y->tv_nsec) - (x->tv_nsec > y->tv_nsec);
}

/* Returns 1 for an entry that is one of ours, 0 for others, or -ENOMEM. */
static int add(struct entry **entries, size_t n, size_t *room, const char *name)
{
	struct entry *larger;
	uint64_t id;

	if (!parse_name(name, SUFFIX, &id) && !parse_name(name, SUFFIX_BAD, &id))
		return 0;
	if (n == *room) {
		*room = *room ? 2 * *room : PROFILE_STORE_MAX;
		larger = realloc(*entries, *room * sizeof(*larger));
		if (!larger)
			return -ENOMEM;
		*entries = larger;
	}
	(*entries)[n] = (struct entry){ .id = id };
	strcpy((*entries)[n].name, name); /* fits: parse_name() knows its length */
	return 1;
}

/* Whatever is there by such a name, be it a file or not. The caller frees *ret. dir stays open. */
static int read_folder(int dir, struct entry **ret, size_t *ret_n)
{
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_dir DIR *stream = copy < 0 ? NULL : fdopendir(copy);
	cleanup_free struct entry *entries = NULL;
	size_t n = 0, room = 0;
	struct dirent *entry;
	int added;

	if (!stream) {
		added = -errno;
		if (copy >= 0)
			close(copy);
		return added;
	}
	while ((entry = readdir(stream))) {
		added = add(&entries, n, &room, entry->d_name);
		if (added < 0)
			return added;
		n += (size_t)added;
	}
	*ret = entries;
	*ret_n = n;
	entries = NULL;
	return 0;
}

/* The ids of those whose names end in suffix. */
static int list(const char *directory, const char *suffix, uint64_t **ret_ids, size_t *ret_n)
{
	cleanup_free struct entry *entries = NULL;
	cleanup_free uint64_t *ids = NULL;
	cleanup_close int dir = -1;
	size_t n = 0, i, used = 0;
	int err;

	err = state_dir_open(directory, false, &dir);
	if (!err)
		err = read_folder(dir, &entries, &n);
	if (err && err != -ENOENT)
		return err;
	ids = malloc((n + 1) * sizeof(*ids));
	if (!ids)
		return -ENOMEM;
	for (i = 0; i < n; i++)
		if (!strcmp(entries[i].name + ID_DIGITS, suffix))
			ids[used++] = entries[i].id;
	qsort(ids, used, sizeof(*ids), by_id);
	*ret_ids = ids;
	*ret_n = used;
	ids = NULL;
	return 0;
}

int profile_store_ids(const char *directory, uint64_t **ret_ids, size_t *ret_n)
{
	return list(directory, SUFFIX, ret_ids, ret_n);
}

int profile_store_aside(const char *directory, uint64_t **ret_ids, size_t *ret_n)
{
	return list(directory, SUFFIX_BAD, ret_ids, ret_n);
}

/* The folder above is ours as well: /var/lib/accel-agent. */
static int open_folder(const char *directory, int *ret_fd)
{
	char above[PATH_MAX];
	int err, fd;
	char *slash;

	err = state_dir_open(directory, true, ret_fd);
	if (err != -ENOENT)
		return err;
	if (snprintf(above, sizeof(above), "%s", directory) >= (int)sizeof(above))
		return -ENAMETOOLONG;
	slash = strrchr(above, '/');
	*slash = '\0';
	err = state_dir_open(above, true, &fd);
	if (err)
		return err;
	close(fd);
	return state_dir_open(directory, true, ret_fd);
}

/* Takes dir over: it is closed if there is no lock to be had. */
static int lock(int dir, int *ret_dir)
{
	int err = state_lock(dir, PROFILE_LOCK_MS);

	if (err)
		close(dir);
	else
		*ret_dir = dir;
	return err;
}

int profile_store_lock(const char *directory, int *ret_dir)
{
	int dir, err = open_folder(directory, &dir);

	return err ? err : lock(dir, ret_dir);
}

/* The folder as it is, with its lock. */
static int open_locked(const char *directory, int *ret_dir)
{
	int dir, err = state_dir_open(directory, false, &dir);

	return err ? err : lock(dir, ret_dir);
}

int profile_store_forget(const char *directory, uint64_t id)
{
	char name[PROFILE_NAME_MAX], bad[PROFILE_NAME_MAX];
	cleanup_close int dir = -1;
	int err = open_locked(directory, &dir), gone, gone_bad;

	profile_store_name(id, name);
	profile_store_bad_name(id, bad);
	if (err)
		return err;
	gone = unlinkat(dir, name, 0) ? -errno : 0;
	gone_bad = unlinkat(dir, bad, 0) ? -errno : 0;
	if (gone && gone != -ENOENT)
		return gone;
	return gone_bad && !(gone_bad == -ENOENT && !gone) ? gone_bad : 0;
}

int profile_store_forget_all(const char *directory, uint64_t **ret_ids, size_t *ret_n)
{
	cleanup_free struct entry *entries = NULL;
	cleanup_free uint64_t *ids = NULL;
	cleanup_close int dir = -1;
	size_t n = 0, i, used = 0;
	int err = open_locked(directory, &dir), failed = 0;

	if (!err)
		err = read_folder(dir, &entries, &n);
	if (err && err != -ENOENT)
		return err;
	ids = malloc((n + 1) * sizeof(*ids));
	if (!ids)
		return -ENOMEM;
	if (n)
		qsort(entries, n, sizeof(*entries), entry_by_id);
	for (i = 0; i < n; i++) {
		if (unlinkat(dir, entries[i].name, 0))
			failed = -errno;
		else if (!used || ids[used - 1] != entries[i].id)
			ids[used++] = entries[i].id;
	}
	if (failed)
		return failed;
	*ret_ids = ids;
	*ret_n = used;
	ids = NULL;
	return 0;
}

/* --- making room --- */

#define NOBODY UINT32_MAX

/* Whose profile it is, by its header. What is set aside, or has none, is of no use to anybody. */
static uint32_t user_of(int dir, const struct entry *entry)
{
	struct profile_header h;
	size_t len;

	if (!entry->regular || strcmp(entry->name + ID_DIGITS, SUFFIX) ||
	    read_file_start_at(dir, entry->name, (char *)&h, sizeof(h), &len) || len < sizeof(h) ||
	    memcmp(h.magic, PROFILE_MAGIC, sizeof(h.magic)) || h.version != PROFILE_VERSION)
		return NOBODY;
	return h.uid;
}

/* What a user has in the folder. */
struct holder {
	uint32_t user;
	size_t files;
	uint64_t bytes;
};

struct room {
	size_t max_files;
	uint64_t max_bytes;
	struct holder all;
	struct holder *holders; /* not owned; room for one of each entry */
	size_t n; /* of holders */
};

static bool is_full(const struct room *r)
{
	return r->all.files > r->max_files || r->all.bytes > r->max_bytes;
}

/* Sizes and times; which is all that is needed as long as there is room. */
static void measure(int dir, struct entry *entries, size_t n, const char *kept, struct room *r)
{
	struct stat st;
	size_t i;

	for (i = 0; i < n; i++) {
		r->all.files++;
		if (fstatat(dir, entries[i].name, &st, AT_SYMLINK_NOFOLLOW))
			continue;
		entries[i].bytes = (uint64_t)st.st_size;
		entries[i].written = st.st_mtim;
		entries[i].regular = S_ISREG(st.st_mode);
		r->all.bytes += entries[i].bytes;
		/* within one tick of the clock others may look newer */
		if (!strcmp(entries[i].name, kept))
			entries[i].written.tv_sec = INT64_MAX;
	}
}

static void charge(struct room *r, const struct entry *entry)
{
	size_t i = 0;

	while (i < r->n && r->holders[i].user != entry->user)
		i++;
	if (i == r->n)
		r->holders[r->n++] = (struct holder){ .user = entry->user };
	r->holders[i].files++;
	r->holders[i].bytes += entry->bytes;
}

/* How much of what there may be somebody has, by the limit that is closer; what is of no use goes first. */
static double share_of(const struct room *r, const struct holder *h)
{
	double files = (double)h->files / (double)r->max_files, bytes = (double)h->bytes / (double)r->max_bytes;

	if (h->user == NOBODY && h->files)
		return HUGE_VAL;
	return files > bytes ? files : bytes;
}

static struct holder *who_has_most(const struct room *r)
{
	struct holder *most = &r->holders[0];
	size_t i;

	for (i = 1; i < r->n; i++)
		if (share_of(r, &r->holders[i]) > share_of(r, most))
			most = &r->holders[i];
	return most;
}

/* The last one, which is the oldest, of a user, but for the one that is kept. NULL: there is no other one. */
static struct entry *oldest_of(struct entry *entries, size_t n, uint32_t user, const char *kept)
{
	while (n-- > 0)
		if (!entries[n].gone && entries[n].user == user && strcmp(entries[n].name, kept))
			return &entries[n];
	return NULL;
}

static void make_room(int dir, struct entry *entries, size_t n, const char *kept, struct room *r)
{
	struct holder *most;
	struct entry *entry;
	size_t i;

	for (i = 0; i < n; i++) {
		entries[i].user = user_of(dir, &entries[i]);
		charge(r, &entries[i]);
	}
	qsort(entries, n, sizeof(*entries), newest_first);
	while (is_full(r)) {
		most = who_has_most(r);
		if (!most->files)
			return;
		entry = oldest_of(entries, n, most->user, kept);
		if (!entry) {
			most->files = most->bytes = 0;
			continue;
		}
		/* who cannot be removed is not tried again */
		entry->gone = true;
		most->files--;
		most->bytes -= entry->bytes;
		r->all.files--;
		r->all.bytes -= entry->bytes;
		if (!unlinkat(dir, entry->name, 0))
			log_debug("%s: removed, there are others enough", entry->name);
	}
}

void profile_store_prune(int dir, uint64_t keep, size_t max_files, uint64_t max_bytes)
{
	struct room room = { .max_files = max_files, .max_bytes = max_bytes };
	cleanup_free struct entry *entries = NULL;
	cleanup_free struct holder *holders = NULL;
	char kept[PROFILE_NAME_MAX];
	size_t n = 0;

	if (read_folder(dir, &entries, &n) || !n)
		return;
	profile_store_name(keep, kept);
	measure(dir, entries, n, kept, &room);
	if (!is_full(&room))
		return;
	holders = calloc(n, sizeof(*holders));
	if (!holders)
		return;
	room.holders = holders;
	make_room(dir, entries, n, kept, &room);
}
