/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* From the kernel side's ledger to seconds in the words of users. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/ledger.h"
#include "model/model.h"
#include "util/cleanup.h"

#define NS 1e-9
#define WALL_NS (1e-9 / (1 << AA_WALL_SHIFT))

/* Where each kernel-side state shows. The time on a CPU for reclaim is CPU time of the thread, but its wall time is
 * charged to reclaim: the user lost it to a lack of memory, and more CPU would not bring it back. */
static const struct {
	enum state thread, wall;
	enum sleep_cause cause; /* with STATE_SLEEP */
} map[AA_STATES] = {
	[AA_RUN] = { STATE_RUN, STATE_RUN, 0 },
	[AA_RUN_RECLAIM] = { STATE_RUN, STATE_RECLAIM, 0 },
	[AA_RUNQ] = { STATE_RUNQ, STATE_RUNQ, 0 },
	[AA_THROTTLED] = { STATE_THROTTLED, STATE_THROTTLED, 0 },
	[AA_DISK_READ] = { STATE_DISK, STATE_DISK, 0 },
	[AA_DISK_WRITE] = { STATE_DISK, STATE_DISK, 0 },
	[AA_FAULT] = { STATE_FAULT, STATE_FAULT, 0 },
	[AA_RECLAIM] = { STATE_RECLAIM, STATE_RECLAIM, 0 },
	[AA_LOCK] = { STATE_LOCK, STATE_LOCK, 0 },
	[AA_SLEEP_SOCKET] = { STATE_SLEEP, STATE_SLEEP, SLEEP_SOCKET },
	[AA_SLEEP_TIMER] = { STATE_SLEEP, STATE_SLEEP, SLEEP_TIMER },
	[AA_SLEEP_OTHER] = { STATE_SLEEP, STATE_SLEEP, SLEEP_OTHER },
	[AA_SLEEP_PIPE] = { STATE_SLEEP, STATE_SLEEP, SLEEP_PIPE },
	[AA_SLEEP_FUTEX] = { STATE_SLEEP, STATE_SLEEP, SLEEP_FUTEX },
	[AA_SLEEP_CHILD] = { STATE_SLEEP, STATE_SLEEP, SLEEP_CHILD },
};

static void times_add(struct times *sum, const struct times *more)
{
	size_t i;

	for (i = 0; i < STATES; i++) {
		sum->thread[i] += more->thread[i];
		sum->wall[i] += more->wall[i];
	}
	for (i = 0; i < SLEEP_CAUSES; i++)
		sum->sleep[i] += more->sleep[i];
	sum->wall_disk_read += more->wall_disk_read;
	sum->wall_disk_write += more->wall_disk_write;
	sum->wall_neighbour += more->wall_neighbour;
	sum->wall_wakeup += more->wall_wakeup;
	sum->wall_pinned += more->wall_pinned;
	sum->wall_alone += more->wall_alone;
}

/* Totals of one cell at the time that l is advanced to: the open intervals of the threads inside are part of them. */
static void read_cell(struct times *ret, const struct aa_ledger *l, const struct aa_cell *cell)
{
	uint64_t on_cpu = cell->n[AA_RUN] + (uint64_t)cell->n[AA_RUN_RECLAIM];
	double wall[AA_ACTIVE_STATES], ran;
	int i;

	memset(ret, 0, sizeof(*ret));
	for (i = 0; i < AA_STATES; i++) {
		double thread = (double)(cell->t[i] + cell->n[i] * l->now) * NS;

		ret->thread[map[i].thread] += thread;
		if (map[i].thread == STATE_SLEEP)
			ret->sleep[map[i].cause] += thread;
	}
	for (i = 0; i < AA_ACTIVE_STATES; i++) {
		wall[i] = (double)(cell->v[i] + cell->n[i] * l->v) * WALL_NS;
		ret->wall[map[i].wall] += wall[i];
	}
	ret->wall_disk_read = wall[AA_DISK_READ];
	ret->wall_disk_write = wall[AA_DISK_WRITE];
	ret->wall_neighbour = (double)cell->w * WALL_NS;
	ret->wall_wakeup = (double)cell->wakeup * WALL_NS;
	ret->wall_pinned = (double)cell->pinned * WALL_NS;

	/* the ledger does not say which of the two a thread did alone: split in proportion */
	ran = wall[AA_RUN] + wall[AA_RUN_RECLAIM];
	if (ran > 0)
		ret->wall_alone = (double)(cell->s + on_cpu * l->s) * WALL_NS * (wall[AA_RUN] / ran);
}

static double wall_sum(const struct times *times)
{
	double sum = 0;
	int i;

	for (i = 0; i < STATES; i++)
		sum += times->wall[i];
	return sum;
}

static bool is_empty(const struct command *command)
{
	int i;

	for (i = 0; i < STATES; i++)
		if (command->times.thread[i] > 0 || command->times.wall[i] > 0)
			return false;
	return command->processes == 0;
}

static int by_wall(const void *a, const void *b)
{
	const struct command *x = a, *y = b;
	double first = wall_sum(&x->times), second = wall_sum(&y->times);

	if (first != second)
		return first < second ? 1 : -1;
	return strncmp(x->name, y->name, sizeof(x->name));
}

/* Adds one cell to commands: to the one with its name, else as a new one. */
static void add_command(struct command *commands, size_t *ncommands, const struct aa_cell *cell,
			const struct times *times)
{
	struct command *command;
	size_t i;

	for (i = 0; i < *ncommands; i++)
		if (!strncmp(commands[i].name, cell->name, sizeof(cell->name) - 1))
			break;
	command = &commands[i];
	if (i == *ncommands) {
		memset(command, 0, sizeof(*command));
		memcpy(command->name, cell->name, sizeof(command->name) - 1);
		(*ncommands)++;
	}
	command->processes += cell->processes;
	times_add(&command->times, times);
}

static void drop_empty(struct command *commands, size_t *ncommands)
{
	size_t i, kept = 0;

	for (i = 0; i < *ncommands; i++)
		if (!is_empty(&commands[i]))
			commands[kept++] = commands[i];
	*ncommands = kept;
}

/* The parts that the ledger keeps for the whole app only. */
static void read_totals(struct app *app, const struct aa_ledger *l, uint64_t end)
{
	int i;

	memset(app->wall_sleep, 0, sizeof(app->wall_sleep));
	for (i = 0; i < AA_SLEEP_CAUSES; i++) {
		double seconds = (double)l->sleep[i] * NS;

		app->wall_sleep[map[AA_ACTIVE_STATES + i].cause] += seconds;
		app->times.wall[STATE_SLEEP] += seconds;
	}
	for (i = 0; i < AA_CONCURRENCY; i++)
		app->concurrency[i] = (double)l->running_ns[i] * NS;
	app->idle = (double)l->idle * NS;
	if (l->ended && l->now > l->ended) { /* the clocks may have run on after the last thread left */
		app->idle -= (double)(l->now - l->ended) * NS;
		app->concurrency[0] -= (double)(l->now - l->ended) * NS;
	}
	app->wall_seconds = l->started ? (double)(end - l->started) * NS : 0;
	app->threads_peak = l->threads_peak;
	app->cpus = l->cpus;
}

int app_read_ledger(struct app *app, const struct aa_ledger *snapshot, uint64_t now_ns)
{
	cleanup_free struct command *commands = calloc(AA_MAX_COMMANDS, sizeof(*commands));
	cleanup_free struct aa_ledger *l = malloc(sizeof(*l));
	struct times sum = { 0 };
	size_t ncommands = 0;
	uint64_t end;
	int i;

	if (!commands || !l)
		return -ENOMEM;
	*l = *snapshot;
	if (l->started && !l->ended)
		aa_ledger_advance(l, now_ns);
	/* the ledger may be ahead of now_ns: the kernel wrote to it after the caller looked at the clock */
	end = l->ended ? l->ended : l->now;

	for (i = 0; i < AA_MAX_COMMANDS; i++) {
		struct times times;

		read_cell(&times, l, &l->command[i]);
		times_add(&sum, &times);
		add_command(commands, &ncommands, &l->command[i], &times);
	}
	drop_empty(commands, &ncommands);
	qsort(commands, ncommands, sizeof(*commands), by_wall);

	free(app->commands);
	app->commands = commands;
	app->ncommands = ncommands;
	commands = NULL;
	app->times = sum;
	read_totals(app, l, end);
	return 0;
}
