// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/* Shares of bytes, and a comparison of two wall times. */
#include "profile/replay_judge.h"

#include <math.h>

#define COLD 0.5 /* of what was planned had to be brought: the run was a cold one, as the one it is compared with */
#define PAYS 0.02 /* of the wall time: less is within what two runs differ by anyway */
#define OTHER_RUN 2.0 /* times the wall time: nothing that a replay could do, so it was other work */

static double share(double part, double whole)
{
	return whole > 0 ? part / whole : NAN;
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
		.gain = NAN,
	};
	double before = (double)h->cold_ns, now = (double)f->wall_ns;

	if (f->wall_ns && h->cold_ns && brought >= (double)f->planned_bytes * COLD && f->planned_bytes &&
	    now <= before * OTHER_RUN) {
		j.gain = 1 - now / before;
		j.counts = true;
		j.pays = j.gain >= PAYS;
	}
	*ret = j;
}

bool replay_remember(struct profile_history *h, const struct replay_judgement *j, uint64_t wall_ns,
		     int64_t now_realtime_ns)
{
	h->replays++;
	h->replayed_at_ns = now_realtime_ns;
	if (!j->counts)
		return false;
	h->replayed_ns = wall_ns;
	h->unpaid = j->pays ? 0 : h->unpaid + 1;
	if (h->disabled || h->unpaid < REPLAY_UNPAID_MAX)
		return false;
	h->disabled = 1;
	return true;
}
