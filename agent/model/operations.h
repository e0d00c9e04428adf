/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What the app was doing: the times of its commands added up by kind of operation (compile, link, test, ...). */
#ifndef OPERATIONS_H
#define OPERATIONS_H

#include <stddef.h>

#include "model/model.h"

#define OPERATION_KIND_MAX 32 /* bytes of a kind's name, its NUL included */

/*
 * The kind of the command of that name, or NULL if none is known. context is the caller's.
 */
typedef const char *(*operation_kind)(void *context, const char *command);

struct operation {
	char kind[OPERATION_KIND_MAX]; /* "compile"; "" for commands that have none */
	uint64_t processes;
	unsigned int commands; /* different names */
	char most[AA_COMM_LEN]; /* the command with most wall time */
	struct times times;
};

/*
 * Adds up app->commands by kind: *ret has one entry a kind that took any time, largest wall time first, with the one
 * without a kind (if there is any) last. The caller frees *ret. Returns 0 or -ENOMEM.
 */
int operations_of(const struct app *app, operation_kind kind, void *context, struct operation **ret, size_t *ret_count);

#endif /* OPERATIONS_H */
