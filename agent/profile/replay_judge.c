// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/* Shares of bytes, a comparison of two runs, and how often to try again. */
#include "profile/replay_judge.h"

#include <math.h>

#define COLD 0.5 /* of what was planned had to be brought: the run was a cold one */
#define PAYS 0.02 /* of the wall time: less is within what two runs differ by anyway */
#define OTHER_BYTES 2.0 /* times as many: other files */
#define OTHER_CPU_MORE 1.5 /* times as much CPU time, beside what short runs differ by: other work */
#define OTHER_CPU_LESS 4.0 /* times as little: what an app reads itself, and what is read ahead for it, it pays for */
#define CPU_NOISE_NS 20e6
#define UNLIKE_MAX 8 /* replays in a row without a run to compare with: the next one goes without, to be one */
#define MEASURED_BYTES 8.0 /* what is to be measured may need so many times less than the last cold run */
#define REST_FIRST 4U /* cold runs */
#define REST_DOUBLINGS 4

static double share(double part, double whole)
{
	return whole > 0 ? part / whole : NAN;
}

static bool are_like_bytes(const struct profile_cost *a, const struct profile_cost *b)
{
	return (double)a->bytes <= (double)b->bytes * OTHER_BYTES && (double)b->bytes <= (double)a->bytes * OTHER_BYTES;
}

static bool is_alike(const struct profile_cost *cold, const struct profile_cost *replayed)
{
	double before = (double)cold->cpu_ns, now = (double)replayed->cpu_ns;

	return cold->wall_ns && replayed->wall_ns && are_like_bytes(cold, replayed) &&
	       now <= before * OTHER_CPU_MORE + CPU_NOISE_NS && before <= now * OTHER_CPU_LESS + CPU_NOISE_NS;
}

double replay_gain(const struct profile_cost *cold, const struct profile_cost *replayed)
{
	double waits = (double)cold->waits_ns;

	if (!is_alike(cold, replayed) || !cold->bytes)
		return NAN;
	if (replayed->bytes < cold->bytes) /* part of it was in memory: that is not the replay's doing */
		waits *= (double)replayed->bytes / (double)cold->bytes;
	return (waits - (double)replayed->waits_ns) / (double)cold->wall_ns;
}

static enum replay_verdict verdict(const struct replay_facts *f, double gain)
{
	if (!f->cost.wall_ns || !f->planned_bytes)
		return REPLAY_UNCLEAR;
	if (!isnan(gain))
		return gain >= PAYS ? REPLAY_PAID : REPLAY_UNPAID;
	return (double)f->brought_bytes >= (double)f->planned_bytes * COLD ? REPLAY_UNLIKE : REPLAY_UNCLEAR;
}

void replay_judge(const struct replay_facts *f, const struct profile_history *h, struct replay_judgement *ret)
{
	double brought = (double)f->brought_bytes, missed = (double)f->missed_bytes;
	double used = f->used_known ? fmin((double)f->used_bytes, brought) : brought;
	/* what was planned and there before its turn was the app's doing as far as it missed anything, else an older one's */
	double late = fmin((double)f->resident_bytes, missed);
	struct replay_judgement j = {
		.coverage = share(used, used + missed),
		.accuracy = f->used_known ? share(used, brought) : NAN,
		.timely = share(brought, brought + late),
		.cost = f->cost,
	};

	j.cost.bytes = (uint64_t)(used + missed);
	j.gain = replay_gain(&h->cold, &j.cost);
	j.verdict = verdict(f, j.gain);
	*ret = j;
}

static void enable(struct profile_history *h)
{
	h->disabled = h->unpaid = h->trials = h->rested = 0;
}

/* Returns whether that disabled it. */
static bool remember_unpaid(struct profile_history *h)
{
	h->unpaid++;
	if (h->disabled) {
		h->trials++;
		h->rested = 0;
		return false;
	}
	h->disabled = h->unpaid >= REPLAY_UNPAID_MAX;
	return h->disabled;
}

bool replay_remember(struct profile_history *h, const struct replay_judgement *j, int64_t now_realtime_ns)
{
	h->replays++;
	h->replayed_at_ns = now_realtime_ns;
	if (j->verdict == REPLAY_UNLIKE) {
		h->unlike++;
		h->rested = 0;
	}
	if (j->verdict != REPLAY_PAID && j->verdict != REPLAY_UNPAID)
		return false;
	h->unlike = 0;
	h->replayed = j->cost;
	if (j->verdict == REPLAY_UNPAID)
		return remember_unpaid(h);
	enable(h);
	return false;
}

/*
 * A profile of many runs may have far more than any of them reads. By it none is cold, and it would be left out for ever
 * once it is disabled, or measured again and again: what runs of this command take tells, too.
 */
void replay_remember_without(struct profile_history *h, const struct profile_cost *cost, bool cold)
{
	bool measured = replay_due(h) == REPLAY_MEASURED;

	h->unlike = 0;
	if (!cost->wall_ns)
		return;
	cold |= measured && (double)cost->bytes * MEASURED_BYTES >= (double)h->cold.bytes;
	if (!cold) {
		h->rested += h->disabled && (double)cost->bytes * OTHER_BYTES >= (double)h->cold.bytes;
		return;
	}
	if (h->disabled && !are_like_bytes(cost, &h->cold))
		enable(h);
	else if (h->disabled)
		h->rested++;
	h->cold = *cost;
}

enum replay_due replay_due(const struct profile_history *h)
{
	uint32_t doublings = h->trials < REST_DOUBLINGS ? h->trials : REST_DOUBLINGS;

	if (h->disabled)
		return h->rested >= REST_FIRST << doublings ? REPLAY_DUE : REPLAY_DISABLED;
	return h->unlike >= UNLIKE_MAX ? REPLAY_MEASURED : REPLAY_DUE;
}
