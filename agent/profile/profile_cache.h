/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/*
 * Profiles of the apps that the agent waits for, in its memory: when one of them starts, the disk has other things to do
 * than to look for its profile.
 */
#ifndef PROFILE_CACHE_H
#define PROFILE_CACHE_H

#include "profile/profile.h"

#define PROFILE_CACHE_ONE_BYTES (1ULL << 20) /* larger ones are of long runs, which a moment is nothing to */
#define PROFILE_CACHE_BYTES (8ULL << 20)

struct profile_cache;

/*
 * A cache, empty until profile_cache_refresh(), of the folder's profiles whose command the caller wants. directory is not
 * copied. Returns NULL if there is no memory. Free with profile_cache_free(), which accepts NULL.
 */
struct profile_cache *profile_cache_new(const char *directory, bool (*wants)(void *context, const char *command),
					void *context);
void profile_cache_free(struct profile_cache *cache);

/*
 * Reads what is new in the folder, or has changed; does nothing else while nothing has. Not for moments in which somebody
 * waits: it reads from the disk.
 */
void profile_cache_refresh(struct profile_cache *cache);

/*
 * Becomes readable when there is something for profile_cache_refresh() to do; -1: the folder is not watched, as it is not
 * there. Not to be closed.
 */
int profile_cache_fd(const struct profile_cache *cache);

/*
 * Drops what has changed in the folder since the last look, without reading anything from the disk.
 */
void profile_cache_settle(struct profile_cache *cache);

/*
 * The profile of an id as it was when the cache was settled or refreshed; NULL: it is not in the cache. The cache owns it,
 * until the next such call.
 */
const struct profile *profile_cache_get(const struct profile_cache *cache, uint64_t id);

#endif /* PROFILE_CACHE_H */
