/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* From the times of commands to those of kinds of operation. */
#include "model/operations.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"

#define TIMES (sizeof(struct times) / sizeof(double))

_Static_assert(sizeof(struct times) % sizeof(double) == 0, "struct times: seconds, nothing else");

static void add_times(struct times *sum, const struct times *more)
{
	double total[TIMES], part[TIMES];

	memcpy(total, sum, sizeof(total));
	memcpy(part, more, sizeof(part));
	for (size_t i = 0; i < TIMES; i++)
		total[i] += part[i];
	memcpy(sum, total, sizeof(total));
}

static double wall_of(const struct times *times)
{
	double sum = 0;

	for (size_t i = 0; i < STATES; i++)
		sum += times->wall[i];
	return sum;
}

static bool took_time(const struct times *times)
{
	for (size_t i = 0; i < STATES; i++) {
		if (times->thread[i] > 0 || times->wall[i] > 0)
			return true;
	}
	return false;
}

/* The operation of that kind: there is room for one more, if it is new. */
static struct operation *operation_of(struct operation *operations, size_t *count, const char *kind)
{
	struct operation *o;
	size_t i = 0;

	while (i < *count && strcmp(operations[i].kind, kind))
		i++;
	o = &operations[i];
	if (i == *count) {
		memset(o, 0, sizeof(*o));
		snprintf(o->kind, sizeof(o->kind), "%s", kind);
		(*count)++;
	}
	return o;
}

static int by_wall(const void *a, const void *b)
{
	const struct operation *x = a, *y = b;
	double first = wall_of(&x->times), second = wall_of(&y->times);

	if (!*x->kind || !*y->kind)
		return !*x->kind - !*y->kind;
	if (first != second)
		return first < second ? 1 : -1;
	return strcmp(x->kind, y->kind);
}

int operations_of(const struct app *app, operation_kind kind, void *context, struct operation **ret, size_t *ret_count)
{
	cleanup_free struct operation *operations = calloc(app->ncommands + 1, sizeof(*operations));
	cleanup_free double *most = calloc(app->ncommands + 1, sizeof(*most)); /* wall time of operation.most */
	size_t count = 0;

	if (!operations || !most)
		return -ENOMEM;
	for (size_t i = 0; i < app->ncommands; i++) {
		const struct command *c = &app->commands[i];
		double wall = wall_of(&c->times);
		const char *name;
		struct operation *o;

		if (!took_time(&c->times))
			continue;
		name = kind(context, c->name);
		o = operation_of(operations, &count, name ? name : "");
		if (!o->commands++ || wall > most[o - operations]) {
			most[o - operations] = wall;
			memcpy(o->most, c->name, sizeof(o->most));
		}
		o->processes += c->processes;
		add_times(&o->times, &c->times);
	}
	qsort(operations, count, sizeof(*operations), by_wall);
	*ret = operations;
	*ret_count = count;
	operations = NULL;
	return 0;
}
