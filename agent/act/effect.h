/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Switchback: from windows with and without a change to what the change does. Pure: no I/O, no clock. */
#ifndef EFFECT_H
#define EFFECT_H

#include <stddef.h>

#include "model/change.h"

/* One window with the change and the one beside it without: neighbours in time see the same phase of the app. */
struct effect_pair {
	double off, on; /* the metric; more is better */
};

#define EFFECT_PAIRS_MIN 3 /* fewer cannot tell a difference from noise, however large it is */
#define EFFECT_PAIRS_MAX 20

/*
 * Compares n pairs by the mean of on - off, with Student's t for its 95 % confidence interval (which holds also for who
 * looks after each pair whether it is enough), both relative to the mean of off. A pair in which the app did nothing
 * either way (off and on 0) says nothing and is left out. smallest is the difference (in percent) below which a change
 * is not worth having: HELPS where the whole interval is above 0 and the mean at least smallest, HARMS where the whole
 * interval is below 0, NONE where the whole interval lies within +-smallest, else INCONCLUSIVE. With fewer than
 * EFFECT_PAIRS_MIN pairs left, INCONCLUSIVE (NOT_MEASURED for 0), with low and high NAN. before, after, percent are NAN
 * where they cannot be told; a mean of off that is 0 makes percent NAN but HELPS remains possible.
 */
struct effect effect_of(const char *metric, const struct effect_pair *pairs, size_t n, double smallest);

#endif /* EFFECT_H */
