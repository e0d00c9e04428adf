/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* A row of pages that a thread missed, on its way to the agent: when another row begins, or the thread ends. */
#ifndef BPF_MISS_H
#define BPF_MISS_H

#include "follow.h"

static __always_inline void send_miss(struct aa_thread *t, __u64 id)
{
	struct aa_rec_miss *r = bpf_ringbuf_reserve(&ring_bulk, sizeof(*r), 0);

	if (!r) {
		record_lost(AA_REC_MISS);
		return;
	}
	record_head(&r->h, AA_REC_MISS, t->app, t->miss_since, id);
	r->ino = t->miss_ino;
	r->index = t->miss_index;
	r->dev = t->miss_dev;
	r->generation = t->miss_generation;
	r->pages = t->miss_pages;
	r->pad = 0;
	bpf_ringbuf_submit(r, RING_FLAGS(&ring_bulk));
}

#endif /* BPF_MISS_H */
