/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Reports: model, verdicts and changes to text or JSON. */
#ifndef REPORT_H
#define REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "detect/detect.h"
#include "model/change.h"
#include "model/model.h"
#include "model/operations.h"
#include "model/prefetch.h"
#include "model/replayed.h"

struct report {
	const struct app *app;
	const struct host *host;
	const struct agent_cost *cost;
	const struct verdict *verdicts;
	size_t nverdicts;
	bool interim;
	const struct change *changes;
	size_t nchanges;
	const struct operation *operations;
	size_t noperations;
	const struct replayed *replayed; /* NULL: the same for replaying */
	const struct prefetch_recorded *recorded; /* NULL: recording was not allowed, or not possible */
	bool dry_run;
	bool keep; /* --on-exit keep: what is still in force at the end was left so on purpose */
	const char *unchanged; /* why nothing was changed, to follow "Nothing was changed: "; NULL: what is usual */
	bool restricted; /* the settings allow only some of the actions */
};

struct report_style {
	bool colour;
	unsigned int columns; /* of the terminal; 80 where unknown */
	bool utf8; /* the locale's characters are UTF-8; else the report is plain ASCII */
};

/*
 * Write one report to out. Return 0, or -errno of the first write that failed (out may be half-written then: the caller
 * writes to a temporary file or to memory).
 */
int report_text(const struct report *r, const struct report_style *style, FILE *out);
int report_json(const struct report *r, FILE *out);

#endif /* REPORT_H */
