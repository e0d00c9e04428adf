/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What the doctor found: lines in groups, and what follows from them. */
#ifndef FINDING_H
#define FINDING_H

#include <stdbool.h>
#include <stddef.h>

#include "report/page.h"

enum finding_state {
	FINDING_OK,
	FINDING_MISSING,
	FINDING_UNKNOWN,
	FINDING_ELSEWHERE, /* a thing of other machines, which nobody misses here */
};

/* What is lost where something is missing. */
enum finding_weight {
	FINDING_PART, /* a part of the report, or of what is changed or read ahead */
	FINDING_SUPPORT, /* everything: this kernel or container cannot */
	FINDING_PERMISSION, /* everything: this process may not */
};

#define FINDINGS_MAX 96

struct finding {
	const char *group; /* static */
	char name[32];
	enum finding_state state;
	enum finding_weight weight;
	char detail[400];
};

struct findings {
	const char *group; /* of the findings to come, static */
	struct finding rows[FINDINGS_MAX];
	size_t used;
};

/*
 * Starts a group. title is not copied.
 */
void findings_group(struct findings *f, const char *title);

/*
 * Add a finding to the present group. Text that is too long is cut; a finding that finds the table full is left out.
 * The detail of a missing one ends with what would provide it.
 */
void findings_ok(struct findings *f, const char *name, const char *format, ...) __attribute__((format(printf, 3, 4)));
void findings_missing(struct findings *f, enum finding_weight weight, const char *name, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void findings_unknown(struct findings *f, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void findings_elsewhere(struct findings *f, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * The exit status of the program that follows from the findings: EXIT_DENIED before EXIT_UNSUPPORTED before EXIT_DONE.
 */
int findings_status(const struct findings *f);

/*
 * Writes all findings, and what follows from them in one sentence at the end.
 */
void findings_print(const struct findings *f, const struct page *page);

#endif /* FINDING_H */
