/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* From what a recorder holds to a profile: files by the paths that open them, without what the run wrote itself. */
#ifndef RECORDED_H
#define RECORDED_H

#include <stdint.h>

#include "profile/profile.h"
#include "profile/recorder.h"
#include "sys/mounts.h"

struct recorded {
	struct profile profile; /* its ranges are the recorder's, its key is the caller's */
	uint64_t bytes; /* of all ranges */
	/* files that were left out: */
	uint64_t outputs; /* written or made during the run */
	uint64_t gone; /* deleted, or replaced by others, since */
	uint64_t unnamed; /* the kernel had no names, or not all, for them; or nothing that can be opened again */
	uint64_t unreachable; /* their file system is not mounted here */
};

/*
 * Makes a profile of what recorder holds; from then on the recorder can only be begun anew. mounts and root are what the
 * app sees (see struct sys_view); started_ns (CLOCK_REALTIME) is when the run began: files written since are its
 * outputs. Looks at each file, opens none. Returns 0 or -ENOMEM. Free with recorded_clear(), before the recorder.
 */
int recorded_make(struct recorder *recorder, const struct sys_mounts *mounts, int root, const struct profile_key *key,
		  int64_t started_ns, struct recorded *ret);

/*
 * Frees and zeroes. Accepts a zeroed one.
 */
void recorded_clear(struct recorded *recorded);

#endif /* RECORDED_H */
