// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/* Who is replayed, from when to when, and what came of it. */
#include "run/replaying.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "profile/merge.h"
#include "profile/replay.h"
#include "profile/replay_plan.h"
#include "profile/replay_use.h"
#include "profile/sequence.h"
#include "run/identity.h"
#include "util/log.h"

struct replayed_app {
	struct replay *replay; /* of the present or the last run; NULL: none, or it is judged */
	struct replay *next; /* of what mostly follows; NULL: none */
	bool next_tried; /* in this run */
	uint64_t start_ns; /* of the present run, CLOCK_REALTIME */
	char *directory; /* that it was started in, owned; NULL: not known */
	bool running; /* from the first process of a run to its end */
	char command[sizeof(((struct watched *)0)->name)];
	uint64_t id; /* of the profile */
	uint8_t *notes; /* owned */
	struct replaying_lesson lesson;
	struct replayed result;
};

struct replaying {
	struct watch *watch; /* not owned */
	unsigned int napps;
	const char *directory; /* not owned */
	struct replayed_app *apps; /* owned */
};

/* --- life --- */

struct replaying *replaying_open(struct watch *watch, const char *directory)
{
	struct replaying *r = calloc(1, sizeof(*r));

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
	return r;
}

static void forget_last(struct replayed_app *a)
{
	replay_free(a->replay);
	replay_free(a->next);
	free(a->notes);
	free(a->directory);
	a->replay = a->next = NULL;
	a->notes = NULL;
	a->directory = NULL;
	a->next_tried = false;
	a->lesson = (struct replaying_lesson){ 0 };
	a->result = (struct replayed){ .coverage = NAN, .accuracy = NAN, .timely = NAN, .gain = NAN };
}

void replaying_close(struct replaying *r)
{
	unsigned int i;

	if (!r)
		return;
	for (i = 0; i < r->napps; i++)
		forget_last(&r->apps[i]);
	free(r->apps);
	free(r);
}

/* --- the start of a run --- */

static void begin(struct replaying *r, struct replayed_app *a, const struct identity *identity, pid_t pid)
{
	const struct profile_key key = { a->command, identity->program, identity->directory };
	struct replay_job job = { .profiles = r->directory, .app = pid };
	int err;

	a->id = job.id = profile_id(&key);
	a->start_ns = sequence_now_ns();
	a->directory = strdup(identity->directory);
	err = replay_start(&job, &a->replay);
	a->result.state = REPLAYED_RUNNING;
	if (err) {
		a->result.state = REPLAYED_FAILED;
		snprintf(a->result.error, sizeof(a->result.error), "%s", strerror(-err));
	}
}

void replaying_command(struct replaying *r, const char *command)
{
	struct replayed_app *a = &r->apps[0];
	const char *slash = strrchr(command, '/');
	struct identity identity;

	forget_last(a);
	a->running = true;
	if (identity_of_command(command, &identity))
		return;
	snprintf(a->command, sizeof(a->command), "%s", slash ? slash + 1 : command);
	begin(r, a, &identity, 0);
	identity_clear(&identity);
}

void replaying_started(struct replaying *r, unsigned int app, pid_t pid)
{
	struct replayed_app *a = &r->apps[app];
	struct identity identity;

	if (!a->running) {
		forget_last(a);
		a->running = true;
		if (identity_of_process("", pid, &identity))
			return;
		snprintf(a->command, sizeof(a->command), "%s", r->watch->apps[app].name);
		begin(r, a, &identity, pid);
		identity_clear(&identity);
	} else if (a->replay && !replay_is_over(a->replay)) {
		replay_join(replay_pid(a->replay), pid);
	}
}

bool replaying_helps(const struct replaying *r, unsigned int app, pid_t pid)
{
	const struct replayed_app *a = &r->apps[app];

	return a->replay && pid > 0 && replay_pid(a->replay) == pid;
}

/* --- the end of a run --- */

/* Of a run that is over; 0: it is not, or it was not seen. */
static uint64_t wall_ns(struct replaying *r, unsigned int app)
{
	const struct aa_ledger *l = r->watch->ledger;

	if (tracer_read_ledger(r->watch->tracer, app, r->watch->ledger) || !l->started || l->ended <= l->started)
		return 0;
	return l->ended - l->started;
}

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
	result->stopped = replay_stop_names[p->stopped < REPLAY_STOPS ? p->stopped : REPLAY_FAILED];
	memcpy(result->engine, p->engine, sizeof(result->engine));
	result->state = REPLAYED_DONE;
	if (p->error == -ENOENT)
		result->state = REPLAYED_NO_PROFILE;
	else if (p->error == -ECANCELED)
		result->state = REPLAYED_DISABLED;
	else if (p->stopped == REPLAY_FAILED)
		result->state = REPLAYED_FAILED;
	if (result->state == REPLAYED_FAILED)
		snprintf(result->error, sizeof(result->error), "%s",
			 p->error ? strerror(-p->error) : "its process ended");
}

static uint64_t looked_at(void *context, uint32_t dev, uint64_t ino, uint64_t block)
{
	return tracer_use(context, dev, ino, block);
}

static void judge(struct replaying *r, struct replayed_app *a, uint64_t missed_bytes)
{
	const struct replay_progress *p = replay_progress(a->replay);
	struct replay_judgement *j = &a->lesson.judgement;
	struct replay_facts facts = {
		.planned_bytes = p->planned_bytes,
		.brought_bytes = p->brought_bytes,
		.resident_bytes = p->resident_bytes,
		.missed_bytes = missed_bytes,
		.wall_ns = a->lesson.wall_ns,
	};
	struct profile profile;
	double used;

	if (profile_open(r->directory, a->id, &profile))
		return;
	if (profile.nfiles == p->nfiles && tracer_use_known(r->watch->tracer) &&
	    replay_use_measure(&profile, p, (uint32_t)sysconf(_SC_PAGESIZE), looked_at, r->watch->tracer, &used)) {
		facts.used_known = true;
		facts.used_bytes = (uint64_t)(used * (double)p->brought_bytes);
	}
	replay_judge(&facts, &profile.history, j);
	a->lesson.replayed = p->brought_bytes > 0;
	a->result.coverage = j->coverage;
	a->result.accuracy = j->accuracy;
	a->result.timely = j->timely;
	a->result.gain = j->gain;
	if (a->lesson.replayed)
		a->result.disabled_now = replay_remember(&profile.history, j, facts.wall_ns, 0);
	profile_close(&profile);
}

static void end_next(struct replayed_app *a)
{
	const struct replay_progress *p;

	if (!a->next)
		return;
	replay_end(a->next, REPLAY_APP_ENDED);
	p = replay_progress(a->next);
	memcpy(a->result.next_command, p->command, sizeof(a->result.next_command));
	a->result.next_bytes = p->brought_bytes;
	replay_free(a->next);
	a->next = NULL;
}

/* What it was worth is judged when it is known what the app missed. */
static void end(struct replaying *r, unsigned int app)
{
	struct replayed_app *a = &r->apps[app];

	if (!a->running)
		return;
	a->running = false;
	if (a->replay) {
		replay_end(a->replay, REPLAY_APP_ENDED);
		describe(a, replay_progress(a->replay));
		a->lesson.wall_ns = wall_ns(r, app);
	}
	end_next(a);
	if (a->directory)
		sequence_ended(SEQUENCE_DIR, r->directory, a->id, a->directory, a->start_ns);
}

bool replaying_lesson(struct replaying *r, unsigned int app, uint64_t missed_bytes, struct replaying_lesson *ret)
{
	struct replayed_app *a = &r->apps[app];

	end(r, app);
	if (!a->replay || a->result.state != REPLAYED_DONE)
		return false;
	take_notes(a, replay_progress(a->replay));
	judge(r, a, missed_bytes);
	replay_free(a->replay);
	a->replay = NULL;
	*ret = a->lesson;
	return true;
}

/* --- meanwhile --- */

/*
 * What an app needs itself is there, or nobody knows what that is: now the disk may have time for what comes next. Only
 * while the app runs: a command that was started is to leave nothing behind that works on.
 */
static void bring_next(struct replaying *r, struct replayed_app *a)
{
	const struct replay_job job = { .profiles = r->directory, .id = a->id, .next = true };

	if (a->next_tried || !a->directory || (a->replay && !replay_is_over(a->replay)))
		return;
	a->next_tried = true;
	if (replay_start(&job, &a->next))
		a->next = NULL;
}

void replaying_tick(struct replaying *r)
{
	unsigned int i;

	for (i = 0; i < r->napps; i++) {
		if (r->apps[i].running && r->watch->apps[i].seen && r->watch->apps[i].ended)
			end(r, i);
		else if (r->apps[i].running)
			bring_next(r, &r->apps[i]);
	}
}

void replaying_finish(struct replaying *r)
{
	unsigned int i;

	for (i = 0; i < r->napps; i++)
		end(r, i);
}

const struct replayed *replaying_result(const struct replaying *r, unsigned int app)
{
	return &r->apps[app].result;
}
