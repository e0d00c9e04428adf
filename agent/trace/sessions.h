/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What the sessions weigh that compete in the root control group (autogroup: sched(7)). */
#ifndef SESSIONS_H
#define SESSIONS_H

/*
 * Reads struct aa_session, one for each thread that is ready, from fd to its end: each session counts once, with its own
 * weight (by its nice value), and a thread without one by itself. Of more than 64 sessions the rest is left out.
 * *ret_weight is their sum, in sessions of nice 0. Returns 0 or -errno.
 */
int sessions_weigh(int fd, double *ret_weight);

#endif /* SESSIONS_H */
