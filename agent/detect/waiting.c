/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* waiting: no thread wants a CPU, a disk or memory; all wait for something outside, or for each other. */
#include "detect/detectors.h"
#include "detect/say.h"
#include "model/units.h"

static const struct {
	const char *what, *hint;
} causes[SLEEP_CAUSES] = {
	[SLEEP_CHILD] = { "a child process", "look at what that process does, and at what it waits for" },
	[SLEEP_FUTEX] = { "locks or conditions in user space (futex)",
			  "look for a lock that is held while something outside the app is awaited" },
	[SLEEP_PIPE] = { "a pipe",
			 "look at the other end of the pipe: a slow reader of its output, a slow producer, or a "
			 "job server with too few tokens" },
	[SLEEP_SOCKET] = { "a socket (network or another process)",
			   "find who answers late: a server, a download, another process; fetch before the run or from "
			   "nearby, or ask for more at once" },
	[SLEEP_TIMER] = { "a timer (sleep, a poll interval)",
			  "look for sleep and retry loops in its scripts and tests, and wait for the event instead" },
	[SLEEP_OTHER] = { "something that is neither child, lock, pipe, socket nor timer (a terminal, a signal, a "
			  "device)",
			  "look at what it reads and waits for: input from a terminal, file locks, signals" },
};

static enum sleep_cause main_cause(const struct app *app)
{
	enum sleep_cause cause, most = SLEEP_CHILD;

	for (cause = 0; cause < SLEEP_CAUSES; cause++)
		if (app->wall_sleep[cause] > app->wall_sleep[most])
			most = cause;
	return most;
}

/* The longest waits for this cause that somebody outside the app ended, or NULL. */
static const struct long_wait *woken_from_outside(const struct app *app, enum sleep_cause cause)
{
	const struct long_wait *found = NULL;
	size_t i;

	for (i = 0; i < app->nwaits; i++) {
		const struct long_wait *w = &app->waits[i];

		if (w->state != STATE_SLEEP || w->cause != cause || !w->waker_outside || !w->waker[0])
			continue;
		if (!found || w->seconds > found->seconds)
			found = w;
	}
	return found;
}

static bool eval(const struct app *app, const struct host *host, struct verdict *ret)
{
	struct verdict v = { .id = "waiting" };
	enum sleep_cause cause = main_cause(app);
	const struct long_wait *wait = woken_from_outside(app, cause);
	double seconds = 0;
	int i;

	(void)host;
	for (i = 0; i < SLEEP_CAUSES; i++)
		seconds += app->wall_sleep[i];
	v.impact = share_of_wall(app, seconds);
	if (!(v.impact > 0))
		return false;
	say_evidence(&v, "all its threads slept for %s, %s of that on %s", units_seconds(UNITS_BUF, seconds),
		     units_percent(UNITS_BUF, app->wall_sleep[cause] / seconds), causes[cause].what);
	if (wait)
		say_evidence(&v, "; %.*s waited %s and was woken by %.*s, outside the app", (int)sizeof(wait->command),
			     wait->command, units_seconds(UNITS_BUF, wait->seconds), (int)sizeof(wait->waker),
			     wait->waker);
	say_suggestion(&v, "%s", causes[cause].hint);
	*ret = v;
	return true;
}

const struct detector detector_waiting = { .id = "waiting", .title = "all its threads sleep", .eval = eval };
