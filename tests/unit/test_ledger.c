/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The ledger's rules against a model that is too simple to be wrong: it adds up every interval, state by state. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/ledger.h"
#include "model/model.h"

#define START 5000000000ULL /* the clock when the first thread appears */
#define UNITS (1 << AA_WALL_SHIFT)
#define MODEL_SHIFT 40 /* the model's wall time counts 2^-40 ns */
#define MAX_THREADS 10000
#define MAX_CPUS 8

typedef unsigned __int128 wide;

/* The order in which causes of sleep are charged, as the design has it. */
static const enum aa_state sleep_order[AA_SLEEP_CAUSES] = {
	AA_SLEEP_SOCKET, AA_SLEEP_TIMER, AA_SLEEP_OTHER, AA_SLEEP_PIPE, AA_SLEEP_FUTEX, AA_SLEEP_CHILD,
};

struct model {
	uint64_t now, started, idle, sleep[AA_STATES], running_ns[AA_CONCURRENCY];
	uint32_t cpus, threads, peak;
	uint64_t steps;
	uint32_t n[AA_MAX_COMMANDS][AA_STATES];
	uint64_t thread_ns[AA_MAX_COMMANDS][AA_STATES];
	wide wall[AA_MAX_COMMANDS][AA_STATES], alone[AA_MAX_COMMANDS];
	wide neighbour[AA_MAX_COMMANDS], wakeup[AA_MAX_COMMANDS]; /* of waits that are over */
	wide share, share_neighbour; /* of the last interval: what one waiting thread got */
};

static bool is_running(int state)
{
	return state == AA_RUN || state == AA_RUN_RECLAIM;
}

static uint32_t model_count(const struct model *m, int state)
{
	uint32_t c, n = 0;

	for (c = 0; c < AA_MAX_COMMANDS; c++)
		n += m->n[c][state];
	return n;
}

/* An interval without active threads: one cause of sleep gets it whole. */
static void model_quiet(struct model *m, uint64_t dt)
{
	int i;

	for (i = 0; i < AA_SLEEP_CAUSES; i++) {
		if (!model_count(m, sleep_order[i]))
			continue;
		m->sleep[sleep_order[i]] += dt;
		return;
	}
	m->idle += dt;
}

static void model_advance(struct model *m, uint64_t now)
{
	uint32_t c, active = 0, running = model_count(m, AA_RUN) + model_count(m, AA_RUN_RECLAIM);
	uint32_t queued = model_count(m, AA_RUNQ), could_run = running < m->cpus ? m->cpus - running : 0;
	uint64_t dt;
	wide part;
	int s;

	m->share = m->share_neighbour = 0;
	if (now <= m->now)
		return;
	dt = m->started ? now - m->now : 0;
	m->now = now;
	m->steps++;
	m->running_ns[running < AA_CONCURRENCY - 1 ? running : AA_CONCURRENCY - 1] += dt;
	for (s = 0; s < AA_ACTIVE_STATES; s++)
		active += model_count(m, s);
	if (!active)
		model_quiet(m, dt);
	m->share = active ? ((wide)dt << MODEL_SHIFT) / active : 0;
	m->share_neighbour = queued > could_run ? m->share * could_run / queued : m->share;
	for (c = 0; c < AA_MAX_COMMANDS; c++) {
		for (s = 0; s < AA_STATES; s++) {
			m->thread_ns[c][s] += dt * m->n[c][s];
			if (s >= AA_ACTIVE_STATES)
				continue;
			part = m->share * m->n[c][s];
			m->wall[c][s] += part;
			if (is_running(s) && active == 1)
				m->alone[c] += part;
		}
	}
}

struct thread {
	uint32_t cell;
	int state;
	struct aa_queued queued; /* the ledger's note */
	wide waited, neighbour; /* the model's */
};

struct play {
	struct aa_ledger ledger;
	struct model model;
	struct thread threads[MAX_THREADS];
	uint64_t seed;
};

static uint64_t draw(struct play *p)
{
	p->seed ^= p->seed << 13;
	p->seed ^= p->seed >> 7;
	p->seed ^= p->seed << 17;
	return p->seed * 0x2545f4914f6cdd1dULL >> 16;
}

static void advance(struct play *p, uint64_t now)
{
	struct thread *t;

	aa_ledger_advance(&p->ledger, now);
	model_advance(&p->model, now);
	for (t = p->threads; t < p->threads + p->model.threads; t++) {
		if (t->state != AA_RUNQ)
			continue;
		t->waited += p->model.share;
		t->neighbour += p->model.share_neighbour;
	}
}

static void enter(struct play *p, struct thread *t, uint32_t cell, int state)
{
	t->cell = cell;
	t->state = state;
	t->waited = t->neighbour = 0;
	aa_ledger_enter(&p->ledger, &p->ledger.command[cell], state, &t->queued);
	p->model.n[cell][state]++;
}

static void leave(struct play *p, struct thread *t, bool cpu_idle)
{
	aa_ledger_leave(&p->ledger, &p->ledger.command[t->cell], t->state, &t->queued,
			cpu_idle ? AA_TURN_IDLE : AA_TURN_ANY);
	p->model.n[t->cell][t->state]--;
	if (cpu_idle)
		p->model.wakeup[t->cell] += t->waited;
	else
		p->model.neighbour[t->cell] += t->neighbour;
}

static void born(struct play *p, uint32_t cell, int state)
{
	struct model *m = &p->model;

	aa_ledger_born(&p->ledger);
	if (!m->started)
		m->started = m->now;
	enter(p, &p->threads[m->threads++], cell, state);
	if (m->threads > m->peak)
		m->peak = m->threads;
}

static void die(struct play *p, uint32_t i)
{
	struct model *m = &p->model;

	leave(p, &p->threads[i], false);
	p->threads[i] = p->threads[--m->threads];
	assert_int_equal(aa_ledger_gone(&p->ledger), m->threads == 0);
}

static void move(struct play *p, uint32_t i, uint32_t cell, int state)
{
	leave(p, &p->threads[i], p->threads[i].state == AA_RUNQ && state == AA_RUN && draw(p) % 2);
	enter(p, &p->threads[i], cell, state);
}

static int setup(void **state)
{
	struct play *p = calloc(1, sizeof(*p));

	if (!p)
		return -1;
	p->ledger.cpus = p->model.cpus = 2;
	advance(p, START);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

static double model_ns(wide wall)
{
	return (double)wall / ((double)(1ULL << MODEL_SHIFT));
}

/* Each change of the clocks may put off less than one unit a thread, and the neighbour part rounds down once a CPU. */
static double tolerance_ns(const struct model *m)
{
	return (double)m->steps * m->peak * (MAX_CPUS + 2.0) / UNITS + 1;
}

#define assert_near(value, expected, tolerance) \
	do { \
		double near_value = (value), near_expected = (expected), near_tolerance = (tolerance); \
		if (!(fabs(near_value - near_expected) <= near_tolerance)) \
			fail_msg("%s is %.9g instead of %.9g", #value, near_value, near_expected); \
	} while (0)

/* The clocks of ledger and model stand at the same time: everything that can be exact is, the rest is near. */
static void compare(const struct play *p)
{
	const struct aa_ledger *l = &p->ledger;
	const struct model *m = &p->model;
	uint64_t charged = 0, quiet = l->idle, on_cpu, running = 0;
	double tolerance = tolerance_ns(m);
	uint32_t c;
	int s;

	assert_int_equal(l->now, m->now);
	assert_int_equal(l->idle, m->idle);
	assert_int_equal(l->threads, m->threads);
	assert_int_equal(l->threads_peak, m->peak);
	for (s = 0; s < AA_CONCURRENCY; s++)
		running += l->running_ns[s];
	assert_int_equal(running, l->now - l->started);
	assert_memory_equal(l->running_ns, m->running_ns, sizeof(l->running_ns));
	for (s = AA_ACTIVE_STATES; s < AA_STATES; s++) {
		assert_int_equal(l->sleep[s - AA_ACTIVE_STATES], m->sleep[s]);
		quiet += m->sleep[s];
	}
	for (c = 0; c < AA_MAX_COMMANDS; c++) {
		const struct aa_cell *cell = &l->command[c];

		for (s = 0; s < AA_STATES; s++) {
			assert_int_equal(cell->n[s], m->n[c][s]);
			assert_int_equal(cell->t[s] + cell->n[s] * l->now, m->thread_ns[c][s]);
			if (s >= AA_ACTIVE_STATES)
				continue;
			charged += cell->v[s] + cell->n[s] * l->v;
			assert_near((double)(cell->v[s] + cell->n[s] * l->v) / UNITS, model_ns(m->wall[c][s]),
				    tolerance);
		}
		on_cpu = cell->n[AA_RUN] + (uint64_t)cell->n[AA_RUN_RECLAIM];
		assert_near((double)cell->w / UNITS, model_ns(m->neighbour[c]), tolerance);
		assert_near((double)cell->wakeup / UNITS, model_ns(m->wakeup[c]), tolerance);
		assert_near((double)(cell->s + on_cpu * l->s) / UNITS, model_ns(m->alone[c]), tolerance);
	}
	/* the identity, to the last 1/4096 ns */
	assert_int_equal(charged + l->v_rest, (l->now - l->started - quiet) << AA_WALL_SHIFT);
}

/* A reader comes a while after the last change: what threads are in the midst of counts up to its clock. */
static void compare_reading(struct play *p)
{
	struct model *later;
	struct app app = { 0 };
	double sum, wall[STATES] = { 0 }, thread[STATES] = { 0 };
	static const enum state user[AA_ACTIVE_STATES] = {
		STATE_RUN,  STATE_RECLAIM, STATE_RUNQ,    STATE_THROTTLED, STATE_DISK,
		STATE_DISK, STATE_FAULT,   STATE_RECLAIM, STATE_LOCK,
	};
	double tolerance, neighbour = 0;
	uint32_t c;
	int s;

	if (!p->model.threads)
		return;
	later = malloc(sizeof(*later));
	assert_non_null(later);
	*later = p->model;
	model_advance(later, later->now + draw(p) % 1000000);
	assert_int_equal(app_read_ledger(&app, &p->ledger, later->now), 0);
	tolerance = tolerance_ns(later) * AA_MAX_COMMANDS * 1e-9;
	for (c = 0; c < AA_MAX_COMMANDS; c++)
		for (s = 0; s < AA_ACTIVE_STATES; s++) {
			wall[user[s]] += model_ns(later->wall[c][s]) * 1e-9;
			thread[s == AA_RUN_RECLAIM ? STATE_RUN : user[s]] += (double)later->thread_ns[c][s] * 1e-9;
		}
	sum = app.idle + app.times.wall[STATE_SLEEP];
	for (s = 0; s < STATE_SLEEP; s++) {
		assert_near(app.times.wall[s], wall[s], tolerance);
		assert_near(app.times.thread[s], thread[s], thread[s] * 1e-9 + 1e-9);
		sum += app.times.wall[s];
	}
	for (c = 0; c < AA_MAX_COMMANDS; c++)
		neighbour += model_ns(later->neighbour[c]) * 1e-9;
	assert_near(app.times.wall_neighbour, neighbour, tolerance);
	assert_near(app.idle, (double)later->idle * 1e-9, 1e-9);
	assert_near(app.wall_seconds, (double)(later->now - later->started) * 1e-9, 1e-9);
	assert_near(sum, app.wall_seconds, app.wall_seconds * 1e-9 + 1e-6);
	app_clear(&app);
	free(later);
}

/* One change of one thread. grow: more are born than die. */
static void change(struct play *p, uint32_t max_threads, uint32_t cells, bool grow)
{
	uint32_t i, threads = p->model.threads, cell = (uint32_t)(draw(p) % cells);
	int state = (int)(draw(p) % AA_STATES);
	uint64_t dice = draw(p) % 10;

	if (!threads || (dice < (grow ? 4 : 1) && threads < max_threads)) {
		born(p, cell, state);
		return;
	}
	i = (uint32_t)(draw(p) % threads);
	if (dice >= (grow ? 9 : 6))
		die(p, i);
	else
		move(p, i, dice % 2 ? cell : p->threads[i].cell, state);
}

static void random_play(struct play *p, uint32_t max_threads, uint32_t cells, uint32_t steps, uint32_t crowd)
{
	uint64_t now = p->model.now, dt;
	bool grow = true;
	uint32_t i;

	for (i = 0; i < crowd; i++)
		born(p, (uint32_t)(draw(p) % cells), (int)(draw(p) % AA_STATES));
	for (i = 0; i < steps; i++) {
		dt = draw(p) % 8 ? draw(p) % 1000000 :
				   draw(p) % 8; /* most intervals are long, some are next to nothing */
		now += dt;
		/* now and then another CPU's clock was read earlier, but it comes to the lock later */
		advance(p, draw(p) % 16 ? now : now - draw(p) % 2000);
		change(p, max_threads, cells, grow);
		if (draw(p) % 200 == 0)
			grow = !grow;
		if (draw(p) % 500 == 0)
			p->ledger.cpus = p->model.cpus = (uint32_t)(1 + draw(p) % MAX_CPUS);
		if (i % 997 == 0) {
			compare(p);
			compare_reading(p);
		}
	}
	compare(p);
	assert_true(p->model.steps > steps / 2);
}

/* A process that is born and dies, again and again: idle time between its lives. */
static void test_random_one_thread(void **state)
{
	struct play *p = *state;

	p->seed = 0x9e3779b97f4a7c15ULL;
	random_play(p, 1, 1, 5000, 0);
	assert_true(p->model.idle > 0);
	assert_true(p->model.alone[0] > 0);
}

/* Few threads: every part of the accounting has something to count. */
static void test_random_few_threads(void **state)
{
	struct play *p = *state;

	p->seed = 12345;
	random_play(p, 4, 3, 20000, 0);
	assert_true(p->model.idle > 0);
	assert_true(p->model.alone[0] > 0 && p->model.neighbour[0] > 0 && p->model.wakeup[0] > 0);
}

/* More threads than the histogram of running ones has buckets, in all commands. */
static void test_random_many_threads(void **state)
{
	struct play *p = *state;

	p->seed = 777;
	random_play(p, 1500, AA_MAX_COMMANDS, 8000, 600);
	assert_true(p->model.running_ns[AA_CONCURRENCY - 1] > 0);
}

/* The largest app that is promised. */
static void test_random_ten_thousand_threads(void **state)
{
	struct play *p = *state;

	p->seed = 4242;
	random_play(p, MAX_THREADS, AA_MAX_COMMANDS, 8000, MAX_THREADS - 50);
	assert_true(p->model.peak >= MAX_THREADS - 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_random_one_thread, setup, teardown),
		cmocka_unit_test_setup_teardown(test_random_few_threads, setup, teardown),
		cmocka_unit_test_setup_teardown(test_random_many_threads, setup, teardown),
		cmocka_unit_test_setup_teardown(test_random_ten_thousand_threads, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
