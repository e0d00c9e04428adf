// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/* Who is recorded, from when to when, under which key; and the writing, which nobody waits for while apps run. */
#include "run/recording.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "profile/merge.h"
#include "profile/profile.h"
#include "profile/recorded.h"
#include "profile/recorder.h"
#include "run/identity.h"
#include "run/replaying.h"
#include "run/watch.h"
#include "sys/mounts.h"
#include "util/clock.h"
#include "util/log.h"

#define LOST_SHARE 20 /* a profile that lacks one in so many is not worth having */
#define WRITER_SECONDS 20 /* that the end of the agent waits for a process that still writes */

enum phase {
	PHASE_IDLE,
	PHASE_EARLY, /* a record came by the one ring, while that of the start waits in the other */
	PHASE_RUNNING,
	PHASE_ENDED, /* its last records may still be in the ring */
};

struct recorded_app {
	struct recorder *recorder; /* owned; NULL before its first run */
	struct identity identity;
	char command[AA_COMM_LEN > sizeof(((struct watched *)0)->name) ? AA_COMM_LEN :
									 sizeof(((struct watched *)0)->name)];
	enum phase phase;
	bool joined; /* it ran before we came: what it missed then is not known */
	uint64_t start_ns, end_ns; /* CLOCK_MONOTONIC; end 0: not seen */
	uint64_t lost_before;
	pid_t writer; /* 0: none */
	struct replaying_lesson lesson; /* of the run that ended */
	bool replayed; /* there is one */
};

struct recording {
	struct watch *watch; /* not owned */
	const char *directory; /* not owned */
	struct replaying *replaying; /* not owned; NULL: nothing is replayed */
	unsigned int napps;
	uint64_t use_ns; /* since when it is noted which pages are looked at, CLOCK_MONOTONIC; UINT64_MAX: it is not */
	struct prefetch_recorded *results; /* shared with the processes that write */
	struct recorded_app *apps; /* owned */
};

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
	r->results = mmap(NULL, r->napps * sizeof(*r->results), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
			  0);
	if (r->results == MAP_FAILED)
		r->results = NULL;
	if (!r->apps || !r->results) {
		recording_close(r);
		return NULL;
	}
	tracer_set_recording(watch->tracer, true);
	r->use_ns = tracer_note_use(watch->tracer) ? UINT64_MAX : clock_monotonic_ns();
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
	if (recording->results)
		munmap(recording->results, recording->napps * sizeof(*recording->results));
	free(recording);
}

const struct prefetch_recorded *recording_result(const struct recording *recording, unsigned int app)
{
	return &recording->results[app];
}

/* --- the start of a run --- */

static uint64_t lost_misses(const struct recording *r)
{
	struct tracer_losses losses;

	tracer_losses(r->watch->tracer, &losses);
	return losses.records[AA_REC_MISS];
}

void recording_identify(struct recording *recording, const char *command)
{
	identity_clear(&recording->apps[0].identity);
	if (identity_of_command(command, &recording->apps[0].identity))
		log_debug("%s: not found before its start", command);
}

/* The name that the user gave it; of a glob, the name that matched. */
static void name_command(const struct watched *w, const char comm[AA_COMM_LEN], struct recorded_app *a)
{
	if (strpbrk(w->name, "*?["))
		snprintf(a->command, sizeof(a->command), "%.*s", AA_COMM_LEN, comm);
	else
		snprintf(a->command, sizeof(a->command), "%.*s", (int)sizeof(w->name), w->name);
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

	if (a->phase != PHASE_EARLY && !prepare(a, rec->h.time_ns)) {
		log_debug("%s: no memory to record it", r->watch->apps[app].name);
		return;
	}
	/* of a command that we start, all is known before */
	if (!a->identity.program && rec->local_pid)
		identity_of_process("", (pid_t)rec->local_pid, &a->identity);
	name_command(&r->watch->apps[app], rec->comm, a);
	a->start_ns = rec->h.time_ns;
	a->end_ns = 0;
	a->lost_before = lost_misses(r);
	a->phase = PHASE_RUNNING;
	*result = (struct prefetch_recorded){ .state = RECORDED_RUNNING, .runs = result->runs };
}

/*
 * A run begins with the first process. One that follows so closely on the end of the last that its records were not read
 * yet continues that run: what both missed can no more be told apart.
 */
static void on_start(struct recording *r, unsigned int app, const struct aa_rec_exec *rec)
{
	struct recorded_app *a = &r->apps[app];

	if (a->phase == PHASE_ENDED) {
		a->phase = PHASE_RUNNING;
		a->end_ns = 0;
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

static void on_end(struct recorded_app *a, uint64_t now_ns)
{
	a->joined = false;
	a->end_ns = now_ns;
	if (a->phase == PHASE_RUNNING)
		a->phase = PHASE_ENDED;
	else if (a->phase == PHASE_EARLY)
		a->phase = PHASE_IDLE;
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
	if (record->kind == AA_REC_END)
		on_end(a, record->time_ns);
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
static bool is_lesson(const struct recorded_app *a)
{
	return a->replayed && (a->lesson.judgement.counts || a->lesson.gone);
}

/* Puts a run into the profile that is there, if there is one. */
static int store(const struct recording *r, const struct recorded_app *a, struct recorded *recorded)
{
	struct profile *run = &recorded->profile, last = { 0 }, merged;
	int err = profile_open(r->directory, profile_id(&run->key), &last);
	const uint8_t *notes = NULL;
	bool known = !err;

	if (err && err != -ENOENT && err != -EBADMSG)
		return err;
	run->history.recorded_ns = realtime_ns();
	if (a->replayed && a->lesson.nnotes == last.nfiles)
		notes = a->lesson.notes;
	err = profile_merge(known ? &last : NULL, notes, run, &merged);
	if (!err) {
		if (a->replayed && a->lesson.replayed)
			replay_remember(&merged.history, &a->lesson.judgement, a->lesson.wall_ns,
					run->history.recorded_ns);
		/* a run that found most of it in memory does not tell how long a cold one takes */
		else if (a->end_ns && (!known || 2 * pages_of(run) >= pages_of(&last)))
			merged.history.cold_ns = a->end_ns - a->start_ns;
		err = profile_write(r->directory, &merged);
		profile_close(&merged);
	}
	if (known)
		profile_close(&last);
	return err;
}

/* Makes a profile of what was recorded, and writes it. */
static void write_run(const struct recording *r, struct recorded_app *a, struct prefetch_recorded *result)
{
	struct profile_key key = { a->command, a->identity.program, a->identity.directory };
	int64_t started_ns = realtime_ns() - (int64_t)(clock_monotonic_ns() - a->start_ns);
	struct recorded recorded = { 0 };
	struct sys_mounts mounts = { 0 };
	int err = sys_mounts_read("", &mounts);

	if (!err)
		err = recorded_make(a->recorder, &mounts, &key, started_ns, &recorded);
	result->files = recorded.profile.nfiles;
	result->ranges = recorded.profile.nranges;
	result->bytes = recorded.bytes;
	result->outputs = recorded.outputs;
	result->gone = recorded.gone;
	result->unnamed = recorded.unnamed;
	result->unreachable = recorded.unreachable;
	result->state = recorded.profile.nranges ? RECORDED_WRITTEN : RECORDED_WARM;
	if (!err && (recorded.profile.nranges || is_lesson(a)))
		err = store(r, a, &recorded);
	if (err) {
		result->state = RECORDED_FAILED;
		result->error = -err;
	}
	recorded_clear(&recorded);
	sys_mounts_free(&mounts);
}

/* What is decided without a look at any file. Returns whether there is something to write. */
static bool worth_writing(const struct recording *r, const struct recorded_app *a, struct prefetch_recorded *result)
{
	size_t count = recorder_count(a->recorder);

	result->runs++;
	result->dropped = recorder_dropped(a->recorder);
	result->lost = lost_misses(r) - a->lost_before;
	result->state = RECORDED_WARM;
	if (!count)
		return a->identity.program && is_lesson(a);
	if (result->lost * LOST_SHARE > count)
		result->state = RECORDED_INCOMPLETE;
	else if (!a->identity.program)
		result->state = RECORDED_UNKNOWN;
	else
		return true;
	return false;
}

/* Waits for the process that writes an app's run before, at most so long. */
static void reap(struct recorded_app *a, unsigned int seconds)
{
	const struct timespec nap = { .tv_nsec = 5000000 };
	unsigned int i;
	pid_t ended;

	if (!a->writer)
		return;
	for (i = 0; !(ended = waitpid(a->writer, NULL, WNOHANG)) && i < seconds * 200; i++)
		nanosleep(&nap, NULL);
	if (!ended && seconds) {
		kill(a->writer, SIGKILL);
		ended = waitpid(a->writer, NULL, WNOHANG);
	}
	if (ended || seconds) /* or it was reaped by whoever reaps everything */
		a->writer = 0;
}

/* Nobody waits for the disk who has other apps to look after. */
static void write_aside(const struct recording *r, struct recorded_app *a, struct prefetch_recorded *result)
{
	result->state = RECORDED_FAILED; /* until it says otherwise */
	result->error = EINTR;
	a->writer = fork();
	if (a->writer == 0) {
		close_range(3, ~0U, 0); /* a lock of ours must not outlive us in somebody who waits for a disk */
		write_run(r, a, result);
		_exit(0);
	}
	if (a->writer < 0) {
		result->error = errno;
		a->writer = 0;
	}
}

static uint64_t looked_at(void *tracer, uint32_t dev, uint64_t ino, uint64_t block)
{
	return tracer_use(tracer, dev, ino, block);
}

/* Of what readahead brought, only what the app looked at. */
static void trim(struct recording *r, struct recorded_app *a)
{
	if (a->start_ns >= r->use_ns && tracer_use_known(r->watch->tracer))
		recorder_trim(a->recorder, (uint32_t)sysconf(_SC_PAGESIZE), looked_at, r->watch->tracer);
}

/* When nobody runs any more. A run whose start is still in the ring is one that began before. */
static void forget_use(struct recording *r)
{
	unsigned int i;

	for (i = 0; i < r->napps; i++)
		if (r->apps[i].phase != PHASE_IDLE)
			return;
	tracer_forget_use(r->watch->tracer);
	if (r->use_ns != UINT64_MAX)
		r->use_ns = clock_monotonic_ns();
}

static void end(struct recording *r, unsigned int app, bool aside)
{
	struct prefetch_recorded *result = &r->results[app];
	struct recorded_app *a = &r->apps[app];

	reap(a, WRITER_SECONDS);
	a->phase = PHASE_IDLE;
	trim(r, a);
	a->replayed = r->replaying && replaying_lesson(r->replaying, app, recorder_bytes(a->recorder), &a->lesson);
	forget_use(r);
	if (worth_writing(r, a, result)) {
		if (aside)
			write_aside(r, a, result);
		else
			write_run(r, a, result);
	}
	recorder_begin(a->recorder, 0); /* gives its memory back */
	identity_clear(&a->identity);
}

void recording_tick(struct recording *recording)
{
	struct recorded_app *a;
	unsigned int i;

	for (i = 0; i < recording->napps; i++) {
		a = &recording->apps[i];
		reap(a, 0);
		/* a record that was being written when the ring was read may have kept others from being read */
		if (a->phase == PHASE_ENDED && clock_monotonic_ns() - a->end_ns > 100000000)
			end(recording, i, true);
	}
}

void recording_finish(struct recording *recording)
{
	unsigned int i;

	for (i = 0; i < recording->napps; i++) {
		if (recording->apps[i].phase >= PHASE_RUNNING)
			end(recording, i, false);
		reap(&recording->apps[i], WRITER_SECONDS);
		if (recording->results[i].state == RECORDED_FAILED)
			log_warn("%s: its profile could not be written: %s; ignoring", recording->watch->apps[i].name,
				 strerror(recording->results[i].error));
	}
}
