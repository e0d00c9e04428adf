/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Fuzzes the reading of journals: one line, given the checksum that it needs, and the text of a whole one. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "act/journal_entry.h"
#include "act/journal_list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void require_same(const struct journal_entry *a, const struct journal_entry *b)
{
	require(a->kind == b->kind && a->id == b->id);
	require(!strcmp(a->path, b->path) && !strcmp(a->name, b->name) && !strcmp(a->home, b->home));
	require(!strcmp(a->old, b->old) && !strcmp(a->ours, b->ours));
}

/* What can be read can be written, and reads the same again. */
static void require_round_trip(const struct journal_entry *entry)
{
	struct journal_entry again;
	char *line;
	size_t len;

	require(!journal_entry_encode(entry, &line, &len));
	require(len && line[len - 1] == '\n' && strlen(line) == len);
	require(!memchr(line, '\n', len - 1));
	require(!journal_entry_decode(line, len - 1, &again));
	require_same(entry, &again);
	free(line);
}

/* A block of just the line's size: reading beyond it shows. */
static void fuzz_line(const uint8_t *data, size_t size)
{
	struct journal_entry entry;
	char *line = malloc(size + 9), sum[10];

	if (!line)
		return;
	memcpy(line, data, size);
	snprintf(sum, sizeof(sum), " %08lx", crc32(0, data, (unsigned int)size));
	memcpy(line + size, sum, 9);
	if (!journal_entry_decode(line, size + 9, &entry))
		require_round_trip(&entry);
	free(line);
}

static void fuzz_whole(const uint8_t *data, size_t size)
{
	struct journal_list list = { 0 };
	char *text = malloc(size + 1);
	size_t damaged;

	if (!text)
		return;
	memcpy(text, data, size);
	text = realloc(text, size ? size : 1);
	if (!journal_list_parse(&list, text, size, &damaged))
		require(damaged + list.n <= size);
	journal_list_clear(&list);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_line(data, size);
	fuzz_whole(data, size);
	return 0;
}
