/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What makes a profile one: its key, and the bounds of all that is in it. Pure: no I/O. */
#include "profile/profile.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "profile/profile_format.h"

/* 64-bit FNV-1a, with the NULs, so that no two keys are the same text. */
static uint64_t hash(uint64_t so_far, const char *text)
{
	const unsigned char *p = (const unsigned char *)text;

	do {
		so_far = (so_far ^ *p) * 0x100000001b3ULL;
	} while (*p++);
	return so_far;
}

/* Byte by byte, the lowest first: the same on all machines. */
static uint64_t hash_number(uint64_t so_far, uint64_t number)
{
	int i;

	for (i = 0; i < 64; i += 8)
		so_far = (so_far ^ (number >> i & 0xff)) * 0x100000001b3ULL;
	return so_far;
}

uint64_t profile_id(const struct profile_key *key)
{
	uint64_t h = hash(hash(hash(0xcbf29ce484222325ULL, key->command), key->program), key->directory);

	h = hash_number(h, (uint64_t)key->flags << 32 | key->uid);
	return hash_number(hash_number(h, key->program_size), (uint64_t)key->program_mtime_ns);
}

bool profile_key_equal(const struct profile_key *a, const struct profile_key *b)
{
	return !strcmp(a->command, b->command) && !strcmp(a->program, b->program) &&
	       !strcmp(a->directory, b->directory) && a->uid == b->uid && a->flags == b->flags &&
	       a->program_size == b->program_size && a->program_mtime_ns == b->program_mtime_ns;
}

const char *profile_path_of(const struct profile *profile, const struct profile_file *file)
{
	return profile->text + file->path;
}

static bool key_is_good(const struct profile_key *key)
{
	if (!key->command || !key->program || !key->directory || (key->flags & ~PROFILE_KEY_CONTAINER))
		return false;
	return *key->command && !strchr(key->command, '/') && strlen(key->command) <= NAME_MAX &&
	       strlen(key->program) < PATH_MAX && strlen(key->directory) < PATH_MAX;
}

/* The text as a whole ends in a NUL, so whatever begins in it is a string. */
static bool file_is_good(const struct profile *p, const struct profile_file *file)
{
	const char *path;

	if (file->path >= p->text_bytes)
		return false;
	path = p->text + file->path;
	if (*path != '/' || strnlen(path, PATH_MAX) == PATH_MAX)
		return false;
	if (file->flags == PROFILE_FILE_DEVICE)
		return !file->size && !file->mtime_ns;
	return !file->flags && file->size <= INT64_MAX;
}

/* No early way out: a million of them are looked at faster without. */
static bool ranges_are_good(const struct profile *p)
{
	const struct profile_range *range = p->ranges, *end = range + p->nranges;
	bool bad = false;

	for (; range < end; range++)
		bad |= (range->file >= p->nfiles) | !range->pages | (range->page > UINT32_MAX - range->pages);
	return !bad;
}

int profile_check(const struct profile *p)
{
	uint32_t i;

	if (p->nfiles > PROFILE_FILES_MAX || p->nranges > PROFILE_RANGES_MAX || p->text_bytes > PROFILE_TEXT_MAX ||
	    p->nnext > PROFILE_NEXT_MAX || !key_is_good(&p->key))
		return -EINVAL;
	if (p->text_bytes && p->text[p->text_bytes - 1])
		return -EINVAL;
	for (i = 0; i < p->nfiles; i++)
		if (!file_is_good(p, &p->files[i]))
			return -EINVAL;
	return ranges_are_good(p) ? 0 : -EINVAL;
}
