// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/*
 * Which pages of files followed threads look at, missed or not: what a prefetch should have brought, and what it was
 * worth. Attached while runs are recorded; kernels before 6.12 or so do not have these events.
 */
#include "follow.h"
#include "aa_use.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, AA_USE_WORDS);
	__type(key, __u32);
	__type(value, __u64);
} used SEC(".maps");

__u64 aa_use_words; /* in use, about */

#define BLOCKS_MAX 16 /* of one event: 4 MiB, more than one read takes from the page cache at a time */

static __always_inline void use_word(__u32 index, __u64 bits)
{
	__u64 *word = bpf_map_lookup_elem(&used, &index);

	if (!word || (*word & bits) == bits)
		return;
	if (!*word)
		__sync_fetch_and_add(&aa_use_words, 1);
	__sync_fetch_and_or(word, bits);
}

static __always_inline int on_use(struct address_space *mapping, __u64 first, __u64 last)
{
	struct inode *inode;
	__u64 bits, block, hash;
	__u32 dev;
	int i;

	if (!aa_control.live || !mapping || last < first || !thread_of(bpf_get_current_task_btf()))
		return 0;
	inode = mapping->host;
	dev = inode->i_sb->s_dev;
	for (i = 0; i < BLOCKS_MAX; i++) {
		block = first / AA_USE_PAGES + i;
		if (block > last / AA_USE_PAGES)
			break;
		bits = ~0ULL;
		if (!i)
			bits <<= first % AA_USE_PAGES;
		if (block == last / AA_USE_PAGES)
			bits &= ~0ULL >> (AA_USE_PAGES - 1 - last % AA_USE_PAGES);
		hash = aa_use_hash(dev, inode->i_ino, block);
		use_word(aa_use_word(hash, 0), bits);
		use_word(aa_use_word(hash, 1), bits);
	}
	return 0;
}

/* A read from the page cache. */
SEC("tp_btf/mm_filemap_get_pages")
int BPF_PROG(use_get_pages, struct address_space *mapping, unsigned long index, unsigned long last)
{
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
