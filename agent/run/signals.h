/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Signals that are read from a descriptor, and what the commands that we start get back. */
#ifndef SIGNALS_H
#define SIGNALS_H

#include <signal.h>
#include <stddef.h>

/* How signals were handled before the agent changed that. */
struct signals_before {
	sigset_t mask;
	struct sigaction pipe, child;
};

/*
 * Blocks those of the n signals that are not ignored, and ignores SIGPIPE: a report that nobody reads is an error to
 * report, not a reason to die. Children have to be waited for. Returns a signalfd(2) that does not block, which the caller
 * closes, or -errno; before is set in any case.
 */
int signals_catch(const int signums[], size_t n, struct signals_before *before);

/*
 * Handles signals as before; safe after fork().
 */
void signals_give_back(const struct signals_before *before);

#endif /* SIGNALS_H */
