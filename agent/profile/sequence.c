// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/* One small file: the last command of all. Two that end at the same time elsewhere may miss each other; no harm done. */
#include "profile/sequence.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "profile/next.h"
#include "sys/state.h"
#include "util/cleanup.h"

#define NAME "last-command"
#define MAGIC 0x7473616c2d6c6361ULL /* "acl-last" */
#define SURE 4 /* times: what is expected anyway is not written again and again */

struct last {
	uint64_t magic;
	uint64_t id; /* of its profile */
	uint64_t end_ns; /* CLOCK_REALTIME */
};

uint64_t sequence_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static bool is_sure(const struct profile *p, uint64_t id)
{
	uint32_t i;

	for (i = 0; i < p->nnext; i++)
		if (p->next[i].id == id)
			return p->next[i].times >= SURE && profile_next_guess(p) == id;
	return false;
}

static void learn(const char *profiles, uint64_t last, uint64_t id, const char *place)
{
	struct profile profile;

	if (profile_open(profiles, last, &profile))
		return;
	if (!strcmp(profile.key.directory, place) && !is_sure(&profile, id)) {
		profile_next_learn(&profile, id);
		profile_write(profiles, &profile);
	}
	profile_close(&profile);
}

void sequence_ended(const char *state, const char *profiles, uint64_t id, const char *place, uint64_t start_ns)
{
	struct last last, now = { .magic = MAGIC, .id = id, .end_ns = sequence_now_ns() };
	cleanup_close int dir = -1, fd = -1;

	if (state_dir_open(state, false, &dir)) /* no profile was ever written */
		return;
	fd = openat(dir, NAME, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	if (fd < 0 || !state_file_owns(fd))
		return;
	/* what started before the other ended does not follow: the difference is huge then */
	if (pread(fd, &last, sizeof(last), 0) == sizeof(last) && last.magic == MAGIC && last.id != id &&
	    start_ns - last.end_ns <= PROFILE_NEXT_SECONDS * 1000000000ULL)
		learn(profiles, last.id, id, place);
	if (pwrite(fd, &now, sizeof(now), 0) != sizeof(now))
		unlinkat(dir, NAME, 0); /* half of it may be there */
}
