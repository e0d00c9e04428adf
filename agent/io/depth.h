/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* How many operations to have in the device at a time: as few as give its full rate. Pure. */
#ifndef IO_DEPTH_H
#define IO_DEPTH_H

#include <stdbool.h>
#include <stdint.h>

struct depth {
	unsigned int now; /* how many */
	unsigned int least, most;
	bool fixed; /* it was asked for: not adapted */
	/* the window that is being filled */
	uint64_t since_ns, latency_ns; /* its start; sum */
	uint32_t count;
	/* what is known */
	uint64_t rate_before; /* with the depth before now, operations a second; 0: now was not changed */
	unsigned int before;
	uint64_t settled_ns; /* mean latency of the depth that was settled on */
	unsigned int pause; /* windows until another depth is tried */
	unsigned int pauses; /* how long that was last */
};

/*
 * Starts with depth start, within least to most; fixed: stays there.
 */
void depth_start(struct depth *depth, unsigned int start, unsigned int least, unsigned int most, bool fixed,
		 uint64_t now_ns);

/*
 * Goes on with what is known after a time in which nothing was done.
 */
void depth_resume(struct depth *depth, uint64_t now_ns);

/*
 * Counts count operations that ended at now_ns and took latency_ns together, and adapts depth->now at the end of a window.
 */
void depth_count(struct depth *depth, uint32_t count, uint64_t latency_ns, uint64_t now_ns);

#endif /* IO_DEPTH_H */
