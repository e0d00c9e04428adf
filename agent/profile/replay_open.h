/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/*
 * Opens the files of a profile. Paths are not trusted: what is there now may be somebody else's doing, so nothing but a
 * regular file is opened for reading, and no device but one that a file of the profile lies on.
 */
#ifndef REPLAY_OPEN_H
#define REPLAY_OPEN_H

#include <stddef.h>
#include <stdint.h>

#include "profile/replay_plan.h"

struct sys_mounts;

struct replay_opened {
	uint32_t file; /* in: index in the profile */
	int fd; /* out, -1: state says why */
	enum replay_file state; /* out: GONE, REFUSED; SAME with an fd: size and mtime are yet to be judged */
	uint64_t size, ino, dev; /* out */
	int64_t mtime_ns; /* out */
};

/*
 * Opens n files of the profile (no devices) below root (see struct sys_view), in so many threads (1: only the caller's):
 * where their inodes have to be read first, each takes as long as the disk. Calls opened with the index of each, whether
 * or not it has an fd, as soon as it is known, from any thread. The caller closes what has an fd.
 */
void replay_open_files(const struct profile *profile, int root, struct replay_opened *files, uint32_t n,
		       unsigned int threads, void (*opened)(void *context, uint32_t index), void *context);

/*
 * Opens the device that file (PROFILE_FILE_DEVICE) names, below our own root, if one of the profile's other files lies on
 * it by the mount table of the app. Returns a descriptor for reading, or -errno: -EPERM it is none of these.
 */
int replay_open_device(const struct profile *profile, const struct profile_file *file, const struct sys_mounts *mounts);

#endif /* REPLAY_OPEN_H */
