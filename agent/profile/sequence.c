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
#include "profile/profile_update.h"
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

struct lesson {
	uint64_t id; /* of what came next */
	const char *place;
};

static int learn(void *context, const struct profile *last, struct profile *ret)
{
	const struct lesson *l = context;

	if (!last || strcmp(last->key.directory, l->place) || is_sure(last, l->id))
		return PROFILE_UNCHANGED;
	*ret = *last;
	ret->map = NULL; /* which remains last's */
	profile_next_learn(ret, l->id);
	return 0;
}

void sequence_ended(const char *state, const char *profiles, uint64_t id, const char *place, uint64_t start_ns,
		    uint64_t end_ns)
{
	struct last last, now = { .magic = MAGIC, .id = id, .end_ns = end_ns };
	struct lesson lesson = { id, place };
	cleanup_close int dir = -1, fd = -1, written = -1;

	if (state_dir_open(state, false, &dir)) /* no profile was ever written */
		return;
	fd = openat(dir, NAME, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	if (fd < 0 || !state_file_owns(fd))
		return;
	/* what started before the other ended does not follow: the difference is huge then */
	if (pread(fd, &last, sizeof(last), 0) == sizeof(last) && last.magic == MAGIC && last.id != id &&
	    start_ns - last.end_ns <= PROFILE_NEXT_SECONDS * 1000000000ULL)
		profile_update(profiles, last.id, learn, &lesson,
			       &written); /* so little that it need not be kept at once */
	if (pwrite(fd, &now, sizeof(now), 0) != sizeof(now))
		unlinkat(dir, NAME, 0); /* half of it may be there */
}
