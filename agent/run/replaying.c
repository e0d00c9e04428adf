// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/* Who is replayed, from when to when, and what came of it. */
#include "run/replaying.h"

#include <errno.h>
#include <fnmatch.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "profile/merge.h"
#include "profile/profile_cache.h"
#include "profile/replay.h"
#include "profile/replay_plan.h"
#include "profile/replay_use.h"
#include "profile/sequence.h"
#include "run/identity.h"
#include "util/clock.h"
#include "util/log.h"

#define ENDING_MAX 32
#define NOTED_NS 5000000000ULL /* a command that runs again and again is noted again */
#define WAIT_MOST_NS 500000000ULL /* for a first miss: who runs for longer hardly notices a look at what is in memory */

static const struct replayed nothing = {
	.coverage = NAN,
	.accuracy = NAN,
	.timely = NAN,
	.gain = NAN,
	.waits_seconds = NAN,
	.waits_seconds_without = NAN,
};

struct replayed_app {
	struct replay *replay; /* of the present or the last run; NULL: none, or it is judged */
	struct replay *next; /* of what mostly follows; NULL: none */
	bool next_tried; /* in this run */
	pid_t waiting; /* first process of an app that has missed nothing so far; 0: its replay has begun, or there is none */
	uint64_t waiting_from_ns; /* CLOCK_MONOTONIC */
	uint64_t start_ns, end_ns; /* of the run, CLOCK_REALTIME */
	struct identity identity; /* its program is NULL: not known */
	bool running; /* from the first process of a run to its end */
	bool cold; /* its program was not in memory; known before the run begins */
	char command[sizeof(((struct watched *)0)->name)];
	uint64_t id; /* of the profile; 0: not known, or not yet */
	uint8_t *notes; /* owned */
	struct replaying_lesson lesson;
	struct replayed result;
};

struct replaying {
	struct watch *watch; /* not owned */
	unsigned int napps;
	const char *directory; /* not owned */
	struct profile_cache *cache; /* owned; NULL: one run is replayed, which has begun */
	struct replayed_app *apps; /* owned */
	uint64_t noted_id,
		noted_ns; /* the last run in the sequence of commands: its profile, and when (CLOCK_MONOTONIC) */
	pid_t ending[ENDING_MAX]; /* processes that were ended, but hang in a read; 0: none */
};

/* --- life --- */

struct replaying *replaying_open(struct watch *watch, const char *directory)
{
	struct replaying *r = calloc(1, sizeof(*r));
	unsigned int i;

	if (!r)
		return NULL;
	r->watch = watch;
	r->napps = watch->napps;
	r->directory = directory;
	r->apps = calloc(watch->napps, sizeof(*r->apps));
	if (!r->apps) {
		free(r);
		return NULL;
	}
	for (i = 0; i < r->napps; i++)
		r->apps[i].result = nothing;
	return r;
}

/* What finds no room here is left to whoever inherits it. */
static void let_go(struct replaying *r, struct replay *replay)
{
	pid_t pid = replay_free(replay);
	unsigned int i;

	for (i = 0; pid && i < ENDING_MAX; i++) {
		if (r->ending[i])
			continue;
		r->ending[i] = pid;
		return;
	}
}

/* -ECHILD: as process 1, the agent waits for everybody elsewhere. */
static void reap(struct replaying *r)
{
	unsigned int i;

	for (i = 0; i < ENDING_MAX; i++)
		if (r->ending[i] && waitpid(r->ending[i], NULL, WNOHANG) != 0)
			r->ending[i] = 0;
}

static void forget_last(struct replaying *r, struct replayed_app *a)
{
	let_go(r, a->replay);
	let_go(r, a->next);
	free(a->notes);
	identity_clear(&a->identity);
	a->replay = a->next = NULL;
	a->notes = NULL;
	a->id = 0;
	a->next_tried = false;
	a->waiting = 0;
	a->lesson = (struct replaying_lesson){ 0 };
	a->result = nothing;
}

void replaying_close(struct replaying *r)
{
	unsigned int i;

	if (!r)
		return;
	for (i = 0; i < r->napps; i++)
		forget_last(r, &r->apps[i]);
	profile_cache_free(r->cache);
	free(r->apps);
	free(r);
}

/* --- the start of a run --- */

static void fail(struct replayed_app *a, const char *why)
{
	a->result.state = REPLAYED_FAILED;
	snprintf(a->result.error, sizeof(a->result.error), "%s", why);
}

/* pid is a process of the app, 0: it has none yet. */
static void begin(struct replaying *r, struct replayed_app *a, pid_t pid)
{
	const struct replay_job job = {
		.profiles = r->directory,
		.key = identity_key(&a->identity, a->command),
		.view = &a->identity.view,
		.cache = r->cache,
		.app = pid,
	};
	int err;

	if (r->cache)
		profile_cache_settle(r->cache);
	err = replay_start(&job, &a->replay);
	a->result.state = REPLAYED_RUNNING;
	if (err)
		fail(a, strerror(-err));
}

static void wait_for_miss(struct replayed_app *a, pid_t pid)
{
	a->waiting = pid;
	a->waiting_from_ns = clock_monotonic_ns();
	a->result.state = REPLAYED_UNNEEDED;
}

static void wait_no_more(struct replaying *r, struct replayed_app *a)
{
	pid_t pid = a->waiting;

	a->waiting = 0;
	if (pid && a->running)
		begin(r, a, pid);
}

/* Nothing was missed: then it is seen what of that which is brought is looked at. */
static void wait_enough(struct replaying *r, struct replayed_app *a)
{
	tracer_note_all_use(r->watch->tracer);
	wait_no_more(r, a);
}

/* What has gone already is no failure. */
static void say(struct replayed_app *a, int err)
{
	if (err == -EPERM)
		fail(a, "it has the rights of more than one user");
	else if (err != -ENOENT && err != -ESRCH)
		fail(a, strerror(-err));
}

/* Notes the beginning of a run. */
static void run_began(struct replaying *r, struct replayed_app *a, const char *command)
{
	forget_last(r, a);
	a->running = true;
	a->start_ns = sequence_now_ns();
	snprintf(a->command, sizeof(a->command), "%s", command);
}

/* The name may be a glob. */
static bool is_awaited(void *context, const char *command)
{
	const struct replaying *r = context;
	unsigned int i;

	for (i = 0; i < r->napps; i++)
		if (!fnmatch(r->watch->apps[i].name, command, 0))
			return true;
	return false;
}

void replaying_await(struct replaying *r)
{
	r->cache = profile_cache_new(r->directory, is_awaited, r);
	if (r->cache)
		profile_cache_refresh(r->cache);
}

void replaying_command(struct replaying *r, char *const command[])
{
	struct replayed_app *a = &r->apps[0];
	const char *slash = strrchr(command[0], '/');
	int err;

	run_began(r, a, slash ? slash + 1 : command[0]);
	err = identity_of_command(command, &a->identity);
	if (err)
		say(a, err);
	else
		begin(r, a, 0);
}

void replaying_started(struct replaying *r, unsigned int app, pid_t pid)
{
	struct replayed_app *a = &r->apps[app];
	int err;

	if (a->running) {
		if (a->replay && !replay_is_over(a->replay))
			replay_join(replay_pid(a->replay), pid);
		return;
	}
	run_began(r, a, r->watch->apps[app].run_name);
	err = identity_of_process("", pid, &a->identity);
	if (err)
		say(a, err);
	else if (a->cold)
		begin(r, a, pid);
	else
		wait_for_miss(a, pid);
	a->cold = false;
}

void replaying_cold(struct replaying *r, unsigned int app)
{
	struct replayed_app *a = &r->apps[app];

	if (a->running)
		wait_no_more(r, a);
	else
		a->cold = true;
}

bool replaying_helps(const struct replaying *r, unsigned int app, pid_t pid)
{
	const struct replayed_app *a = &r->apps[app];

	return a->replay && pid > 0 && replay_pid(a->replay) == pid;
}

/* --- the end of a run --- */

/* For profile_merge(): what is gone, and what was in memory before the app wanted it. */
static void take_notes(struct replayed_app *a, const struct replay_progress *p)
{
	uint32_t i;

	a->notes = calloc(p->nfiles + 1, 1);
	if (!a->notes)
		return;
	for (i = 0; i < p->nfiles; i++) {
		if (p->state[i] == 1 + REPLAY_FILE_GONE)
			a->notes[i] = PROFILE_MERGE_GONE;
		else if (p->state[i])
			a->notes[i] = PROFILE_MERGE_BROUGHT;
	}
	a->lesson.notes = a->notes;
	a->lesson.nnotes = p->nfiles;
	a->lesson.recorded_ns = p->recorded_ns;
	a->lesson.gone = p->gone > 0;
}

static void describe(struct replayed_app *a, const struct replay_progress *p)
{
	struct replayed *result = &a->result;

	result->files = p->files;
	result->gone = p->gone;
	result->refused = p->refused;
	result->changed = p->changed;
	result->bytes = p->brought_bytes;
	result->resident_bytes = p->resident_bytes;
	result->failed_bytes = p->failed_bytes;
	result->seconds = (double)(p->ended_ns - p->started_ns) / 1e9;
	memcpy(result->engine, p->engine, sizeof(result->engine));
	result->state = REPLAYED_DONE;
	if (p->error == -ENOENT)
		result->state = REPLAYED_NO_PROFILE;
	else if (p->error == -ECANCELED)
		result->state = p->due == REPLAY_MEASURED ? REPLAYED_MEASURED : REPLAYED_DISABLED;
	else if (p->stopped == REPLAY_FAILED)
		result->state = REPLAYED_FAILED;
	if (result->state == REPLAYED_DONE || result->state == REPLAYED_FAILED)
		result->stopped = replay_stop_names[p->stopped < REPLAY_STOPS ? p->stopped : REPLAY_FAILED];
	if (result->state == REPLAYED_FAILED)
		snprintf(result->error, sizeof(result->error), "%s",
			 p->error ? strerror(-p->error) : "its process ended");
}

static uint64_t looked_at(void *context, uint32_t dev, uint64_t ino, uint64_t block)
{
	uint64_t since_ns;

	return tracer_use(context, dev, ino, block, &since_ns);
}

static void judge(struct replaying *r, struct replayed_app *a, struct tracer *tracer, const struct profile_cost *cost)
{
	const struct replay_progress *p = replay_progress(a->replay);
	struct replay_judgement *j = &a->lesson.judgement;
	struct replay_facts facts = {
		.planned_bytes = p->planned_bytes,
		.brought_bytes = p->brought_bytes,
		.resident_bytes = p->resident_bytes,
		.missed_bytes = cost->bytes,
		.cost = *cost,
	};
	struct profile profile;
	double used;

	if (profile_open(r->directory, a->id, &profile))
		return;
	if (profile.nfiles == p->nfiles && profile.history.recorded_ns == p->recorded_ns && tracer &&
	    replay_use_measure(&profile, p, (uint32_t)sysconf(_SC_PAGESIZE), looked_at, tracer, &used)) {
		facts.used_known = true;
		facts.used_bytes = (uint64_t)(used * (double)p->brought_bytes);
	}
	replay_judge(&facts, &profile.history, j);
	a->lesson.replayed = p->brought_bytes > 0 || j->verdict != REPLAY_UNCLEAR;
	a->result.coverage = j->coverage;
	a->result.accuracy = j->accuracy;
	a->result.timely = j->timely;
	a->result.gain = j->gain;
	if (cost->wall_ns)
		a->result.waits_seconds = (double)cost->waits_ns / 1e9;
	if (profile.history.cold.wall_ns)
		a->result.waits_seconds_without = (double)profile.history.cold.waits_ns / 1e9;
	if (a->lesson.replayed)
		a->result.disabled_now = replay_remember(&profile.history, j, 0);
	profile_close(&profile);
}

static void end_next(struct replaying *r, struct replayed_app *a, enum replay_stop why)
{
	const struct replay_progress *p;

	if (!a->next)
		return;
	replay_end(a->next, why);
	p = replay_progress(a->next);
	memcpy(a->result.next_command, p->command, sizeof(a->result.next_command));
	a->result.next_bytes = p->brought_bytes;
	let_go(r, a->next);
	a->next = NULL;
}

/* Of the profile that there may be, where nobody has looked for it. */
static void find_id(struct replayed_app *a)
{
	struct profile_key key = identity_key(&a->identity, a->command);

	if (a->waiting && !sys_view_program(&a->identity.view, &key.program_size, &key.program_mtime_ns))
		a->id = profile_id(&key);
}

/* What it was worth is judged when it is known what the app missed. */
static void end(struct replaying *r, struct replayed_app *a, enum replay_stop why)
{
	if (!a->running)
		return;
	a->running = false;
	a->end_ns = sequence_now_ns();
	if (a->replay) {
		replay_end(a->replay, why);
		describe(a, replay_progress(a->replay));
		a->id = replay_progress(a->replay)->id;
	}
	end_next(r, a, why);
	find_id(a);
	a->waiting = 0;
	sys_view_clear(&a->identity.view); /* what it lies on may be about to be unmounted */
}

void replaying_ended(struct replaying *r, unsigned int app)
{
	end(r, &r->apps[app], REPLAY_APP_ENDED);
	r->apps[app].cold = false; /* heard of after the end, which the ledger told first: it was of that run */
}

bool replaying_lesson(struct replaying *r, unsigned int app, struct tracer *tracer, const struct profile_cost *cost,
		      struct replaying_lesson *ret)
{
	struct replayed_app *a = &r->apps[app];

	if (!a->replay || a->result.state != REPLAYED_DONE)
		return false;
	take_notes(a, replay_progress(a->replay));
	judge(r, a, tracer, cost);
	*ret = a->lesson;
	return true;
}

bool replaying_is_news(const struct replaying *r, unsigned int app)
{
	const struct replayed_app *a = &r->apps[app];

	return a->replay || a->id != r->noted_id || clock_monotonic_ns() - r->noted_ns >= NOTED_NS;
}

void replaying_sequence(const struct replaying *r, unsigned int app)
{
	const struct replayed_app *a = &r->apps[app];

	if (a->id)
		sequence_ended(SEQUENCE_DIR, r->directory, a->id, a->identity.directory, a->start_ns, a->end_ns);
}

void replaying_release(struct replaying *r, unsigned int app)
{
	struct replayed_app *a = &r->apps[app];

	let_go(r, a->replay);
	a->replay = NULL;
	r->noted_id = a->id;
	r->noted_ns = clock_monotonic_ns();
}

void replaying_take(struct replaying *r, unsigned int app, const struct replayed *result)
{
	r->apps[app].result = *result;
}

/* --- meanwhile --- */

/*
 * What an app needs itself is there, or nobody knows what that is: now the disk may have time for what comes next. Only
 * while the app runs: a command that was started is to leave nothing behind that works on.
 */
static void bring_next(struct replaying *r, struct replayed_app *a)
{
	struct replay_job job = { .profiles = r->directory, .view = &a->identity.view };

	if (a->next_tried || !a->replay || !replay_is_over(a->replay))
		return;
	a->next_tried = true;
	job.key = identity_key(&a->identity, a->command);
	job.last = replay_progress(a->replay)->id;
	if (job.last && replay_start(&job, &a->next))
		a->next = NULL;
}

int replaying_fd(const struct replaying *r)
{
	unsigned int i;

	for (i = 0; i < r->napps; i++)
		if (r->apps[i].running)
			return -1;
	return r->cache ? profile_cache_fd(r->cache) : -1;
}

void replaying_tick(struct replaying *r)
{
	bool idle = true;
	unsigned int i;

	reap(r);
	for (i = 0; i < r->napps; i++) {
		if (r->apps[i].running && r->watch->apps[i].seen && r->watch->apps[i].ended)
			replaying_ended(r, i);
		else if (r->apps[i].waiting && clock_monotonic_ns() - r->apps[i].waiting_from_ns >= WAIT_MOST_NS)
			wait_enough(r, &r->apps[i]);
		else if (r->apps[i].running)
			bring_next(r, &r->apps[i]);
		idle &= !r->apps[i].running;
	}
	if (idle && r->cache)
		profile_cache_refresh(r->cache);
}

void replaying_finish(struct replaying *r)
{
	unsigned int i;

	for (i = 0; i < r->napps; i++)
		end(r, &r->apps[i], r->watch->apps[i].ended ? REPLAY_APP_ENDED : REPLAY_AGENT_ENDED);
	for (i = 0; i < r->napps; i++)
		if (r->apps[i].replay)
			replay_await_end(r->apps[i].replay);
}

const struct replayed *replaying_result(const struct replaying *r, unsigned int app)
{
	return &r->apps[app].result;
}
