// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/* Chunk after chunk, as long as the rules let it go on. */
#include "profile/replay_read.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "profile/next.h"
#include "profile/profile_cache.h"
#include "profile/replay_budget.h"
#include "profile/replay_chunk.h"
#include "profile/replay_plan.h"
#include "profile/replay_rights.h"
#include "sys/cgroup.h"
#include "sys/pressure.h"
#include "util/file.h"

#define IDLE_FIRST (1ULL << 20) /* beside an app, in pieces that are over soon */
#define IDLE_MOST (4ULL << 20)
#define IDLE_LOOK_MS 20
#define IDLE_WAITS 5 /* percent of that time in which somebody waits for the disk: it is busy */

struct reader {
	const struct replay_job *job;
	struct replay_progress *progress;
	struct replay_limits limits;
	struct replay_plan plan;
	struct replay_source *source;
	struct replay_reading *reading[2]; /* what is waited for, and what is asked for meanwhile */
	char pressure[PATH_MAX + 32]; /* file that tells how short memory is */
	uint64_t stalled_ns; /* as it says, at the last look */
};

/* How long somebody waited for memory since the last look. */
static uint64_t stalled_ns(struct reader *r)
{
	uint64_t now, before = r->stalled_ns;

	if (sys_pressure_read("", r->pressure, &now))
		return 0;
	r->stalled_ns = now;
	return now - before;
}

/*
 * Until nobody waits for the disk: while this process sleeps, what is counted are the waits of others. Without pressure
 * information nobody could tell, so nothing is read.
 */
static int await_idle_disk(void)
{
	const struct timespec look = { .tv_nsec = IDLE_LOOK_MS * 1000000L };
	uint64_t before, after;

	do {
		if (sys_pressure_read("", "/proc/pressure/io", &before))
			return -ENOTSUP;
		nanosleep(&look, NULL);
		if (sys_pressure_read("", "/proc/pressure/io", &after))
			return -ENOTSUP;
	} while (after - before > IDLE_LOOK_MS * 1000000ULL * IDLE_WAITS / 100);
	return 0;
}

/* The chunk at i, if there is one. */
static int begin(struct reader *r, struct replay_reading *reading, uint32_t i)
{
	int err = r->job->last ? await_idle_disk() : 0;

	return err ? err : replay_reading_begin(reading, &r->plan.chunks[i]);
}

/*
 * One chunk is asked for while the one before is waited for, so that the disk has always something to do; but for what is
 * to be read only while the disk has nothing to do.
 */
static int read_chunks(struct reader *r, enum replay_stop *ret_stop)
{
	struct replay_reading *now = r->reading[0], *then = r->reading[1], *swap;
	struct replay_rules rules = { 0 };
	bool ahead = !r->job->last;
	uint32_t i, next, step = 1;
	int err = begin(r, now, 0);

	for (i = 0; !err && i < r->plan.nchunks; i = next) {
		struct replay_outcome outcome = { 0 };

		next = i + step;
		if (ahead && next < r->plan.nchunks && *ret_stop == REPLAY_GOING)
			err = begin(r, then, next);
		else if (ahead)
			next = r->plan.nchunks;
		if (!err)
			err = replay_reading_finish(now, &outcome);
		outcome.stalled_ns = stalled_ns(r);
		/* what was asked for before it was time to stop is waited for: what becomes of it is to be known */
		if (!err && *ret_stop == REPLAY_GOING)
			*ret_stop = replay_rules_next(&rules, &outcome, &step);
		if (!ahead) {
			next = *ret_stop == REPLAY_GOING ? i + step : r->plan.nchunks;
			if (!err && next < r->plan.nchunks)
				err = begin(r, then, next);
		}
		swap = now;
		now = then;
		then = swap;
	}
	return err;
}

static int read_all(struct reader *r)
{
	enum replay_stop stop = REPLAY_GOING;
	struct replay_progress *p = r->progress;
	int err = r->plan.nchunks ? read_chunks(r, &stop) : 0;

	if (err)
		return err;
	if (stop == REPLAY_GOING)
		stop = r->plan.cut ? REPLAY_BUDGET : REPLAY_DONE;
	if (stop == REPLAY_DONE && !p->brought_bytes && p->resident_bytes)
		stop = REPLAY_RESIDENT;
	p->cut = r->plan.cut;
	__atomic_store_n(&p->stopped, stop, __ATOMIC_RELEASE);
	return 0;
}

/* --- life --- */

/* Where the group's own pressure is told, that: it may be short of memory while the machine is not. */
static void find_pressure(struct reader *r)
{
	struct sys_cgroup group;

	if (!sys_cgroup_of("", getpid(), "memory", &group) && group.v2) {
		snprintf(r->pressure, sizeof(r->pressure), "%s/memory.pressure", group.directory);
		if (!access(r->pressure, R_OK))
			return;
	}
	snprintf(r->pressure, sizeof(r->pressure), "/proc/pressure/memory");
}

static int prepare(struct reader *r, const struct profile *profile)
{
	replay_limits_init(&r->limits, replay_budget("", getpid()), replay_threads("", getpid()));
	if (r->job->last) {
		r->limits.first_bytes = IDLE_FIRST;
		r->limits.most_bytes = IDLE_MOST;
	}
	find_pressure(r);
	stalled_ns(r);
	r->source = replay_source_new(profile, r->job, &r->limits, r->progress);
	if (!r->source)
		return -ENOMEM;
	r->reading[0] = replay_reading_new(r->source);
	r->reading[1] = replay_reading_new(r->source);
	if (!r->reading[0] || !r->reading[1])
		return -ENOMEM;
	return replay_plan_make(profile, &r->limits, &r->plan);
}

int replay_read_profile(const struct profile *profile, const struct replay_job *job, struct replay_progress *progress)
{
	struct reader r = { .job = job, .progress = progress };
	int err;

	progress->nfiles = profile->nfiles;
	err = prepare(&r, profile);
	progress->recorded_ns = profile->history.recorded_ns;
	leave_stdio(STDERR_FILENO, STDERR_FILENO); /* there is nothing more to say */
	if (!err)
		err = replay_rights_take(job);
	if (!err)
		err = read_all(&r);
	replay_reading_free(r.reading[0]);
	replay_reading_free(r.reading[1]);
	replay_source_free(r.source);
	replay_plan_clear(&r.plan);
	return err;
}

/* The id of the one that mostly follows the profile of an id. */
static int find_next(const char *profiles, uint64_t last, uint64_t *ret)
{
	struct profile profile;
	int err = profile_open(profiles, last, &profile);

	if (err)
		return err;
	*ret = profile_next_guess(&profile);
	profile_close(&profile);
	return *ret ? 0 : -ENOENT;
}

/* Another user's would be read with the wrong rights, and one from within a container from the wrong files. */
static bool is_ours(const struct replay_job *job, const struct profile_key *wanted, const struct profile_key *found)
{
	if (!job->last)
		return profile_key_equal(found, wanted);
	return found->uid == wanted->uid && found->flags == wanted->flags;
}

/* From memory, if it is there: the disk has other things to do now. */
static int open_profile(const struct replay_job *job, uint64_t id, struct profile *ret)
{
	const struct profile *kept = job->cache ? profile_cache_get(job->cache, id) : NULL;

	if (!kept)
		return profile_open(job->profiles, id, ret);
	*ret = *kept;
	ret->map = NULL; /* which is the cache's */
	return 0;
}

static int find_profile(const struct replay_job *job, struct replay_progress *progress, struct profile *ret)
{
	struct profile_key key = job->key;
	uint64_t id = 0;
	int err;

	if (job->last) {
		err = find_next(job->profiles, job->last, &id);
	} else {
		err = sys_view_program(job->view, &key.program_size, &key.program_mtime_ns);
		if (!err)
			id = profile_id(&key);
	}
	if (err)
		return err;
	__atomic_store_n(&progress->id, id, __ATOMIC_RELEASE);
	err = open_profile(job, id, ret);
	if (!err && !is_ours(job, &key, &ret->key)) {
		profile_close(ret);
		err = -ENOENT;
	}
	return err;
}

/* What comes next is not measured now. */
static bool is_due(enum replay_due due, const struct replay_job *job)
{
	return due == REPLAY_DUE || (due == REPLAY_MEASURED && job->last);
}

int replay_read(const struct replay_job *job, struct replay_progress *progress)
{
	struct profile profile;
	int err = find_profile(job, progress, &profile);

	if (err)
		return err;
	snprintf(progress->command, sizeof(progress->command), "%s", profile.key.command);
	progress->due = replay_due(&profile.history);
	if (job->app > 0) /* not before: the profile is not to be charged to the app */
		replay_join(getpid(), job->app);
	err = is_due(progress->due, job) ? replay_read_profile(&profile, job, progress) : -ECANCELED;
	profile_close(&profile);
	return err;
}
