// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/* Who is recorded, from when to when, under which key. */
#include "run/recording.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "profile/recorder.h"
#include "run/identity.h"
#include "run/record_write.h"
#include "run/replaying.h"
#include "run/run_cost.h"
#include "run/watch.h"
#include "run/writers.h"
#include "util/clock.h"
#include "util/log.h"

#define FINISH_MS 2000 /* that the end of the agent waits for profiles to be in their place */
#define FINISH_NAP_NS 500000
#define LATE_NS 5000000ULL /* a disk may have answered by then */

enum phase {
	PHASE_IDLE,
	PHASE_EARLY, /* a record came by the one ring, while that of the start waits in the other */
	PHASE_RUNNING,
	PHASE_ENDED, /* its last records may still be in the ring */
};

struct recorded_app {
	struct recorder *recorder; /* owned; NULL before its first run */
	struct identity identity;
	char command[sizeof(((struct watched *)0)->run_name)];
	enum phase phase;
	bool joined; /* it ran before we came: what it missed then is not known */
	uint64_t start_ns, end_ns; /* CLOCK_MONOTONIC; end 0: not seen */
	uint64_t cold_ns; /* when its program was missed, before the exec; 0: it was not */
	bool mixed; /* another run came so soon that both are one here */
	uint64_t lost_before; /* records of misses, and of ends of whatever app */
	uint64_t lost_ends_before, lost_ends_seen;
	uint64_t idle_before; /* ns without a thread, since the app was first seen */
	uint64_t run; /* number of the run among all that were written */
	struct run_sums before, after; /* the last end of a run but one, and the last one */
	bool before_lost, after_lost; /* they could not be read */
};

struct recording {
	struct watch *watch; /* not owned */
	const char *directory; /* not owned */
	struct replaying *replaying; /* not owned; NULL: nothing is replayed */
	unsigned int napps;
	bool use_is_old; /* what is noted of pages is of a run that has ended */
	/* CLOCK_MONOTONIC: of runs since then it is known which pages were looked at once they had missed one; UINT64_MAX: of
	 * none */
	uint64_t use_ns;
	struct prefetch_recorded *results; /* owned */
	struct recorded_app *apps; /* owned */
	struct writers *writers; /* owned */
	uint64_t runs; /* that were written, or are being written */
};

/* --- which pages are looked at --- */

/*
 * Something was missed, at missed_ns: who waits for the disk looks at it only after the programs are attached, unless we
 * came late.
 */
static void note_use(struct recording *r, uint64_t missed_ns)
{
	int attached = tracer_note_all_use(r->watch->tracer);
	uint64_t now = clock_monotonic_ns();

	if (attached == 1 && r->use_ns != UINT64_MAX && now - missed_ns > LATE_NS)
		r->use_ns = now;
	else if (attached < 0)
		r->use_ns = UINT64_MAX;
}

/* --- life --- */

struct recording *recording_open(struct watch *watch, const char *directory, struct replaying *replaying)
{
	struct recording *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->watch = watch;
	r->directory = directory;
	r->replaying = replaying;
	r->napps = watch->napps;
	r->apps = calloc(r->napps, sizeof(*r->apps));
	r->results = calloc(r->napps, sizeof(*r->results));
	r->writers = writers_new();
	if (!r->apps || !r->results || !r->writers) {
		recording_close(r);
		return NULL;
	}
	tracer_set_recording(watch->tracer, true);
	r->use_ns = tracer_note_use(watch->tracer) ? UINT64_MAX : clock_monotonic_ns();
	/* of what is brought for the command already, it will miss nothing */
	if (replaying && replaying_result(replaying, 0)->state == REPLAYED_RUNNING)
		note_use(r, clock_monotonic_ns());
	return r;
}

void recording_close(struct recording *recording)
{
	unsigned int i;

	if (!recording)
		return;
	for (i = 0; recording->apps && i < recording->napps; i++) {
		recorder_free(recording->apps[i].recorder);
		identity_clear(&recording->apps[i].identity);
	}
	free(recording->apps);
	free(recording->results);
	writers_free(recording->writers);
	free(recording);
}

const struct prefetch_recorded *recording_result(const struct recording *recording, unsigned int app)
{
	return &recording->results[app];
}

/* --- the start of a run --- */

static uint64_t lost(const struct recording *r, enum aa_record_kind kind)
{
	return tracer_lost(r->watch->tracer, kind);
}

static uint64_t lost_misses(const struct recording *r)
{
	return lost(r, AA_REC_MISS) + tracer_missed_misses(r->watch->tracer);
}

/* The ledger of an app as it is now, or NULL. */
static const struct aa_ledger *ledger_of(const struct recording *r, unsigned int app)
{
	return tracer_read_ledger(r->watch->tracer, app, r->watch->ledger) ? NULL : r->watch->ledger;
}

void recording_identify(struct recording *recording, char *const command[])
{
	identity_clear(&recording->apps[0].identity);
	if (identity_of_command(command, &recording->apps[0].identity))
		log_debug("%s: not found before its start", command[0]);
}

/* Has an empty recorder for the app. Returns false if there is no memory for one. */
static bool prepare(struct recorded_app *a, uint64_t start_ns)
{
	if (!a->recorder)
		a->recorder = recorder_new();
	if (a->recorder)
		recorder_begin(a->recorder, start_ns);
	return a->recorder;
}

static void begin(struct recording *r, unsigned int app, const struct aa_rec_exec *rec)
{
	struct recorded_app *a = &r->apps[app];
	struct prefetch_recorded *result = &r->results[app];
	const struct aa_ledger *ledger;

	if (a->phase != PHASE_EARLY && !prepare(a, rec->h.time_ns)) {
		log_debug("%s: no memory to record it", r->watch->apps[app].name);
		return;
	}
	/* of a command that we start, all is known before */
	if (!a->identity.program && rec->local_pid)
		identity_of_process("", (pid_t)rec->local_pid, &a->identity);
	memcpy(a->command, r->watch->apps[app].run_name, sizeof(a->command));
	a->start_ns = rec->h.time_ns;
	a->end_ns = 0;
	a->lost_before = lost_misses(r);
	a->lost_ends_before = a->lost_ends_seen = lost(r, AA_REC_END);
	ledger = ledger_of(r, app);
	a->idle_before = ledger ? ledger->idle : 0;
	a->mixed = false;
	a->run = 0;
	a->phase = PHASE_RUNNING;
	*result = (struct prefetch_recorded){ .state = RECORDED_RUNNING,
					      .runs = result->runs,
					      .skipped = result->skipped };
}

/*
 * A run begins with the first process. One that follows so closely on the end of the last that its records were not read
 * yet continues that run: what both missed can no more be told apart.
 */
static void on_start(struct recording *r, unsigned int app, const struct aa_rec_exec *rec)
{
	struct recorded_app *a = &r->apps[app];

	if (a->cold_ns)
		note_use(r, a->cold_ns);
	a->cold_ns = 0;
	if (a->phase == PHASE_ENDED) {
		a->phase = PHASE_RUNNING;
		a->end_ns = 0;
		a->mixed = true;
	} else if (a->phase != PHASE_RUNNING && !a->joined) {
		begin(r, app, rec);
	}
}

void recording_joined(struct recording *recording, unsigned int app)
{
	struct aa_counts counts;

	if (!tracer_read_counts(recording->watch->tracer, app, &counts) && !counts.starts)
		recording->apps[app].joined = true;
}

/*
 * What the ledger holds now is of the runs that have ended, all of it, unless the next one is there: then they are mixed. An
 * end may be told twice: by the ledger, since the record of some end was lost, and by its own record.
 */
static void take_sums(struct recording *r, unsigned int app)
{
	struct recorded_app *a = &r->apps[app];
	const struct aa_ledger *ledger = ledger_of(r, app);

	if (a->phase != PHASE_ENDED) {
		a->before = a->after;
		a->before_lost = a->after_lost;
	}
	a->after_lost = !ledger || run_sums_read(ledger, &a->after);
}

static void on_end(struct recording *r, unsigned int app, uint64_t now_ns)
{
	struct recorded_app *a = &r->apps[app];

	take_sums(r, app);
	if (r->replaying) /* now: its group may be about to be removed */
		replaying_ended(r->replaying, app);
	a->joined = false;
	a->cold_ns = 0; /* whose start was lost */
	a->end_ns = now_ns;
	if (a->phase == PHASE_RUNNING)
		a->phase = PHASE_ENDED;
	else if (a->phase == PHASE_EARLY)
		a->phase = PHASE_IDLE;
}

/* The start of an app comes first, as its replay does with it. Of one that we joined, nothing is written. */
static void on_cold(struct recording *r, unsigned int app, uint64_t now_ns)
{
	struct recorded_app *a = &r->apps[app];

	if (a->phase == PHASE_RUNNING)
		note_use(r, now_ns);
	else if (!a->joined)
		a->cold_ns = now_ns;
}

void recording_take(struct recording *recording, const struct aa_rec *record)
{
	struct recorded_app *a;

	if (record->app >= recording->napps)
		return;
	a = &recording->apps[record->app];
	if (record->kind == AA_REC_START) {
		on_start(recording, record->app, (const struct aa_rec_exec *)record);
		return;
	}
	if (record->kind == AA_REC_COLD)
		on_cold(recording, record->app, record->time_ns);
	if (record->kind == AA_REC_END)
		on_end(recording, record->app, record->time_ns);
	if (a->phase == PHASE_IDLE && record->kind == AA_REC_MISS && !a->joined && prepare(a, record->time_ns))
		a->phase = PHASE_EARLY;
	if (a->phase == PHASE_IDLE)
		return;
	switch (record->kind) {
	case AA_REC_MISS:
		recorder_miss(a->recorder, (const struct aa_rec_miss *)record, (uint32_t)sysconf(_SC_PAGESIZE));
		break;
	case AA_REC_FILE:
		recorder_name(a->recorder, (const struct aa_rec_file *)record);
		break;
	}
}

/* --- the end of a run --- */

/* The end of a run may be among what was lost, but not in the ledger. */
static void find_end(struct recording *r, unsigned int app)
{
	uint64_t lost_ends = lost(r, AA_REC_END);
	struct recorded_app *a = &r->apps[app];
	const struct aa_ledger *ledger;

	if (a->phase != PHASE_RUNNING || lost_ends == a->lost_ends_seen)
		return;
	a->lost_ends_seen = lost_ends; /* what is counted has left the ledger before */
	ledger = ledger_of(r, app);
	if (ledger && ledger->ended)
		on_end(r, app, ledger->ended);
}

/* Whether the end of this run and the start of the next were lost: what is here is of both, and nobody knows which. */
static bool is_torn(const struct recording *r, unsigned int app)
{
	const struct recorded_app *a = &r->apps[app];
	const struct aa_ledger *ledger;

	if (a->mixed || lost(r, AA_REC_END) == a->lost_ends_before)
		return false;
	ledger = ledger_of(r, app);
	return !ledger || ledger->idle > a->idle_before;
}

static bool is_busy(const struct recording *r)
{
	unsigned int i;

	for (i = 0; i < r->napps; i++)
		if (r->apps[i].phase != PHASE_IDLE)
			return true;
	return false;
}

/* When nobody runs any more. A run whose start is still in the ring is one that began before. */
static void forget_use(struct recording *r)
{
	if (is_busy(r) || writers_looking(r->writers))
		return;
	if (r->use_is_old) {
		r->use_is_old = false;
		tracer_forget_use(r->watch->tracer);
		if (r->use_ns != UINT64_MAX)
			r->use_ns = clock_monotonic_ns();
	}
	tracer_rest_use(r->watch->tracer, clock_monotonic_ns());
}

/* What is known of a run before anybody looks at its records. */
static void describe(struct recording *r, unsigned int app, struct prefetch_recorded *result)
{
	const struct recorded_app *a = &r->apps[app];

	result->runs++;
	result->dropped = recorder_dropped(a->recorder);
	result->lost = lost_misses(r) - a->lost_before;
	result->state = RECORDED_FAILED; /* until it says otherwise */
	result->error = EINTR;
	if (is_torn(r, app)) {
		result->lost += lost(r, AA_REC_END) - a->lost_ends_before;
		result->state = RECORDED_INCOMPLETE;
	}
}

/* Everything that may wait for a disk is left to a process of its own. */
static void write_aside(struct recording *r, unsigned int app)
{
	struct recorded_app *a = &r->apps[app];
	struct prefetch_recorded *result = &r->results[app];
	bool knows_use = a->start_ns >= r->use_ns && tracer_use_known(r->watch->tracer);
	struct record_job job = {
		.directory = r->directory,
		.command = a->command,
		.identity = &a->identity,
		.recorder = a->recorder,
		.tracer = knows_use ? r->watch->tracer : NULL,
		.replaying = r->replaying,
		.app = app,
		.start_ns = a->start_ns,
	};
	struct writers_outcome outcome = { .recorded = *result };
	int err;

	if (a->end_ns && !a->mixed && !a->before_lost && !a->after_lost)
		job.cost = run_cost(&a->before, &a->after, a->end_ns - a->start_ns);
	if (r->replaying)
		outcome.replayed = *replaying_result(r->replaying, app);
	a->run = ++r->runs;
	err = writers_start(r->writers, a->run, &a->identity.view, &outcome, record_write, &job);
	result->state = RECORDED_WRITING;
	if (err == -EBUSY) {
		result->state = RECORDED_SKIPPED;
		result->skipped++;
	} else if (err) {
		result->state = RECORDED_FAILED;
		result->error = -err;
	}
}

/* A run that started from memory, as most do, costs nobody a process. */
static bool is_news(const struct recording *r, unsigned int app)
{
	return recorder_count(r->apps[app].recorder) || r->results[app].state == RECORDED_INCOMPLETE ||
	       (r->replaying && replaying_is_news(r->replaying, app));
}

static void end(struct recording *r, unsigned int app)
{
	struct recorded_app *a = &r->apps[app];

	a->phase = PHASE_IDLE;
	if (r->replaying)
		replaying_ended(r->replaying, app);
	describe(r, app, &r->results[app]);
	if (is_news(r, app)) {
		write_aside(r, app);
		if (r->replaying)
			replaying_release(r->replaying, app);
	} else {
		r->results[app].state = RECORDED_WARM;
	}
	r->use_is_old = true;
	recorder_begin(a->recorder, 0); /* gives its memory back */
	identity_clear(&a->identity);
}

/* Of a run that was followed by another one, only the count is left. */
static void take_outcomes(struct recording *r)
{
	const struct writers_outcome *outcome;
	struct prefetch_recorded *result;
	unsigned int i;
	uint64_t run;

	while ((outcome = writers_take(r->writers, &run))) {
		for (i = 0; i < r->napps && r->apps[i].run != run; i++)
			;
		if (i == r->napps)
			continue;
		result = &r->results[i];
		*result = outcome->recorded;
		if (r->replaying)
			replaying_take(r->replaying, i, &outcome->replayed);
	}
}

void recording_tick(struct recording *recording)
{
	struct recorded_app *a;
	unsigned int i;

	take_outcomes(recording);
	if (is_busy(recording)) /* what nobody runs yet may begin at any time, and its first looks count */
		tracer_pace_use(recording->watch->tracer, clock_monotonic_ns());
	for (i = 0; i < recording->napps; i++) {
		a = &recording->apps[i];
		find_end(recording, i);
		/* a record that was being written when the ring was read may have kept others from being read */
		if (a->phase == PHASE_ENDED && clock_monotonic_ns() - a->end_ns > 100000000)
			end(recording, i);
	}
	forget_use(recording);
}

/* What takes longer than that goes on by itself. */
static void await_writers(struct recording *r)
{
	const struct timespec nap = { .tv_nsec = FINISH_NAP_NS };
	uint64_t until = clock_monotonic_ns() + FINISH_MS * 1000000ULL;

	for (take_outcomes(r); writers_busy(r->writers) && clock_monotonic_ns() < until; take_outcomes(r))
		nanosleep(&nap, NULL);
}

void recording_finish(struct recording *recording)
{
	unsigned int i;

	for (i = 0; i < recording->napps; i++) {
		find_end(recording, i);
		if (recording->apps[i].phase >= PHASE_RUNNING)
			end(recording, i);
	}
	await_writers(recording);
	for (i = 0; i < recording->napps; i++)
		if (recording->results[i].state == RECORDED_FAILED)
			log_warn("%s: its profile could not be written: %s; ignoring", recording->watch->apps[i].name,
				 strerror(recording->results[i].error));
}
