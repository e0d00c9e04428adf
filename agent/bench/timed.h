/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* One run of the command, by itself or under an agent, and how long it took. */
#ifndef BENCH_TIMED_H
#define BENCH_TIMED_H

#include <stddef.h>
#include <stdio.h>

#include "options.h"
#include "run/signals.h"

#define TIMED_SAID 2048 /* bytes of what a command printed last that are kept */

struct timed {
	const struct config *config; /* of the whole benchmark */
	struct signals_before signals_before; /* what the commands get back */
	int signals; /* signalfd of those that end the benchmark */
	int report; /* memfd with the last report of a run under an agent; empty: there was none */
	char said[TIMED_SAID]; /* the end of what the last command printed */
	size_t nsaid;
	int signal; /* that ended the benchmark; 0: none yet */
};

struct timed_run {
	double seconds; /* from just before its process was made until it was reaped */
	int status; /* as a shell says it: 128 + N after signal N, 126 and 127 if it could not be started */
};

/*
 * Gets ready, and takes signals over until timed_close(). Returns 0 or -errno; then there is nothing to close.
 */
int timed_open(struct timed *ret, const struct config *config);

/*
 * Runs the command by itself, or as "accel-agent -- COMMAND" does with the options of the benchmark. All that the agent
 * does is part of the time, but not how its program gets into memory: it is this one. stdin is /dev/null, and what is
 * printed is read and thrown away. Returns 0, with the run in ret; -EINTR if a signal told the benchmark to stop (then
 * the run is over as well); or -errno.
 */
int timed_run_without(struct timed *timed, struct timed_run *ret);
int timed_run_with(struct timed *timed, struct timed_run *ret);

/*
 * Runs the command of --prepare, by "sh -c", if there is one. Returns as those.
 */
int timed_prepare(struct timed *timed, struct timed_run *ret);

/*
 * Writes back what is dirty and drops the page cache of the machine. Returns 0 or -errno.
 */
int timed_drop_cache(void);

/*
 * Writes the last lines that the last command printed, each with prefix.
 */
void timed_say_output(const struct timed *timed, const char *prefix, FILE *out);

/*
 * Gives signals back: one that came meanwhile acts now.
 */
void timed_close(struct timed *timed);

#endif /* BENCH_TIMED_H */
