/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Files whose pages the page cache missed: a bounded table, filled while records are drained. */
#ifndef MODEL_FILES_H
#define MODEL_FILES_H

#include <stddef.h>
#include <stdint.h>

#include "aa_record.h"

#define FILES_MAX 8192

struct file {
	uint64_t ino;
	uint32_t dev, generation;
	uint32_t app;
	uint32_t names; /* offset in the table's text, 0: not known */
	uint32_t names_bytes;
	uint32_t complete; /* the names reach the root of the file system */
	uint64_t pages; /* missed; 0 in a free slot */
};

struct files;

/*
 * Returns a new table, or NULL. Free with files_free().
 */
struct files *files_new(void);
void files_free(struct files *files);

/*
 * Takes in a record. Neither allocates nor fails: what finds the table full is counted.
 */
void files_miss(struct files *files, const struct aa_rec_miss *rec);
void files_name(struct files *files, const struct aa_rec_file *rec);

/*
 * Pages that missed in files for which the table had no room.
 */
uint64_t files_dropped_pages(const struct files *files);

/*
 * The files of app that missed most, at most max, most pages first. Returns how many. ret points into the table.
 */
size_t files_top(const struct files *files, uint32_t app, const struct file **ret, size_t max);

/*
 * Writes the path of file inside its file system ("/usr/bin/cc", or ".../lib/x" where its names do not reach the root)
 * to ret. Returns 0, -ENOENT if no names are known, or -ENAMETOOLONG.
 */
int files_path(const struct files *files, const struct file *file, char *ret, size_t size);

#endif /* MODEL_FILES_H */
