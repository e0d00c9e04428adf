/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* A thread beside a warm run: it shows the progress, and stops the run when a signal comes. */
#ifndef ATTENDANT_H
#define ATTENDANT_H

#include <stdatomic.h>
#include <stdbool.h>

struct attendant;
struct warm_counts;

struct attendant_config {
	const struct warm_counts *counts;
	bool progress; /* redraw a line on stderr, a terminal */
	atomic_bool *stop; /* set at the first signal; the second one ends the process */
	void (*stopped)(void *context); /* called after that, from the thread */
	void *context;
};

/*
 * Blocks SIGINT, SIGTERM and SIGHUP, as far as they are not ignored, in the calling thread, and so in all that it starts
 * later; the attendant waits for them. Returns 0 or -errno. End with attendant_end().
 */
int attendant_start(const struct attendant_config *config, struct attendant **ret);

/*
 * Takes the line away. Returns the signal that came, or 0.
 */
int attendant_end(struct attendant *attendant);

#endif /* ATTENDANT_H */
