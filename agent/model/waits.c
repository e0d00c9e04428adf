// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/* Sums of long waits. */
#include "model/waits.h"

#include <stdlib.h>
#include <string.h>

static void classify(uint8_t aa_state, struct long_wait *w)
{
	static const struct {
		enum state state;
		enum sleep_cause cause;
	} rows[AA_STATES] = {
		[AA_RUN] = { STATE_RUN, SLEEP_OTHER },           [AA_RUN_RECLAIM] = { STATE_RUN, SLEEP_OTHER },
		[AA_RUNQ] = { STATE_RUNQ, SLEEP_OTHER },         [AA_THROTTLED] = { STATE_THROTTLED, SLEEP_OTHER },
		[AA_DISK_READ] = { STATE_DISK, SLEEP_OTHER },    [AA_DISK_WRITE] = { STATE_DISK, SLEEP_OTHER },
		[AA_FAULT] = { STATE_FAULT, SLEEP_OTHER },       [AA_RECLAIM] = { STATE_RECLAIM, SLEEP_OTHER },
		[AA_LOCK] = { STATE_LOCK, SLEEP_OTHER },         [AA_SLEEP_SOCKET] = { STATE_SLEEP, SLEEP_SOCKET },
		[AA_SLEEP_TIMER] = { STATE_SLEEP, SLEEP_TIMER }, [AA_SLEEP_OTHER] = { STATE_SLEEP, SLEEP_OTHER },
		[AA_SLEEP_PIPE] = { STATE_SLEEP, SLEEP_PIPE },   [AA_SLEEP_FUTEX] = { STATE_SLEEP, SLEEP_FUTEX },
		[AA_SLEEP_CHILD] = { STATE_SLEEP, SLEEP_CHILD },
	};

	w->state = rows[aa_state].state;
	w->cause = rows[aa_state].cause;
}

/* Disks and timers wake from interrupts, in which any process may be caught: naming it would blame a bystander. */
static bool waker_known(const struct aa_rec_wait *rec)
{
	switch (rec->state) {
	case AA_LOCK:
	case AA_SLEEP_SOCKET:
	case AA_SLEEP_PIPE:
	case AA_SLEEP_FUTEX:
	case AA_SLEEP_CHILD:
		return rec->waker != 0;
	}
	return false;
}

static bool same(const struct long_wait *a, const struct long_wait *b)
{
	return a->state == b->state && a->cause == b->cause && a->waker_outside == b->waker_outside &&
	       !strncmp(a->command, b->command, AA_COMM_LEN) && !strncmp(a->waker, b->waker, AA_COMM_LEN);
}

void waits_add(struct waits *waits, const struct aa_rec_wait *rec)
{
	struct long_wait w = { .count = 1, .seconds = rec->wait_ns / 1e9 };
	size_t i;

	if (rec->state >= AA_STATES)
		return;
	classify(rec->state, &w);
	memcpy(w.command, rec->comm, AA_COMM_LEN - 1);
	if (waker_known(rec)) {
		memcpy(w.waker, rec->waker_comm, AA_COMM_LEN - 1);
		w.waker_outside = !rec->waker_followed;
	}
	for (i = 0; i < waits->used; i++) {
		if (waits->rows[i].app != rec->h.app || !same(&waits->rows[i].wait, &w))
			continue;
		waits->rows[i].wait.count++;
		waits->rows[i].wait.seconds += w.seconds;
		return;
	}
	if (waits->used == WAITS_MAX)
		return;
	waits->rows[i].app = rec->h.app;
	waits->rows[i].wait = w;
	waits->used++;
}

static int by_seconds(const void *a, const void *b)
{
	const struct long_wait *x = a, *y = b;

	return (x->seconds < y->seconds) - (x->seconds > y->seconds);
}

size_t waits_top(const struct waits *waits, uint32_t app, struct long_wait *ret, size_t max)
{
	struct long_wait all[WAITS_MAX];
	size_t i, n = 0;

	for (i = 0; i < waits->used; i++)
		if (waits->rows[i].app == app)
			all[n++] = waits->rows[i].wait;
	qsort(all, n, sizeof(all[0]), by_seconds);
	if (n > max)
		n = max;
	memcpy(ret, all, n * sizeof(all[0]));
	return n;
}
