// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/* Memory: pages that the page cache missed, with the names of their files, and direct reclaim. */
#include "cold.h"
#include "folio.h"
#include "miss.h"
#include "wait.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct file_key {
	__u64 ino;
	__u32 dev;
	__u32 generation;
	__u32 app;
	__u32 run; /* what was sent in an earlier run of the app, its reader may have forgotten */
};

/* Files whose names were sent. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct file_key);
	__type(value, __u8);
} named SEC(".maps");

/* Where a record of names is put together: only as much as they fill is sent. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct aa_rec_file);
} naming SEC(".maps");

#define PATH_DEPTH 32
#define NAME_LEN 256 /* NAME_MAX and a NUL */

static __always_inline struct dentry *dentry_of(struct hlist_node *alias)
{
	if (bpf_core_field_exists(((struct dentry___d_alias *)NULL)->d_alias))
		return (void *)alias - bpf_core_field_offset(struct dentry___d_alias, d_alias);
	return (void *)alias - bpf_core_field_offset(struct dentry, d_u.d_alias);
}

/*
 * The names from the file up to the root of its file system. Mount points are the agent's business: it knows the
 * device. Returns whether there is nothing more to send of that file.
 */
static __always_inline bool send_file(struct aa_thread *t, __u64 id, struct inode *inode, const struct file_key *key)
{
	struct hlist_node *alias = inode->i_dentry.first;
	struct dentry *dentry, *parent;
	struct aa_rec_file *r;
	const unsigned char *name;
	__u32 at = 0, zero = 0;
	long n;
	int i;

	if (!alias)
		return true;
	r = bpf_map_lookup_elem(&naming, &zero);
	if (!r)
		return true;
	record_head(&r->h, AA_REC_FILE, t->app, 0, id);
	r->ino = key->ino;
	r->dev = key->dev;
	r->generation = key->generation;
	r->complete = 0;
	dentry = dentry_of(alias);
	for (i = 0; i < PATH_DEPTH; i++) {
		parent = BPF_CORE_READ(dentry, d_parent);
		if (parent == dentry || !parent) {
			r->complete = 1;
			break;
		}
		if (at > AA_PATH_LEN - NAME_LEN)
			break;
		name = BPF_CORE_READ(dentry, d_name.name);
		n = bpf_probe_read_kernel_str(r->names + at, NAME_LEN, name);
		if (n <= 0 || n > NAME_LEN)
			break;
		at += n;
		dentry = parent;
	}
	if (at > AA_PATH_LEN) /* never; the verifier wants to be told */
		return true;
	r->bytes = at;
	if (!bpf_ringbuf_output(&ring_life, r, __builtin_offsetof(struct aa_rec_file, names) + at,
				RING_FLAGS(&ring_life)))
		return true;
	record_lost(AA_REC_FILE);
	return false;
}

static __always_inline void note_file(struct aa_thread *t, __u64 id, struct inode *inode, const struct file_key *key)
{
	__u8 one = 1;

	if (bpf_map_lookup_elem(&named, key))
		return;
	if (send_file(t, id, inode, key))
		bpf_map_update_elem(&named, key, &one, BPF_ANY);
}

/* Adjacent pages of one file become one record. */
static __always_inline void note_miss(struct aa_thread *t, __u64 id, struct inode *inode, __u64 index, __u32 pages,
				      __u32 run)
{
	bool metadata = inode->i_sb->s_magic ==
			BDEVFS_MAGIC; /* of the file system on that device: inodes, directories */
	struct file_key key = {
		.ino = metadata ? 0 : inode->i_ino,
		.dev = metadata ? inode->i_rdev : inode->i_sb->s_dev,
		.generation = inode->i_generation,
		.app = t->app,
		.run = run,
	};

	if (t->miss_pages && t->miss_ino == key.ino && t->miss_dev == key.dev && t->miss_generation == key.generation &&
	    t->miss_index + t->miss_pages == index && t->miss_pages < 1024) {
		t->miss_pages += pages;
		return;
	}
	if (t->miss_pages)
		send_miss(t, id);
	t->miss_since = bpf_ktime_get_ns();
	t->miss_ino = key.ino;
	t->miss_dev = key.dev;
	t->miss_generation = key.generation;
	t->miss_index = index;
	t->miss_pages = pages;
	if (!metadata)
		note_file(t, id, inode, &key);
}

/*
 * A write fills a new page from the program's memory: nothing was missed. But the memory that is written may be a map of
 * another file, and some calls read one file and write another.
 */
static __always_inline bool is_written(struct inode *inode)
{
	return inode->i_writecount.counter > 0 || inode->i_sb->s_magic == BDEVFS_MAGIC;
}

static __always_inline int on_miss(struct address_space *mapping, __u64 index, __u32 pages)
{
	struct wait_call call;
	struct aa_counts *c;
	struct aa_thread *t;
	__u8 class;

	if (!mapping)
		return 0;
	t = aa_control.live ? thread_of_current() : NULL;
	if (!t) {
		if (!index && aa_control.recording)
			note_first(current_id(), mapping->host);
		return 0;
	}
	wait_call_read(current_task(), &call);
	class = syscall_class(call.nr);
	if ((class == AA_SYS_WRITE_FD || class == AA_SYS_WRITE) && is_written(mapping->host))
		return 0;
	c = counts_get(t->app);
	if (!c)
		return 0;
	__sync_fetch_and_add(&c->missed_pages, pages);
	__sync_fetch_and_add(&c->missed_bytes, (__u64)pages * aa_config.page_bytes);
	if (aa_control.recording)
		tell_cold(t->app, current_id(), c);
	if (aa_control.level >= 2 || aa_control.recording)
		note_miss(t, current_id(), mapping->host, index, pages, c->starts);
	return 0;
}

SEC("tp_btf/mm_filemap_add_to_page_cache")
int BPF_PROG(mm_filemap_add_to_page_cache, struct folio *folio)
{
	return on_miss(folio->mapping, folio->index, folio_pages(folio));
}

/* Before 5.17 (a0580c6f9bab) */
SEC("tp_btf/mm_filemap_add_to_page_cache")
int BPF_PROG(mm_filemap_add_page, struct page *page)
{
	return on_miss(page->mapping, page->index, 1);
}

static __always_inline int on_reclaim(bool begin)
{
	struct aa_thread *t;
	struct aa_app *app;

	if (!aa_control.live)
		return 0;
	t = thread_of_current();
	if (!t)
		return 0;
	if (begin)
		t->flags |= AA_THREAD_RECLAIM;
	else
		t->flags &= ~AA_THREAD_RECLAIM;
	if (t->state > AA_RUN_RECLAIM) /* the switch to it was not traced: the ledger hears of it at its next one */
		return 0;
	app = app_get(t->app);
	if (!app)
		return 0;
	thread_change(app, t, begin ? AA_RUN_RECLAIM : AA_RUN, bpf_ktime_get_ns());
	return 0;
}

/* The arguments differ from kernel to kernel, and are not needed. */
SEC("tp_btf/mm_vmscan_direct_reclaim_begin")
int BPF_PROG(direct_reclaim_begin)
{
	return on_reclaim(true);
}

SEC("tp_btf/mm_vmscan_direct_reclaim_end")
int BPF_PROG(direct_reclaim_end)
{
	return on_reclaim(false);
}

SEC("tp_btf/mm_vmscan_memcg_reclaim_begin")
int BPF_PROG(memcg_reclaim_begin)
{
	return on_reclaim(true);
}

SEC("tp_btf/mm_vmscan_memcg_reclaim_end")
int BPF_PROG(memcg_reclaim_end)
{
	return on_reclaim(false);
}
