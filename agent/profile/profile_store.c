/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The folder of profiles: names, what is there, and how much of it. */
#include "profile/profile_store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/state.h"
#include "util/cleanup.h"
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

struct entry {
	uint64_t id, bytes;
	struct timespec written;
	char name[PROFILE_NAME_MAX];
};

static int by_id(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
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

int profile_store_ids(const char *directory, uint64_t **ret_ids, size_t *ret_n)
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
		if (!strcmp(entries[i].name + ID_DIGITS, SUFFIX))
			ids[used++] = entries[i].id;
	qsort(ids, used, sizeof(*ids), by_id);
	*ret_ids = ids;
	*ret_n = used;
	ids = NULL;
	return 0;
}

int profile_store_forget(const char *directory, uint64_t id)
{
	char name[PROFILE_NAME_MAX], bad[PROFILE_NAME_MAX];
	cleanup_close int dir = -1;
	int err, gone, gone_bad;

	profile_store_name(id, name);
	profile_store_bad_name(id, bad);
	err = state_dir_open(directory, false, &dir);
	if (!err)
		err = state_lock(dir, PROFILE_LOCK_MS);
	if (err)
		return err;
	gone = unlinkat(dir, name, 0) ? -errno : 0;
	gone_bad = unlinkat(dir, bad, 0) ? -errno : 0;
	if (gone && gone != -ENOENT)
		return gone;
	return gone_bad && !(gone_bad == -ENOENT && !gone) ? gone_bad : 0;
}

void profile_store_prune(int dir, uint64_t keep, size_t max_files, uint64_t max_bytes)
{
	cleanup_free struct entry *entries = NULL;
	size_t n = 0, i, files = 0;
	char kept[PROFILE_NAME_MAX];
	uint64_t bytes = 0;
	struct stat st;

	if (read_folder(dir, &entries, &n))
		return;
	profile_store_name(keep, kept);
	for (i = 0; i < n; i++) {
		if (fstatat(dir, entries[i].name, &st, AT_SYMLINK_NOFOLLOW))
			continue;
		entries[i].bytes = (uint64_t)st.st_size;
		entries[i].written = st.st_mtim;
		/* within one tick of the clock others may look newer */
		if (!strcmp(entries[i].name, kept))
			entries[i].written.tv_sec = INT64_MAX;
	}
	qsort(entries, n, sizeof(*entries), newest_first);
	for (i = 0; i < n; i++) {
		files++;
		bytes += entries[i].bytes;
		if ((files <= max_files && bytes <= max_bytes) || !strcmp(entries[i].name, kept))
			continue;
		if (!unlinkat(dir, entries[i].name, 0))
			log_debug("%s: removed, there are newer profiles enough", entries[i].name);
	}
}
