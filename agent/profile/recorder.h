/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/*
 * What one run of an app missed in the page cache, as the records come in: ranges of files with the time of their first
 * page, and the files' names. All memory is set aside at the start, and touched only as far as it fills.
 */
#ifndef RECORDER_H
#define RECORDER_H

#include <stddef.h>
#include <stdint.h>

#include "aa_record.h"
#include "profile/profile.h"

#define RECORDER_RANGES 1000000
#define RECORDER_FILES 131072
#define RECORDER_TEXT (12U << 20) /* bytes of names */

struct recorder_file {
	uint64_t ino; /* 0: the device itself */
	uint32_t dev; /* the kernel's dev_t: major << 20 | minor */
	uint32_t generation;
	uint32_t names; /* offset in the text, 0: not known */
	uint16_t names_bytes;
	uint16_t complete; /* the names reach the root of the file system */
};

struct recorder;

/*
 * Returns a new, empty recorder, or NULL. Free with recorder_free(), which accepts NULL.
 */
struct recorder *recorder_new(void);
void recorder_free(struct recorder *recorder);

/*
 * Forgets everything, and gives the memory back; times count from start_ns on (CLOCK_MONOTONIC).
 */
void recorder_begin(struct recorder *recorder, uint64_t start_ns);

/*
 * Takes in a record; page_bytes is the machine's page. Neither allocates nor fails: what finds no room is counted.
 */
void recorder_miss(struct recorder *recorder, const struct aa_rec_miss *rec, uint32_t page_bytes);
void recorder_name(struct recorder *recorder, const struct aa_rec_file *rec);

/* Which of AA_USE_PAGES pages of a file were looked at, from block * AA_USE_PAGES on; and since when, CLOCK_MONOTONIC. */
typedef uint64_t recorder_looked_at(void *context, uint32_t dev, uint64_t ino, uint64_t block, uint64_t *ret_since_ns);

/*
 * Leaves out what was read and never looked at, and counts the rest as used when it was: readahead brings a lot more than
 * it is asked for, and long before. Only for files, not for devices. looked_at counts in pages of the machine (page_bytes).
 * Before recorder_order().
 */
void recorder_trim(struct recorder *recorder, uint32_t page_bytes, recorder_looked_at *looked_at, void *context);

/*
 * Puts the ranges into the order of their first use, each page once, neighbours that were used together as one. Returns
 * how many there are. After it, nothing can be taken in until recorder_begin(). May allocate; without memory the order
 * is that of the records.
 */
size_t recorder_order(struct recorder *recorder);

/*
 * The ranges that recorder_order() left, one more can be written after them; and the files that they name by index.
 */
struct profile_range *recorder_ranges(struct recorder *recorder);
const struct recorder_file *recorder_files(const struct recorder *recorder);
size_t recorder_nfiles(const struct recorder *recorder);

/*
 * Bytes of all ranges; before recorder_order(), pages that were missed twice count twice.
 */
uint64_t recorder_bytes(const struct recorder *recorder);

/*
 * Ranges taken in so far; and those that found no room, or lie where no profile can name them.
 */
size_t recorder_count(const struct recorder *recorder);
uint64_t recorder_dropped(const struct recorder *recorder);

/*
 * Writes the path of file inside its file system to ret. Returns its length, -ENOENT (its names are not known up to the
 * root) or -ENAMETOOLONG.
 */
int recorder_path(const struct recorder *recorder, const struct recorder_file *file, char *ret, size_t size);

#endif /* RECORDER_H */
