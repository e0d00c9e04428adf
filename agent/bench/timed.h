/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* One run of the command, by itself or under an agent, and how long it took. */
#ifndef BENCH_TIMED_H
#define BENCH_TIMED_H

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>

#include "options.h"
#include "run/launch.h"

struct timed {
	const struct config *config; /* of the whole benchmark */
	struct signals_before signals_before; /* what the commands get back */
	int signals; /* signalfd of those that end the benchmark */
	int output; /* file that takes what the commands print, emptied before each run */
	char report[64]; /* path of the last report of a run under an agent */
	int signal; /* that ended the benchmark; 0: none yet */
};

struct timed_run {
	double seconds; /* from just before its process was made until it was reaped */
	int status; /* as a shell says it: 128 + N after signal N, 126 and 127 if it could not be started */
};

/*
 * Gets ready: takes signals over, and makes the files. Returns 0 or -errno. Release with timed_close().
 */
int timed_open(struct timed *ret, const struct config *config);

/*
 * Runs the command by itself, or as "accel-agent -- COMMAND" with the options of the benchmark. The agent's own start
 * and end are part of the time. stdin is /dev/null. Returns 0, with the run in ret; -EINTR if a signal told the
 * benchmark to stop (then the run is over as well); or -errno.
 */
int timed_run_without(struct timed *timed, struct timed_run *ret);
int timed_run_with(struct timed *timed, struct timed_run *ret);

/*
 * Does what comes before each run: --prepare's command, by "sh -c", and with --cold, writes back and drops the page
 * cache. Returns 0, with the status of the former in *ret_status; -EINTR as above; or -errno: the cache could not be
 * dropped.
 */
int timed_prepare(struct timed *timed, int *ret_status);

/*
 * Writes the last lines that the last command printed, each with prefix.
 */
void timed_say_output(const struct timed *timed, const char *prefix, FILE *out);

void timed_close(struct timed *timed);

#endif /* BENCH_TIMED_H */
