/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/*
 * One chunk of a replay on its way into the page cache. Reading is asked for as each file is opened: a page that is under
 * way already is one that the app waits for, and not one for which it reads as far ahead as the kernel would.
 */
#ifndef REPLAY_CHUNK_H
#define REPLAY_CHUNK_H

#include <stdint.h>

#include "profile/profile.h"
#include "profile/replay_plan.h"
#include "profile/replay_process.h"
#include "profile/replay_rules.h"

/* What the chunks of a replay share. */
struct replay_source;

/*
 * A source for chunks within limits; profile, job and progress must outlive it. Opens the profile's devices, which takes
 * root's rights; files are opened below the root of the job's view, with the rights of the moment. NULL: no memory. Free
 * with replay_source_free(), which accepts NULL, after its chunks.
 */
struct replay_source *replay_source_new(const struct profile *profile, const struct replay_job *job,
					const struct replay_limits *limits, struct replay_progress *progress);
void replay_source_free(struct replay_source *source);

/* One that is asked for, and then waited for; then it can be the next one. */
struct replay_reading;

/*
 * NULL: no memory. Free with replay_reading_free(), which accepts NULL, and one that was begun and not finished.
 */
struct replay_reading *replay_reading_new(struct replay_source *source);
void replay_reading_free(struct replay_reading *reading);

/*
 * Opens the files of a chunk, notes in progress what became of them, and asks for what is not in memory; the file
 * systems' own blocks first, so that opening finds inodes in memory. Does not wait for what it asked for. Returns 0 or
 * -errno: the engine cannot be had.
 */
int replay_reading_begin(struct replay_reading *reading, const struct replay_chunk *chunk);

/*
 * Waits until all of it is there, notes in progress what was brought and what failed, and closes the files. What it took
 * and what was there before is added to ret. Returns 0 or -errno, as above.
 */
int replay_reading_finish(struct replay_reading *reading, struct replay_outcome *ret);

#endif /* REPLAY_CHUNK_H */
