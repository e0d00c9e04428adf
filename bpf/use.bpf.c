// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/*
 * Which pages of files followed threads look at, missed or not: what a prefetch should have brought, and what it was
 * worth. Attached while runs are recorded; kernels before 6.12 or so do not have these events.
 */
#include "folio.h"
#include "follow.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, AA_USE_BUCKETS);
	__type(key, __u32);
	__type(value, struct aa_use_bucket);
} used SEC(".maps");

/* Apart from the blocks: it is written once a block, and read at the end. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, AA_USE_BUCKETS);
	__type(key, __u32);
	__type(value, struct aa_use_times);
} used_times SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct aa_use_looks);
} looks SEC(".maps");

#define QUICK_PROBES \
	2 /* buckets that are looked into before anything is asked: nearly all blocks are in their own one */
#define BLOCKS_MAX 16 /* of one event: 4 MiB, more than one read takes from the page cache at a time */

/* The bits of a block from page first to last. */
static __always_inline __u64 bits_of(__u64 block, __u64 first, __u64 last)
{
	__u64 bits = ~0ULL;

	if (block == first / AA_USE_PAGES)
		bits <<= first % AA_USE_PAGES;
	if (block == last / AA_USE_PAGES)
		bits &= ~0ULL >> (AA_USE_PAGES - 1 - last % AA_USE_PAGES);
	return bits;
}

/*
 * Whether it is noted already. It asks nothing of the kernel, not even who looks: a call costs more than all of this
 * where returns are guarded.
 */
static __always_inline bool is_noted(__u64 tag, __u64 bits)
{
	struct aa_use_bucket *b;
	struct aa_use_slot *s;
	int i, ends = 0;
	__u32 at;

	for (i = 0; i < QUICK_PROBES && !ends; i++) {
		at = aa_use_bucket(tag, i);
		b = bpf_map_lookup_elem(&used, &at);
		if (!b)
			break;
		s = aa_use_find(b, tag, &ends);
		if (s)
			return (s->bits & bits) == bits;
	}
	return false;
}

static __always_inline void note_time(__u32 at, const struct aa_use_bucket *b, const struct aa_use_slot *s)
{
	struct aa_use_times *times = bpf_map_lookup_elem(&used_times, &at);
	__u32 slot = ((unsigned long)s - (unsigned long)b) / sizeof(*s);

	if (times && slot < AA_USE_SLOTS)
		times->slot[slot] = bpf_ktime_get_ns() >> AA_USE_TICK_SHIFT;
}

/*
 * Notes the bits of a block in one bucket. Returns 0 if there is no room for it. A function of its own, as the next one
 * is: the verifier walks each once, and not once a bucket and a block.
 */
__noinline int use_note_in(__u32 at, __u64 tag, __u64 bits)
{
	struct aa_use_bucket *b = bpf_map_lookup_elem(&used, &at);
	struct aa_use_looks *l;
	struct aa_use_slot *s;
	__u32 zero = 0;
	int taken = 0;

	s = b ? aa_use_take(b, tag, &taken) : NULL;
	if (!s)
		return 0;
	if (taken) {
		note_time(at, b, s);
		__sync_fetch_and_add(&aa_use.blocks, 1);
	}
	if ((s->bits & bits) == bits)
		return 1;
	__sync_fetch_and_or(&s->bits, bits);
	l = bpf_map_lookup_elem(&looks, &zero);
	if (l)
		l->fresh++;
	return 1;
}

__noinline int use_note(__u64 tag, __u64 bits)
{
	int i;

	for (i = 0; i < AA_USE_PROBES; i++)
		if (use_note_in(aa_use_bucket(tag, i), tag, bits))
			return 0;
	__sync_fetch_and_add(&aa_use.full, 1);
	return 0;
}

static __always_inline int on_use(struct address_space *mapping, __u64 first, __u64 last)
{
	__u64 block = first / AA_USE_PAGES, end = last / AA_USE_PAGES, ino;
	struct inode *inode;
	__u32 dev;
	int i;

	if (!aa_control.live || !aa_use.cold || !mapping || last < first)
		return 0;
	inode = mapping->host;
	dev = inode->i_sb->s_dev;
	ino = inode->i_ino;
	if (block == end && is_noted(aa_use_tag(dev, ino, block), bits_of(block, first, last)))
		return 0;
	if (aa_use.full || !thread_of(bpf_get_current_task_btf()))
		return 0;
	for (i = 0; i < BLOCKS_MAX && block <= end; i++, block++)
		use_note(aa_use_tag(dev, ino, block), bits_of(block, first, last));
	return 0;
}

/* A read from the page cache. */
SEC("tp_btf/mm_filemap_get_pages")
int BPF_PROG(use_get_pages, struct address_space *mapping, unsigned long index, unsigned long last)
{
	__u32 zero = 0;
	struct aa_use_looks *l = bpf_map_lookup_elem(&looks, &zero);

	if (l)
		l->reads++;
	return on_use(mapping, index, last);
}

/* A fault on a page that is there: its neighbours are mapped with it. */
SEC("tp_btf/mm_filemap_map_pages")
int BPF_PROG(use_map_pages, struct address_space *mapping, unsigned long start, unsigned long end)
{
	return on_use(mapping, start, end);
}

#define FAULT_BYTES 65536 /* that a fault maps around a page that is there: the kernel's default */

/*
 * A fault on a page that is not. What was read with it is mapped with it if it is one large folio, and no event tells;
 * had it been there, its neighbours would have been.
 */
SEC("tp_btf/mm_filemap_fault")
int BPF_PROG(use_fault, struct address_space *mapping, unsigned long index)
{
	__u32 page_bytes = aa_config.page_bytes;
	unsigned long others = page_bytes && page_bytes < FAULT_BYTES ? FAULT_BYTES / page_bytes - 1 : 0;

	return on_use(mapping, index & ~others, index | others);
}

/* While reads are not noted: what is missed then counts as looked at, for nobody sees whether it is. */
SEC("tp_btf/mm_filemap_add_to_page_cache")
int BPF_PROG(use_added, struct folio *folio)
{
	__u32 pages = folio_pages(folio);

	if (!aa_control.live || !thread_of(bpf_get_current_task_btf()))
		return 0;
	__sync_fetch_and_add(&aa_use.missed, pages);
	return on_use(folio->mapping, folio->index, folio->index + pages - 1);
}
