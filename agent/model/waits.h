/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/*
 * Long waits, summed by who waited, for what, and who ended the wait: a bounded table, filled while records are
 * drained.
 */
#ifndef MODEL_WAITS_H
#define MODEL_WAITS_H

#include "aa_record.h"
#include "model/model.h"

#define WAITS_MAX 256

struct waits {
	struct {
		uint32_t app;
		struct long_wait wait;
	} rows[WAITS_MAX];
	size_t used;
};

/*
 * Takes in a record. What finds the table full is left out: 256 kinds of waits are more than anybody reads.
 */
void waits_add(struct waits *waits, const struct aa_rec_wait *rec);

/*
 * Copies the waits of app, longest sum first, at most max. Returns how many.
 */
size_t waits_top(const struct waits *waits, uint32_t app, struct long_wait *ret, size_t max);

#endif /* MODEL_WAITS_H */
