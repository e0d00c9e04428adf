/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/*
 * What a command reads from the disk: files and ranges in the order of their first use. On disk a compact binary that
 * is read in one piece and used in place; untrusted until it was checked.
 */
#ifndef PROFILE_H
#define PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROFILE_PAGE 4096 /* unit of ranges, whatever the machine's page is */
#define PROFILE_DIR "/var/lib/accel-agent/profiles"
#define PROFILE_NEXT_MAX 8
/* A profile that holds more than one of these is neither written nor read. */
#define PROFILE_FILES_MAX (1U << 18)
#define PROFILE_RANGES_MAX (1U << 20)
#define PROFILE_TEXT_MAX (16U << 20)

/* Who it is of. */
struct profile_key {
	const char *command; /* basename of the program, or of the script */
	const char *program; /* path of the executable, as the app sees it: another toolchain is another profile */
	const char *directory; /* working directory, as the app sees it */
	uint32_t uid; /* of the app, as we see it */
	uint32_t flags; /* PROFILE_KEY_* */
	uint64_t program_size; /* bytes; these two tell an upgraded or another container's program from this one */
	int64_t program_mtime_ns; /* CLOCK_REALTIME */
};

#define PROFILE_KEY_CONTAINER 1 /* the app sees other mounts than the agent */

/* Fixed size, little endian, as they are on the disk. */
struct profile_file {
	uint32_t path; /* offset in the text; of a device: its node's path */
	uint32_t flags; /* PROFILE_FILE_* */
	uint64_t size; /* bytes, when recorded */
	int64_t mtime_ns; /* CLOCK_REALTIME, when recorded */
};

#define PROFILE_FILE_DEVICE 1 /* the block device itself: its file system's metadata; size and mtime are 0 */

struct profile_range {
	uint32_t file; /* index */
	uint32_t page; /* first one, in PROFILE_PAGE */
	uint16_t pages; /* 1 or more */
	uint16_t seen; /* of the last 16 runs, bit 0 the last one */
};

/* What followed it: for warming the next command while this one leaves the disk idle. */
struct profile_next {
	uint64_t id; /* profile_id() of the key */
	uint32_t times;
	uint32_t last_run; /* runs when last seen */
};

/* What a run took: all of it, and nothing else. */
struct profile_cost {
	uint64_t wall_ns; /* 0: not known, and so is all the rest */
	uint64_t waits_ns; /* part of it: for reads from the disk, and for memory to be reclaimed */
	uint64_t cpu_ns; /* of all its threads */
	uint64_t bytes; /* that it needed and that were not in memory when it began */
};

/* What replays brought: replay_judge.h has the rules. */
struct profile_history {
	uint32_t runs; /* recorded and merged */
	uint32_t replays;
	uint32_t unpaid; /* replays in a row that did not pay */
	uint32_t disabled; /* 1: it did not pay three times on end, nor in a trial since */
	uint32_t trials; /* since then */
	uint32_t rested; /* cold runs without a replay since then, or since the last trial */
	uint32_t unlike; /* replays in a row that could be compared with no run without */
	uint32_t zero;
	struct profile_cost cold, replayed; /* the last run without, and with a replay that could be compared */
	int64_t recorded_ns, replayed_at_ns; /* CLOCK_REALTIME, 0: never */
};

/* A whole profile; of one that was opened or merged, everything points into map. */
struct profile {
	struct profile_key key;
	struct profile_history history;
	struct profile_next next[PROFILE_NEXT_MAX];
	uint32_t nnext;
	const struct profile_file *files;
	const struct profile_range *ranges;
	const char *text;
	uint32_t nfiles, nranges, text_bytes;
	void *map; /* NULL: neither, the caller owns what it points to */
	size_t map_bytes;
};

/*
 * A number that stands for the key; also names its file.
 */
uint64_t profile_id(const struct profile_key *key);

/*
 * Whether both are of the same user's same program, run in the same place: two keys can have the same id.
 */
bool profile_key_equal(const struct profile_key *a, const struct profile_key *b);

/*
 * Reads and checks the profile of an id in a folder: its owner and mode, version, checksum, every index and every string.
 * Returns 0; -ENOENT; -EPERM (not ours, or writable by others); -EBADMSG (truncated, corrupt, of another version), both
 * named in log_warn; -ENOMEM; -errno. Close with profile_close().
 */
int profile_open(const char *directory, uint64_t id, struct profile *ret);
void profile_close(struct profile *profile);

/*
 * The same without a word: of every error, why, for people, is in ret_why.
 */
int profile_look(const char *directory, uint64_t id, struct profile *ret, const char **ret_why);

/*
 * Writes a profile in place of the one that is there (to change that one: profile_update()): a temporary file, fsync,
 * rename, fsync of the folder; a loss of power leaves the old one or the new one, and whole. Makes the folder, and the
 * one above it, if they are not there, and then removes the oldest profiles if the folder holds too much
 * (profile_store.h). Returns 0, -EINVAL (what profile_open() would refuse), -EPERM (the folder is not ours alone) or
 * -errno; then the one that was there is as it was, unless it was the last fsync that failed.
 */
int profile_write(const char *directory, const struct profile *profile);

const char *profile_path_of(const struct profile *profile, const struct profile_file *file);

#endif /* PROFILE_H */
