/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The folder of profiles: names, what is there, and how much of it. */
#ifndef PROFILE_STORE_H
#define PROFILE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROFILE_STORE_MAX 256 /* profiles in a folder, those set aside included */
#define PROFILE_STORE_BYTES (256ULL << 20) /* of all of them */
#define PROFILE_NAME_MAX 32
#define PROFILE_LOCK_MS 5000 /* that those who change the folder wait for each other */

/*
 * The name of a profile's file in the folder, and of what is set aside because it makes no sense.
 */
void profile_store_name(uint64_t id, char ret[PROFILE_NAME_MAX]);
void profile_store_bad_name(uint64_t id, char ret[PROFILE_NAME_MAX]);

/*
 * Whether a name is that of a profile's file, not set aside, and of which.
 */
bool profile_store_parse(const char *name, uint64_t *ret_id);

/*
 * The ids of all profiles in a folder, whether they can be read or not, in order. The caller frees *ret_ids. Returns 0
 * (no folder: none), -EPERM (the folder is not ours alone), -ENOMEM or -errno.
 */
int profile_store_ids(const char *directory, uint64_t **ret_ids, size_t *ret_n);

/*
 * The same of those that are set aside.
 */
int profile_store_aside(const char *directory, uint64_t **ret_ids, size_t *ret_n);

/*
 * Takes the lock of a folder, which is made, with the one above it, if it is not there. The end of all descriptors of
 * *ret_dir gives it back: keep it from children. Returns 0, -EPERM (the folder is not ours alone), -EWOULDBLOCK (others
 * had it for PROFILE_LOCK_MS) or -errno.
 */
int profile_store_lock(const char *directory, int *ret_dir);

/*
 * Removes a profile, and what was set aside of it. Returns 0, -ENOENT (there is neither), -EPERM (the folder is not ours
 * alone) or -errno.
 */
int profile_store_forget(const char *directory, uint64_t id);

/*
 * Removes all profiles, and all that was set aside; no folder: none. Their ids, each once and in order, are in *ret_ids,
 * which the caller frees. Returns 0, -EPERM, -ENOMEM or -errno, which may leave some there and others not.
 */
int profile_store_forget_all(const char *directory, uint64_t **ret_ids, size_t *ret_n);

/*
 * Removes profiles until the folder dir is within max_files and max_bytes: first what is of no use, then of the user who has
 * most, by number or by size, the one that was written longest ago; keep stays in any case. The caller has the lock of
 * the folder.
 */
void profile_store_prune(int dir, uint64_t keep, size_t max_files, uint64_t max_bytes);

#endif /* PROFILE_STORE_H */
