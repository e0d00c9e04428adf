/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What a warm run did, or would do, as text and as JSON. */
#ifndef SUMMARY_H
#define SUMMARY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct leftovers;
struct scan_file;
struct warm_counts;

struct summary {
	const struct warm_counts *counts;
	const struct leftovers *leftovers;
	bool dry_run;
	double seconds;
	const char *backend; /* NULL: a dry run uses none */
	uint64_t budget_bytes;
	int signal; /* that stopped it; 0: none */
};

/*
 * Write the summary; check ferror(out). A JSON object that is open already is ended by it: see summary_plan_begin().
 * summary_json() returns 0 or -ENOMEM.
 */
void summary_text(const struct summary *s, FILE *out);
int summary_json(const struct summary *s, FILE *out);

/*
 * The plan of a dry run comes before its summary, file by file, so that its length does not count: begin, files, then
 * the summary. Returns 0 or -ENOMEM.
 */
void summary_plan_begin(bool json, FILE *out);
int summary_plan_file(bool json, const char *path, const struct scan_file *file, bool first, FILE *out);

#endif /* SUMMARY_H */
