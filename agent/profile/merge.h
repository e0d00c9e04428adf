/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* One profile of two: what earlier runs of a command read, and what the last one did. Pure: no I/O. */
#ifndef MERGE_H
#define MERGE_H

#include "profile/profile.h"

/* What a replay knows of a file of the last profile. */
#define PROFILE_MERGE_GONE 1 /* it is not there any more */
#define PROFILE_MERGE_BROUGHT 2 /* what the profile has of it was in the page cache before the app wanted it */

/*
 * Merges the recording of a run into the last profile of its command. last may be NULL, or of another key: then only the
 * run counts. notes, one byte for each file of last, may be NULL: no replay took place.
 *
 * What a run missed is needed. What it did not miss may have been in the page cache, so that alone says nothing; it counts
 * only in a cold run, which is one that missed at least half of the pages which it could miss: those of files that are as
 * they were and that no replay brought. A range leaves the profile when 16 cold runs on end did not miss it. So a warm run
 * adds what it missed and takes nothing away.
 *
 * seen: in a cold run every range gets a new bit 0; in others only the ranges that were missed do.
 *
 * A file whose size or time has changed keeps only what this run missed of it; if a replay brought it, also what the
 * profile had of it, up to its new end. A file that is gone keeps nothing, unless this run read it. What the run did not
 * touch stays as it is.
 *
 * Order: a cold run's own, in which what it did not miss keeps its place behind that which came before it in the last
 * profile; else that of the last profile, in which what is new gets its place likewise. Where there are more than
 * PROFILE_RANGES_MAX, or the other limits, the last ones are left out.
 *
 * The history and the next commands are those of last, with one run more, and with the run's time of recording. Ranges of
 * a file may overlap in either; they do not in ret.
 *
 * Returns 0, -EINVAL (profile_write() would refuse last or run) or -ENOMEM. ret owns all that it points to: end it with
 * profile_close().
 */
int profile_merge(const struct profile *last, const uint8_t *notes, const struct profile *run, struct profile *ret);

#endif /* MERGE_H */
