/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What of the brought pages the app looked at. */
#ifndef REPLAY_USE_H
#define REPLAY_USE_H

#include <stdbool.h>

#include "profile/profile.h"
#include "profile/replay_process.h"

/*
 * Which of 64 pages of a file, from block * 64 on, were looked at: a bit each, 0 for none.
 */
typedef uint64_t (*replay_looked_at)(void *context, uint32_t dev, uint64_t ino, uint64_t block);

/*
 * The share of the pages of brought ranges that were looked at, in *ret. The blocks of devices do not count, for nobody
 * can see who looks at them. page_bytes is the machine's page. Returns false if most of what was brought cannot be told.
 */
bool replay_use_measure(const struct profile *profile, const struct replay_progress *progress, uint32_t page_bytes,
			replay_looked_at looked_at, void *context, double *ret);

#endif /* REPLAY_USE_H */
