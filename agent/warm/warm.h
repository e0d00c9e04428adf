/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* A warm run: finds files, reads them, watches for signals, each on a thread of its own. */
#ifndef WARM_H
#define WARM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct accel_io;
struct leftovers;
struct scan_file;
struct warm_counts;

struct warm_config {
	char *const *paths;
	size_t npaths;
	uint64_t budget_bytes;
	bool progress; /* stderr is a terminal, and the user wants to see it */
	struct accel_io *io; /* NULL: nothing is read, list() gets what would be */
	/* Returns 0, or -errno: this ends the run. */
	int (*list)(void *context, const char *path, const struct scan_file *file);
	void *context;
};

/*
 * Runs to the end, or to the first SIGINT, SIGTERM or SIGHUP, which stay blocked. What became of the files is counted in
 * counts, which starts zeroed, and in leftovers. Returns 0, also where some files failed; -ECANCELED, with *ret_signal;
 * what list() returned; or -errno.
 */
int warm_run(const struct warm_config *config, struct warm_counts *counts, struct leftovers *leftovers,
	     int *ret_signal);

#endif /* WARM_H */
