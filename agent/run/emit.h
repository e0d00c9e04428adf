/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Writing reports where the user wants them. */
#ifndef EMIT_H
#define EMIT_H

#include "options.h"
#include "run/tuning.h"
#include "run/watch.h"

/*
 * Checks that the report can be written later on, before anything else is done. Returns 0 or -errno, having said why on
 * stderr.
 */
int emit_check(const struct config *config);

/*
 * How text is to look where the reports of config go.
 */
struct report_style emit_style(const struct config *config);

/*
 * Writes text to stdout, or in place of the -o file. Returns 0 or -errno, having said why on stderr.
 */
int emit_write(const struct config *config, const char *text, size_t len);

/*
 * Writes one report for each app, or for each that was seen of those of the catalogue (if none was, one that says so): to
 * stdout one after the other, or to the -o file, which then holds this round only.
 * Nothing is written unless all of it could be made. Returns 0 or -errno, having said why on stderr.
 */
int emit_reports(const struct config *config, const struct host *host, struct watch *watch, const struct tuning *tuning,
		 enum ending ending);

#endif /* EMIT_H */
