/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What a benchmark found, for people and as JSON. */
#ifndef BENCH_RESULT_H
#define BENCH_RESULT_H

#include "bench/ratio.h"
#include "bench/told.h"
#include "report/report.h"

/* Why there are no more pairs. */
enum bench_stop {
	BENCH_STOP_PAIRS, /* all that were asked for */
	BENCH_STOP_CLEAR, /* more would change nothing */
	BENCH_STOP_SIGNAL,
};

struct bench_result {
	char *const *command; /* NULL-terminated */
	const struct host *host;
	const struct bench_pair *pairs;
	size_t npairs, planned;
	bool cold;
	const char *prepare; /* NULL: none */
	struct bench_ratio ratio;
	uint64_t seed;
	enum bench_stop stop;
	const struct told *told;
};

/*
 * Write it to out. Return 0, or -errno of the first write that failed.
 */
int bench_result_text(const struct bench_result *r, const struct report_style *style, FILE *out);
int bench_result_json(const struct bench_result *r, FILE *out);

#endif /* BENCH_RESULT_H */
