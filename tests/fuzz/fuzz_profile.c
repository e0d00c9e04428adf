/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Fuzzes the reading of profiles, as they are and given the size, id and checksum that they need, and merges them. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "profile/merge.h"
#include "profile/profile_format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

/* The id of the key that the header and the last key_bytes hold, if these are three strings. */
static uint64_t id_of(const char *data, size_t size, const struct profile_header *h)
{
	const char *part[3], *at = data + size - h->key_bytes;
	size_t i;

	if (h->key_bytes > size)
		return 0;
	for (i = 0; i < 3; i++) {
		part[i] = at;
		at = memchr(at, '\0', (size_t)(data + size - at));
		if (!at)
			return 0;
		at++;
	}
	return profile_id(&(struct profile_key){ part[0], part[1], part[2], h->uid, h->key_flags, h->program_size,
						 h->program_mtime_ns });
}

static void seal(char *data, size_t size)
{
	struct profile_header h;

	memcpy(&h, data, sizeof(h));
	memcpy(h.magic, PROFILE_MAGIC, sizeof(h.magic));
	h.version = PROFILE_VERSION;
	h.bytes = size;
	h.id = id_of(data, size, &h);
	memcpy(data, &h, sizeof(h));
	h.checksum = (uint32_t)crc32_z(0, (const Bytef *)data + PROFILE_CHECKED_FROM, size - PROFILE_CHECKED_FROM);
	memcpy(data, &h, sizeof(h));
}

/* Whatever the profile says can be followed, and is written again as it was read. */
static void use(const struct profile *p, const char *data)
{
	struct profile_header h, again;
	struct profile merged;
	size_t bytes = 0;
	uint32_t i;

	for (i = 0; i < p->nranges; i++) {
		const struct profile_range *range = &p->ranges[i];

		require(range->pages && range->page + range->pages > range->page);
		bytes += strlen(profile_path_of(p, &p->files[range->file]));
	}
	for (i = 0; i < p->nfiles; i++)
		bytes += strlen(profile_path_of(p, &p->files[i]));
	require(bytes <= (size_t)(p->nranges + p->nfiles) * p->text_bytes);
	profile_encode(p, &again);
	memcpy(&h, data, sizeof(h));
	require(h.checksum == again.checksum || memcmp(h.next, again.next, sizeof(h.next)));
	require(!profile_merge(p, NULL, p, &merged));
	require(!profile_check(&merged) && profile_key_equal(&merged.key, &p->key));
	profile_close(&merged);
}

/* A block of just the file's size: reading beyond it shows. */
static void fuzz(const uint8_t *input, size_t size, bool sealed)
{
	char *data = malloc(size ? size : 1);
	struct profile_header h = { 0 };
	struct profile profile;
	const char *why;

	if (!data)
		return;
	memcpy(data, input, size);
	if (size >= sizeof(h)) {
		if (sealed)
			seal(data, size);
		memcpy(&h, data, sizeof(h));
	}
	if (!profile_decode(data, size, h.id, &profile, &why))
		use(&profile, data);
	else
		require(why && *why);
	free(data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz(data, size, false);
	if (size >= sizeof(struct profile_header))
		fuzz(data, size, true);
	return 0;
}
