/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Fuzzes the recorder: whatever the records are, each page of a file is there once, and no other. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "profile/recorder.h"

#define FILES 4
#define PAGES 256

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static bool expected[FILES][2 * PAGES];

/* Five bytes: which file, from where, how much, when. */
static void feed_miss(struct recorder *r, const uint8_t *in)
{
	struct aa_rec_miss rec = { .ino = 1 + in[0] % FILES, .index = in[1], .pages = in[2] };
	uint32_t i;

	rec.h.time_ns = (uint64_t)in[3] << 24 | (uint64_t)in[4] << 12;
	recorder_miss(r, &rec, 4096);
	for (i = 0; i < rec.pages; i++)
		expected[rec.ino - 1][rec.index + i] = true;
}

static void feed_name(struct recorder *r, const uint8_t *in, size_t size)
{
	static struct aa_rec_file rec;

	memset(rec.names, in[2], sizeof(rec.names));
	rec.ino = 1 + in[0] % (2 * FILES);
	rec.complete = in[1] & 1;
	rec.bytes = in[1] * 5U;
	memcpy(rec.names, in, size < sizeof(rec.names) ? size : sizeof(rec.names));
	recorder_name(r, &rec);
}

static void check_ranges(struct recorder *r)
{
	const struct recorder_file *files = recorder_files(r);
	const struct profile_range *range;
	size_t i, n = recorder_order(r), page, f;

	for (i = 0; i < n; i++) {
		range = &recorder_ranges(r)[i];
		require(range->file < recorder_nfiles(r) && range->pages && range->seen == 1);
		f = files[range->file].ino - 1;
		require(f < FILES);
		for (page = range->page; page < range->page + range->pages; page++) {
			require(page < 2 * PAGES && expected[f][page]);
			expected[f][page] = false;
		}
	}
	for (f = 0; f < FILES; f++)
		for (page = 0; page < 2 * PAGES; page++)
			require(!expected[f][page]);
}

static void check_paths(const struct recorder *r)
{
	size_t i, room;

	for (i = 0; i < recorder_nfiles(r); i++)
		for (room = 0; room < AA_PATH_LEN + 2; room += 67) {
			char *exact = malloc(room ? room : 1);
			int len = exact ? recorder_path(r, &recorder_files(r)[i], exact, room) : -1;

			require(len < 0 || (size_t)len + 1 <= room);
			require(len < 0 || strlen(exact) == (size_t)len);
			free(exact);
		}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct recorder *r;

	if (!r)
		r = recorder_new();
	require(r);
	recorder_begin(r, 0);
	memset(expected, 0, sizeof(expected));
	for (; size >= 6; data += 6, size -= 6) {
		if (data[0] & 0x80)
			feed_name(r, data + 1, size - 1);
		else
			feed_miss(r, data + 1);
	}
	check_ranges(r);
	check_paths(r);
	return 0;
}
