/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Finds the files that are to be read, in the order in which they lie on the disk, and opens them. */
#ifndef SCAN_H
#define SCAN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct leftovers;
struct walk_folder;
struct warm_counts;

/* A regular file with data that is not in memory as a whole. */
struct scan_file {
	int fd;
	const struct walk_folder *folder; /* for walk_path() */
	const char *name;
	uint64_t bytes;
	uint64_t data_bytes; /* without its holes */
	uint64_t resident_bytes; /* of these; 0 where it is not known */
	bool resident_known; /* the kernel tells the user */
	bool holes; /* it may have some: for data_next() */
};

struct scan {
	char *const *paths;
	size_t npaths;
	uint64_t budget_bytes; /* at most so many bytes that are not in memory are handed out */
	size_t folders_max; /* that may be open at a time; a deep tree needs one a level */
	struct leftovers *leftovers; /* what is not handed out, and why */
	struct warm_counts *counts;
	const atomic_bool *stop; /* ends the scan soon */
	/*
	 * Takes a file, with its descriptor, in any case. Returns 0, or -errno: this ends the scan.
	 */
	int (*take)(void *context, const struct scan_file *file);
	void *context;
};

/*
 * Scans to the end. Returns 0, -ECANCELED (stop), -ENOMEM, or what take() returned.
 */
int scan_run(const struct scan *scan);

#endif /* SCAN_H */
