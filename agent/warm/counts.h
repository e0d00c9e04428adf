/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What a warm run has done so far. Written by the thread that does it, read by any. */
#ifndef COUNTS_H
#define COUNTS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct warm_counts {
	_Atomic uint64_t found; /* files that the walk has come across */
	_Atomic uint64_t examined; /* of these, how many were looked at; whatever became of them */
	_Atomic uint64_t files, bytes; /* files that could be opened, each once, and their sizes */
	_Atomic uint64_t hole_bytes; /* of these, those that are holes, and on no disk */
	_Atomic uint64_t resident_files; /* of these, those that were in memory as a whole */
	_Atomic uint64_t resident_bytes; /* were in memory, in these and in others */
	_Atomic uint64_t known_files, unknown_files; /* with data: those for which the kernel tells, and does not */
	_Atomic uint64_t left_bytes; /* in files that did not fit into the budget */
	_Atomic uint64_t planned_files, planned_bytes; /* to be read */
	_Atomic uint64_t read_files, read_bytes; /* of these, those that were read */
	_Atomic uint64_t after_files,
		after_bytes; /* of those that were read, those that were looked at again at the end */
	_Atomic uint64_t after_missing_bytes; /* of these bytes, those that were not in memory any more */
	_Atomic uint64_t settled_bytes; /* of the planned ones: read, failed, or not there any more */
	_Atomic bool walked; /* found is final */
};

#endif /* COUNTS_H */
