/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* A sample of the files that were read, to see at the end whether they are still in memory. */
#include "warm/kept.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "warm/counts.h"
#include "warm/data.h"

struct kept_file {
	int fd; /* -1: none */
	uint64_t read_bytes;
};

struct kept {
	size_t max, count;
	uint64_t stride; /* of so many files the largest is held */
	uint64_t passed; /* of those, so many came by */
	struct kept_file largest; /* of these */
	struct kept_file files[];
};

struct kept *kept_new(size_t max)
{
	struct kept *kept = calloc(1, sizeof(*kept) + max * sizeof(kept->files[0]));

	if (!kept)
		return NULL;
	kept->max = max;
	kept->stride = 1;
	kept->largest.fd = -1;
	return kept;
}

static void let_go(struct kept_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	file->fd = -1;
}

void kept_free(struct kept *kept)
{
	if (!kept)
		return;
	while (kept->count)
		let_go(&kept->files[--kept->count]);
	let_go(&kept->largest);
	free(kept);
}

static struct kept_file larger_of(struct kept_file a, struct kept_file b)
{
	if (a.fd >= 0 && a.read_bytes >= b.read_bytes) {
		let_go(&b);
		return a;
	}
	let_go(&a);
	return b;
}

/* Of two neighbours one stays. */
static void thin_out(struct kept *kept)
{
	size_t i, count = 0;

	for (i = 0; i + 1 < kept->count; i += 2)
		kept->files[count++] = larger_of(kept->files[i], kept->files[i + 1]);
	if (i < kept->count)
		kept->files[count++] = kept->files[i];
	kept->count = count;
	kept->stride *= 2;
}

void kept_add(struct kept *kept, int fd, uint64_t read_bytes)
{
	kept->largest = larger_of(kept->largest, (struct kept_file){ fd, read_bytes });
	if (++kept->passed < kept->stride)
		return;
	if (kept->count == kept->max)
		thin_out(kept);
	if (kept->count < kept->max)
		kept->files[kept->count++] = kept->largest;
	else /* there is room for none at all */
		let_go(&kept->largest);
	kept->largest.fd = -1;
	kept->passed = 0;
}

static void check(const struct kept_file *file, struct warm_counts *counts)
{
	uint64_t data, resident, missing;
	struct stat st;

	if (file->fd < 0 || fstat(file->fd, &st) < 0 ||
	    data_resident(file->fd, data_has_holes(&st), (uint64_t)st.st_size, &data, &resident))
		return;
	missing = data - resident;
	counts->after_files++;
	counts->after_bytes += file->read_bytes;
	counts->after_missing_bytes += missing < file->read_bytes ? missing : file->read_bytes;
}

void kept_check(const struct kept *kept, struct warm_counts *counts)
{
	size_t i;

	for (i = 0; i < kept->count; i++)
		check(&kept->files[i], counts);
	check(&kept->largest, counts);
}
