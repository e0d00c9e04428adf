// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/* Block requests: how many, how large, how long, on which device, and whether a followed thread submitted them. */
#include "follow.h"
#include "histogram.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct request_note {
	__u64 start; /* queued, ns */
	__u64 issue; /* given to the driver, ns; 0: not yet */
	__u64 sector;
	__u64 alloc; /* rq->start_time_ns: tells a new request at the same address from this one */
	__u32 app; /* AA_NOBODY: submitted by a thread that is not followed */
	__u32 dev;
	__u32 bytes;
	__u32 op; /* AA_BLOCK_* */
	__u32 pid, tid;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, struct request_note);
} requests SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct aa_dev_key);
	__type(value, struct aa_dev);
} devices SEC(".maps");

/* A device's sums are 2.2 KiB: too much for the stack. */
static const struct aa_dev empty_device;

#define REQ_OP_MASK 0xff
#define REQ_OP_READ 0
#define REQ_OP_WRITE 1
#define REQ_OP_FLUSH 2
#define REQ_OP_ZONE_APPEND 7

static __always_inline __u32 request_op(struct request *rq)
{
	switch (rq->cmd_flags & REQ_OP_MASK) {
	case REQ_OP_READ:
		return AA_BLOCK_READ;
	case REQ_OP_WRITE:
	case REQ_OP_ZONE_APPEND:
		/* a flush without data is issued as an empty write on its way to the flush machinery */
		return rq->__data_len ? AA_BLOCK_WRITE : AA_BLOCK_FLUSH;
	case REQ_OP_FLUSH:
		return AA_BLOCK_FLUSH;
	}
	return AA_BLOCK_OTHER;
}

static __always_inline __u32 request_dev(struct request *rq)
{
	struct request___rq_disk *old = (void *)rq;
	struct gendisk *disk;

	disk = bpf_core_field_exists(old->rq_disk) ? BPF_CORE_READ(old, rq_disk) : BPF_CORE_READ(rq, q, disk);
	return disk ? (__u32)BPF_CORE_READ(disk, major) << 20 | BPF_CORE_READ(disk, first_minor) : 0;
}

/* A request comes to be, in the context of the thread that submits it. */
static __always_inline struct request_note *request_new(struct request *rq, __u64 key)
{
	struct aa_thread *t = thread_of_current();
	__u64 id = current_id();
	struct request_note note = {
		.start = bpf_ktime_get_ns(),
		.sector = rq->__sector,
		.alloc = rq->start_time_ns,
		.app = t ? t->app : AA_NOBODY,
		.dev = request_dev(rq),
		.bytes = rq->__data_len,
		.op = request_op(rq),
		.pid = t ? id >> 32 : 0,
		.tid = t ? id : 0,
	};

	if (bpf_map_update_elem(&requests, &key, &note, BPF_ANY)) {
		__sync_fetch_and_add(&aa_control.untracked_requests, 1);
		return NULL;
	}
	return bpf_map_lookup_elem(&requests, &key);
}

static __always_inline struct request_note *request_find(struct request *rq, __u64 key)
{
	struct request_note *note = bpf_map_lookup_elem(&requests, &key);

	return note && note->alloc == rq->start_time_ns ? note : NULL;
}

static __always_inline int on_start(struct request *rq)
{
	__u64 key = (__u64)rq;

	if (!aa_control.live)
		return 0;
	if (!request_find(rq, key))
		request_new(rq, key);
	return 0;
}

static __always_inline int on_issue(struct request *rq)
{
	__u64 key = (__u64)rq;
	struct request_note *note;

	if (!aa_control.live)
		return 0;
	note = request_find(rq, key);
	if (!note)
		note = request_new(rq, key);
	if (!note)
		return 0;
	/* others may have been merged into it since */
	note->sector = rq->__sector;
	note->bytes = rq->__data_len;
	if (!note->issue)
		note->issue = bpf_ktime_get_ns();
	return 0;
}

/* Since 6.5 (5a80bd075f3b), where the queue keeps statistics. */
SEC("tp_btf/block_io_start")
int BPF_PROG(block_io_start, struct request *rq)
{
	return on_start(rq);
}

SEC("tp_btf/block_rq_insert")
int BPF_PROG(block_rq_insert, struct request *rq)
{
	return on_start(rq);
}

SEC("tp_btf/block_rq_issue")
int BPF_PROG(block_rq_issue, struct request *rq)
{
	return on_issue(rq);
}

/* Before 5.11 and its backport to 5.10.137 (a54895fa057c) the queue came first. */
SEC("tp_btf/block_rq_insert")
int BPF_PROG(block_rq_insert_2, struct request_queue *q, struct request *rq)
{
	return on_start(rq);
}

SEC("tp_btf/block_rq_issue")
int BPF_PROG(block_rq_issue_2, struct request_queue *q, struct request *rq)
{
	return on_issue(rq);
}

static __always_inline struct aa_dev *device_get(__u32 app, __u32 dev)
{
	struct aa_dev_key key = { .app = app, .dev = dev };
	struct aa_dev *d = bpf_map_lookup_elem(&devices, &key);

	if (d)
		return d;
	bpf_map_update_elem(&devices, &key, &empty_device, BPF_NOEXIST);
	return bpf_map_lookup_elem(&devices, &key);
}

static __always_inline void device_count(struct aa_dev *d, const struct request_note *note, __u64 latency)
{
	__u32 op = note->op;

	if (op >= AA_BLOCK_OPS)
		return;
	__sync_fetch_and_add(&d->requests[op], 1);
	__sync_fetch_and_add(&d->bytes[op], note->bytes);
	if (op != AA_BLOCK_READ && op != AA_BLOCK_WRITE)
		return;
	__sync_fetch_and_add(&d->total_ns, latency);
	if (latency > d->max_ns)
		d->max_ns = latency;
	if (note->sector == d->next_sector)
		__sync_fetch_and_add(&d->sequential, 1);
	d->next_sector = note->sector + (note->bytes >> 9);
	__sync_fetch_and_add(&d->latency[aa_hist_bucket(latency) & (AA_HIST_BUCKETS - 1)], 1);
}

static __always_inline void send_block(const struct request_note *note, __u64 now)
{
	struct aa_rec_block *r = bpf_ringbuf_reserve(&ring_bulk, sizeof(*r), 0);

	if (!r) {
		record_lost(AA_REC_BLOCK);
		return;
	}
	record_head(&r->h, AA_REC_BLOCK, note->app, now, 0);
	r->h.pid = note->pid;
	r->h.tid = note->tid;
	r->sector = note->sector;
	r->dev = note->dev;
	r->bytes = note->bytes;
	r->op = note->op;
	r->queue_us = (note->issue - note->start) / 1000;
	r->device_ns = now - note->issue;
	bpf_ringbuf_submit(r, RING_FLAGS(&ring_bulk));
}

SEC("tp_btf/block_rq_complete")
int BPF_PROG(block_rq_complete, struct request *rq, int error, unsigned int bytes)
{
	__u64 key = (__u64)rq, now;
	struct request_note *note;
	struct aa_dev *d;

	if (!aa_control.live)
		return 0;
	/* a request may complete in parts: the last part is as long as what is left of it */
	if (bytes < rq->__data_len)
		return 0;
	note = request_find(rq, key);
	if (!note)
		return 0;
	now = bpf_ktime_get_ns();
	d = device_get(note->app, note->dev);
	if (d)
		device_count(d, note, now - note->start);
	if (aa_control.level >= 2 && note->app < AA_MAX_APPS && note->issue)
		send_block(note, now);
	bpf_map_delete_elem(&requests, &key);
	return 0;
}
