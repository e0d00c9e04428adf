// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/* Trims, judges, merges, writes. */
#include "run/record_write.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

#include "profile/merge.h"
#include "profile/profile.h"
#include "profile/profile_update.h"
#include "profile/recorded.h"
#include "profile/recorder.h"
#include "run/replaying.h"
#include "sys/mounts.h"
#include "trace/tracer.h"
#include "util/clock.h"

#define LOST_SHARE 20 /* a profile that lacks one in so many is not worth having */

struct storing {
	const struct record_job *job;
	struct profile_cost cost; /* with its bytes */
	const struct replaying_lesson *lesson; /* NULL: there was no replay */
	struct profile *run;
	bool added; /* to a profile that was there */
};

static uint64_t looked_at(void *tracer, uint32_t dev, uint64_t ino, uint64_t block, uint64_t *ret_since_ns)
{
	return tracer_use(tracer, dev, ino, block, ret_since_ns);
}

static int64_t realtime_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static uint64_t pages_of(const struct profile *p)
{
	uint64_t sum = 0;
	uint32_t i;

	for (i = 0; i < p->nranges; i++)
		sum += p->ranges[i].pages;
	return sum;
}

/* What a replay makes a profile remember: not that all was in memory, which is most of the times. */
static bool is_lesson(const struct replaying_lesson *lesson)
{
	return lesson && (lesson->judgement.verdict != REPLAY_UNCLEAR || lesson->gone);
}

/* Puts a run into the profile that is there, if there is one. */
static int merge_run(void *context, const struct profile *last, struct profile *ret)
{
	struct storing *s = context;
	const struct replaying_lesson *lesson = s->lesson;
	const uint8_t *notes = NULL;
	int err;

	s->added = last && profile_key_equal(&last->key, &s->run->key);
	if (last && lesson && lesson->recorded_ns == last->history.recorded_ns && lesson->nnotes == last->nfiles)
		notes = lesson->notes;
	err = profile_merge(last, notes, s->run, ret);
	if (err)
		return err;
	if (lesson && lesson->replayed)
		replay_remember(&ret->history, &lesson->judgement, s->run->history.recorded_ns);
	else
		replay_remember_without(&ret->history, &s->cost, !last || 2 * pages_of(s->run) >= pages_of(last));
	return 0;
}

static int store(struct storing *s, int *ret_fd)
{
	s->run->history.recorded_ns = realtime_ns();
	return profile_update(s->job->directory, profile_id(&s->run->key), merge_run, s, ret_fd);
}

/* Makes a profile of what was recorded, and writes it. */
static int write_run(const struct record_job *job, const struct profile_cost *cost,
		     const struct replaying_lesson *lesson, struct prefetch_recorded *result)
{
	struct profile_key key = identity_key(job->identity, job->command);
	int64_t started_ns = realtime_ns() - (int64_t)(clock_monotonic_ns() - job->start_ns);
	struct recorded recorded = { 0 };
	struct storing storing = { job, *cost, lesson, &recorded.profile, false };
	struct sys_mounts mounts = { 0 };
	int fd = -1, err = sys_view_program(&job->identity->view, &key.program_size, &key.program_mtime_ns);

	if (!err)
		err = sys_view_mounts(&job->identity->view, &mounts);
	if (!err)
		err = recorded_make(job->recorder, &mounts, job->identity->view.root, &key, started_ns, &recorded);
	result->files = recorded.profile.nfiles;
	result->ranges = recorded.profile.nranges;
	result->bytes = recorded.bytes;
	result->outputs = recorded.outputs;
	result->gone = recorded.gone;
	result->unnamed = recorded.unnamed;
	result->unreachable = recorded.unreachable;
	if (!err && (recorded.profile.nranges || is_lesson(lesson)))
		err = store(&storing, &fd);
	result->state = err ? RECORDED_FAILED : recorded.profile.nranges ? RECORDED_WRITTEN : RECORDED_WARM;
	result->error = -err;
	result->added = storing.added;
	recorded_clear(&recorded);
	sys_mounts_free(&mounts);
	return fd;
}

/* What is decided without a look at any file. Returns whether there is something to write. */
static bool is_worth_writing(const struct record_job *job, const struct replaying_lesson *lesson,
			     struct prefetch_recorded *result)
{
	size_t count = recorder_count(job->recorder);

	if (result->state == RECORDED_INCOMPLETE)
		return false;
	if (!count) {
		result->state = RECORDED_WARM;
		return job->identity->program && is_lesson(lesson);
	}
	if (result->lost * LOST_SHARE > count)
		result->state = RECORDED_INCOMPLETE;
	else if (!job->identity->program)
		result->state = RECORDED_UNKNOWN;
	else
		return true;
	return false;
}

/* Of what readahead brought, only what the app looked at. */
static void trim(const struct record_job *job)
{
	if (job->tracer)
		recorder_trim(job->recorder, (uint32_t)sysconf(_SC_PAGESIZE), looked_at, job->tracer);
}

int record_write(void *context, struct writers_outcome *outcome)
{
	const struct record_job *job = context;
	struct profile_cost cost = job->cost;
	struct replaying_lesson lesson;
	bool replayed = false;

	trim(job);
	cost.bytes = recorder_bytes(job->recorder);
	if (job->replaying) {
		replayed = replaying_lesson(job->replaying, job->app, job->tracer, &cost, &lesson);
		outcome->replayed = *replaying_result(job->replaying, job->app);
		replaying_sequence(job->replaying, job->app);
	}
	__atomic_store_n(&outcome->looked, 1, __ATOMIC_RELEASE);
	if (!is_worth_writing(job, replayed ? &lesson : NULL, &outcome->recorded))
		return -1;
	return write_run(job, &cost, replayed ? &lesson : NULL, &outcome->recorded);
}
