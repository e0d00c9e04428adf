/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/*
 * When a run is taken for ended, although the record of its end found the ring full. The kernel side and the processes
 * that write are the test's own: all that recording.c uses of tracer.c, writers.c, record_write.c and replaying.c.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "profile/recorder.h"
#include "run/record_write.h"
#include "run/recording.h"
#include "run/replaying.h"
#include "run/watch.h"
#include "run/writers.h"
#include "util/clock.h"

#define START_NS 1000000000
#define END_NS 3000000000

/* --- what the kernel side says --- */

static struct tracer_losses losses;
static uint64_t missed_misses;
static int ledger_error; /* of reading it */
static struct aa_ledger ledger;
static bool tells_use;

void tracer_set_recording(struct tracer *tracer, bool wanted)
{
	(void)tracer;
	(void)wanted;
}

int tracer_note_use(struct tracer *tracer)
{
	(void)tracer;
	return tells_use ? 0 : -ENOTSUP;
}

int tracer_note_all_use(struct tracer *tracer)
{
	(void)tracer;
	return tells_use ? 1 : -ENOTSUP;
}

void tracer_rest_use(struct tracer *tracer, uint64_t now_ns)
{
	(void)tracer;
	(void)now_ns;
}

void tracer_pace_use(struct tracer *tracer, uint64_t now_ns)
{
	(void)tracer;
	(void)now_ns;
}

bool tracer_use_known(const struct tracer *tracer)
{
	(void)tracer;
	return tells_use;
}

void tracer_forget_use(struct tracer *tracer)
{
	(void)tracer;
}

uint64_t tracer_lost(const struct tracer *tracer, enum aa_record_kind kind)
{
	(void)tracer;
	return losses.records[kind];
}

uint64_t tracer_missed_misses(const struct tracer *tracer)
{
	(void)tracer;
	return missed_misses;
}

int tracer_read_ledger(struct tracer *tracer, unsigned int app, struct aa_ledger *ret)
{
	(void)tracer;
	(void)app;
	*ret = ledger;
	return ledger_error;
}

int tracer_read_counts(struct tracer *tracer, unsigned int app, struct aa_counts *ret)
{
	(void)tracer;
	(void)app;
	memset(ret, 0, sizeof(*ret));
	return 0;
}

/* --- what is given to be written --- */

static struct {
	unsigned int jobs;
	struct record_job last;
	struct prefetch_recorded recorded; /* that it starts with */
	size_t misses;
} written;

struct writers *writers_new(void)
{
	return malloc(1);
}

void writers_free(struct writers *writers)
{
	free(writers);
}

int record_write(void *context, struct writers_outcome *outcome)
{
	(void)context;
	(void)outcome;
	return -1;
}

int writers_start(struct writers *writers, uint64_t run, const struct sys_view *keep,
		  const struct writers_outcome *outcome, int (*work)(void *context, struct writers_outcome *outcome),
		  void *context)
{
	(void)writers;
	(void)run;
	(void)keep;
	(void)work;
	written.jobs++;
	written.last = *(const struct record_job *)context;
	written.recorded = outcome->recorded;
	written.misses = recorder_count(written.last.recorder);
	return 0;
}

const struct writers_outcome *writers_take(struct writers *writers, uint64_t *ret_run)
{
	(void)writers;
	(void)ret_run;
	return NULL;
}

bool writers_busy(const struct writers *writers)
{
	(void)writers;
	return false;
}

bool writers_looking(const struct writers *writers)
{
	(void)writers;
	return false;
}

/* --- no replays --- */

void replaying_ended(struct replaying *replaying, unsigned int app)
{
	(void)replaying;
	(void)app;
}

bool replaying_is_news(const struct replaying *replaying, unsigned int app)
{
	(void)replaying;
	(void)app;
	return false;
}

void replaying_release(struct replaying *replaying, unsigned int app)
{
	(void)replaying;
	(void)app;
}

void replaying_take(struct replaying *replaying, unsigned int app, const struct replayed *result)
{
	(void)replaying;
	(void)app;
	(void)result;
}

const struct replayed *replaying_result(const struct replaying *replaying, unsigned int app)
{
	(void)replaying;
	(void)app;
	return NULL;
}

/* --- runs --- */

struct fixture {
	struct watch watch;
	struct watched app;
	struct aa_ledger room;
	struct recording *recording;
};

static int open_recording(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	memset(&losses, 0, sizeof(losses));
	missed_misses = 0;
	ledger_error = 0;
	memset(&ledger, 0, sizeof(ledger));
	memset(&written, 0, sizeof(written));
	f->watch.apps = &f->app;
	f->watch.napps = 1;
	f->watch.ledger = &f->room;
	f->recording = recording_open(&f->watch, "/nowhere", NULL);
	*state = f;
	return f->recording ? 0 : -1;
}

static int close_recording(void **state)
{
	struct fixture *f = *state;

	recording_close(f->recording);
	free(f);
	return 0;
}

/* START and END; nobody has this pid here. */
static void life(struct fixture *f, enum aa_record_kind kind, uint64_t time_ns)
{
	const struct aa_rec_exec rec = { .h = { .version = AA_RECORD_VERSION, .kind = kind, .time_ns = time_ns } };

	recording_take(f->recording, &rec.h);
}

static void miss(struct fixture *f, uint64_t page, uint64_t time_ns)
{
	const struct aa_rec_miss rec = {
		.h = { .version = AA_RECORD_VERSION, .kind = AA_REC_MISS, .time_ns = time_ns },
		.ino = 12,
		.index = page,
		.dev = 8 << 20,
		.pages = 1,
	};

	recording_take(f->recording, &rec.h);
}

/* Not the first run: there was a time without one. */
static void start(struct fixture *f)
{
	ledger.idle = 40;
	life(f, AA_REC_START, START_NS);
	miss(f, 5, START_NS + 1000);
	ledger.started = START_NS;
}

/* A run, and the word that it is cold, which was sent so long ago; whether it is known what it looked at. */
static bool knows_use(struct fixture *f, uint64_t ago_ns)
{
	uint64_t now;

	recording_close(f->recording);
	f->recording = recording_open(&f->watch, "/nowhere", NULL);
	assert_non_null(f->recording);
	f->watch.tracer = (struct tracer *)f; /* nobody looks into it */
	now = clock_monotonic_ns();
	life(f, AA_REC_START, now);
	life(f, AA_REC_COLD, now - ago_ns);
	miss(f, 5, now);
	ledger.started = now;
	life(f, AA_REC_END, now + 1);
	ledger.ended = now + 1;
	recording_finish(f->recording);
	return written.last.tracer;
}

/* Looks are noted from the first miss on. Where we hear of it late, what was missed before may have been looked at. */
static void looks_are_noted_late(void **state)
{
	tells_use = true;
	assert_true(knows_use(*state, 0));
	assert_false(knows_use(*state, 20000000));
	tells_use = false;
	assert_false(knows_use(*state, 0));
}

/* A run that missed nothing is told of, and nobody is troubled with it. */
static void warm_run(void **state)
{
	struct fixture *f = *state;

	life(f, AA_REC_START, START_NS);
	life(f, AA_REC_END, END_NS);
	recording_finish(f->recording);
	assert_int_equal(written.jobs, 0);
	assert_int_equal(recording_result(f->recording, 0)->state, RECORDED_WARM);
	assert_int_equal(recording_result(f->recording, 0)->runs, 1);
}

/* An end whose record is lost is found in the ledger, with its time: the run is whole. */
static void lost_end(void **state)
{
	struct fixture *f = *state;

	start(f);
	losses.records[AA_REC_END] = 1;
	ledger.ended = END_NS;
	recording_tick(f->recording);
	assert_int_equal(written.jobs, 1);
	assert_int_equal(written.last.start_ns, START_NS);
	assert_int_equal(written.last.cost.wall_ns, END_NS - START_NS);
	assert_int_equal(written.misses, 1);
	assert_int_equal(written.recorded.lost, 0);
	assert_int_not_equal(written.recorded.state, RECORDED_INCOMPLETE);
	assert_int_equal(recording_result(f->recording, 0)->state, RECORDED_WRITING);
	recording_tick(f->recording);
	recording_finish(f->recording);
	assert_int_equal(written.jobs, 1);
}

/* The same when the agent ends before it looks again. */
static void lost_end_at_the_end(void **state)
{
	struct fixture *f = *state;

	start(f);
	losses.records[AA_REC_END] = 1;
	ledger.ended = END_NS;
	recording_finish(f->recording);
	assert_int_equal(written.jobs, 1);
	assert_int_equal(written.last.cost.wall_ns, END_NS - START_NS);
}

/* The end that was lost was another app's: this one runs on until its own. */
static void lost_end_of_another(void **state)
{
	struct fixture *f = *state;

	start(f);
	losses.records[AA_REC_END] = 1;
	recording_tick(f->recording);
	assert_int_equal(written.jobs, 0);
	miss(f, 9, START_NS + 2000);
	life(f, AA_REC_END, END_NS);
	ledger.ended = END_NS;
	recording_tick(f->recording);
	assert_int_equal(written.jobs, 1);
	assert_int_equal(written.last.cost.wall_ns, END_NS - START_NS);
	assert_int_equal(written.misses, 2);
	assert_int_not_equal(written.recorded.state, RECORDED_INCOMPLETE);
}

/* The end was found in the ledger because another's record was lost, and then its own is read: it is one end. */
static void end_told_twice(void **state)
{
	struct fixture *f = *state;
	uint64_t now = clock_monotonic_ns();

	life(f, AA_REC_START, now - 1000);
	miss(f, 5, now - 900);
	ledger.started = now - 1000;
	losses.records[AA_REC_END] = 1;
	ledger.command[0].t[AA_RUN] = 700;
	ledger.ended = now;
	recording_tick(f->recording);
	life(f, AA_REC_END, now);
	recording_finish(f->recording);
	assert_int_equal(written.jobs, 1);
	assert_int_equal(written.last.cost.wall_ns, 1000);
	assert_int_equal(written.last.cost.cpu_ns, 700);
}

/* What was said of a program whose start is not heard of does not make the next run one that was noted late. */
static void cold_without_a_start(void **state)
{
	struct fixture *f = *state;
	uint64_t now;

	tells_use = true;
	recording_close(f->recording);
	f->recording = recording_open(&f->watch, "/nowhere", NULL);
	assert_non_null(f->recording);
	f->watch.tracer = (struct tracer *)f; /* nobody looks into it */
	now = clock_monotonic_ns();
	life(f, AA_REC_COLD, now - 20000000);
	life(f, AA_REC_END, now - 10000000);
	now = clock_monotonic_ns();
	life(f, AA_REC_START, now);
	life(f, AA_REC_COLD, now);
	miss(f, 5, now);
	recording_finish(f->recording);
	tells_use = false;
	assert_int_equal(written.jobs, 1);
	assert_non_null(written.last.tracer);
}

/* The next run begins after a lost end was found: each has its own misses. */
static void run_after_a_lost_end(void **state)
{
	struct fixture *f = *state;

	start(f);
	losses.records[AA_REC_END] = 1;
	ledger.ended = END_NS;
	recording_tick(f->recording);
	life(f, AA_REC_START, END_NS + 50);
	ledger.ended = 0;
	ledger.idle += 50;
	miss(f, 7, END_NS + 60);
	miss(f, 9, END_NS + 70);
	life(f, AA_REC_END, END_NS + 80);
	ledger.ended = END_NS + 80;
	recording_tick(f->recording);
	assert_int_equal(written.jobs, 2);
	assert_int_equal(written.last.start_ns, END_NS + 50);
	assert_int_equal(written.last.cost.wall_ns, 30);
	assert_int_equal(written.misses, 2);
	assert_int_not_equal(written.recorded.state, RECORDED_INCOMPLETE);
}

/* The next run began before anybody looked, and what both missed cannot be told apart: neither is worth writing. */
static void lost_end_between_two_runs(void **state)
{
	struct fixture *f = *state;

	start(f);
	losses.records[AA_REC_END] = 1;
	ledger.idle += 50;
	life(f, AA_REC_START, END_NS + 50);
	miss(f, 7, END_NS + 60);
	recording_tick(f->recording);
	assert_int_equal(written.jobs, 0);
	life(f, AA_REC_END, END_NS + 80);
	ledger.ended = END_NS + 80;
	recording_tick(f->recording);
	assert_int_equal(written.jobs, 1);
	assert_int_equal(written.recorded.state, RECORDED_INCOMPLETE);
	assert_int_equal(written.recorded.lost, 1);
}

/* Misses that the kernel side was not run for are missing from the profile like those whose records were lost. */
static void missed_misses_are_lost(void **state)
{
	struct fixture *f = *state;

	missed_misses = 3;
	start(f);
	missed_misses = 5;
	life(f, AA_REC_END, END_NS);
	recording_finish(f->recording);
	assert_int_equal(written.jobs, 1);
	assert_int_equal(written.recorded.lost, 2);
}

/* A run that is over by now, of a few misses, with so much time on a CPU by its end. */
static void short_run(struct fixture *f, uint64_t begin_ns, uint64_t cpu_ns)
{
	life(f, AA_REC_START, begin_ns);
	miss(f, 5, begin_ns + 10);
	ledger.command[0].t[AA_RUN] = cpu_ns;
	ledger.ended = begin_ns + 100;
	life(f, AA_REC_END, begin_ns + 100);
	recording_tick(f->recording);
}

/* Where the ledger could not be read at the end of one run, there is no cost of that and of the next; and then again. */
static void unreadable_once(void **state)
{
	struct fixture *f = *state;
	bool known[4];
	int i;

	for (i = 0; i < 4; i++) {
		ledger_error = i == 1 ? -EBUSY : 0;
		short_run(f, START_NS + (uint64_t)i * 1000, 50 * (uint64_t)(i + 1));
		assert_int_equal(written.jobs, i + 1);
		known[i] = written.last.cost.wall_ns == 100 && written.last.cost.cpu_ns == 50;
	}
	assert_true(known[0]);
	assert_false(known[1]);
	assert_false(known[2]);
	assert_true(known[3]);
}

#define RECORDED(test) cmocka_unit_test_setup_teardown(test, open_recording, close_recording)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RECORDED(looks_are_noted_late),
		RECORDED(warm_run),
		RECORDED(end_told_twice),
		RECORDED(cold_without_a_start),
		RECORDED(lost_end),
		RECORDED(lost_end_at_the_end),
		RECORDED(lost_end_of_another),
		RECORDED(run_after_a_lost_end),
		RECORDED(lost_end_between_two_runs),
		RECORDED(missed_misses_are_lost),
		RECORDED(unreadable_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
