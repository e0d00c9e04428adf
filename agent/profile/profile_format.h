/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What a profile looks like on the disk. Only for those who read and write it: others want profile.h. */
#ifndef PROFILE_FORMAT_H
#define PROFILE_FORMAT_H

#include "profile/profile.h"

#define PROFILE_MAGIC "accelprf"
#define PROFILE_VERSION 2 /* 1 had no user and no toolchain in its key */

/*
 * A file is this header, the files, the ranges, the text, and the three strings of the key with their NULs; nothing
 * before, between or behind them. All numbers are little endian.
 */
struct profile_header {
	char magic[8];
	uint32_t version;
	uint32_t checksum; /* CRC-32 of all that follows */
	uint64_t bytes; /* of the whole file */
	uint64_t id;
	uint32_t nfiles, nranges, text_bytes, key_bytes, nnext;
	uint32_t uid, key_flags, zero;
	uint64_t program_size;
	int64_t program_mtime_ns;
	struct profile_history history;
	struct profile_next next[PROFILE_NEXT_MAX]; /* 0 from nnext on */
};

#define PROFILE_CHECKED_FROM 16 /* offset of what the checksum is of */

/*
 * Whether everything in a profile is within its bounds and can be used without another look: counts, indices, ends of
 * ranges, strings, key. Returns 0 or -EINVAL.
 */
int profile_check(const struct profile *profile);

/*
 * Reads what a file holds; data is aligned to 8 bytes. ret points into data; its map is NULL. Returns 0, or -EBADMSG
 * with what is wrong, for people, in ret_why.
 */
int profile_decode(const void *data, size_t size, uint64_t id, struct profile *ret, const char **ret_why);

/*
 * The header that belongs before the parts of a profile which was checked.
 */
void profile_encode(const struct profile *profile, struct profile_header *ret);

/*
 * As profile_open() and profile_write(), for who has the lock of the folder dir already, and is about to write that profile:
 * what is of no use is set aside as NAME.bad (-EBADMSG). Once the latter returns, everybody sees the new profile; *ret_fd is
 * open on its folder, for fsync(): until then a loss of power may bring the old one back.
 */
int profile_open_locked(const char *directory, int dir, uint64_t id, struct profile *ret);
int profile_write_locked(int dir, const struct profile *profile, int *ret_fd);

#endif /* PROFILE_FORMAT_H */
