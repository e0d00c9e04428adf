/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The model's words and the ends of its lives. */
#include "model/model.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
const char *const state_names[STATES] = {
	[STATE_RUN] = "run",
	[STATE_RUNQ] = "runq",
	[STATE_THROTTLED] = "throttled",
	[STATE_DISK] = "disk",
	[STATE_FAULT] = "fault",
	[STATE_RECLAIM] = "reclaim",
	[STATE_LOCK] = "lock",
	[STATE_SLEEP] = "sleep",
};

const char *const sleep_cause_names[SLEEP_CAUSES] = {
	[SLEEP_CHILD] = "child",
	[SLEEP_FUTEX] = "futex",
	[SLEEP_PIPE] = "pipe",
	[SLEEP_SOCKET] = "socket",
	[SLEEP_TIMER] = "timer",
	[SLEEP_OTHER] = "other",
};
/* clang-format on */

void app_clear(struct app *app)
{
	size_t i;

	for (i = 0; i < app->nfiles; i++)
		free(app->files[i].path);
	free(app->files);
	free(app->command);
	free(app->commands);
	free(app->devices);
	free(app->waits);
	memset(app, 0, sizeof(*app));
}

int agent_cost_warn(struct agent_cost *cost, const char *format, ...)
{
	char **warnings;
	char *warning;
	va_list args;
	int len;

	va_start(args, format);
	len = vasprintf(&warning, format, args);
	va_end(args);
	if (len < 0)
		return -ENOMEM;
	warnings = reallocarray(cost->warnings, cost->nwarnings + 1, sizeof(*warnings));
	if (!warnings) {
		free(warning);
		return -ENOMEM;
	}
	warnings[cost->nwarnings++] = warning;
	cost->warnings = warnings;
	return 0;
}

void agent_cost_clear(struct agent_cost *cost)
{
	size_t i;

	for (i = 0; i < cost->nwarnings; i++)
		free(cost->warnings[i]);
	free(cost->warnings);
	memset(cost, 0, sizeof(*cost));
}
