/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* One line that says how far a warm run is. Pure. */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROGRESS_LEN 256
#define PROGRESS_CLEAR "\r\033[K" /* takes the line away */

/* See struct warm_counts. */
struct progress {
	double rate; /* bytes a second, lately; NAN: not known yet */
	bool walked;
	uint64_t found, examined;
	uint64_t planned_files, planned_bytes, read_files, settled_bytes;
};

/*
 * How much of the work is done, 0 to 1; NAN as long as nobody knows how many files there are. What the files that were
 * not looked at yet hold, is taken from those that were.
 */
double progress_share(const struct progress *p);

/*
 * Writes the line for a terminal of so many columns, with no newline: a bar, files, bytes, rate, time left, as far as
 * there is room for them. Returns ret.
 */
const char *progress_line(const struct progress *p, unsigned int columns, char ret[PROGRESS_LEN]);

#endif /* PROGRESS_H */
