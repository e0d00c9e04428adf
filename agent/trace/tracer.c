// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/* Loads, attaches and reads the BPF side. */
#include "trace/tracer.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "aa_use.h"
#include "accel.skel.h"
#include "sys/process.h"
#include "trace/syscalls.h"
#include "trace/use.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/log.h"

#define SPREAD_PROGRAMS 3

struct tracer {
	struct accel *skel;
	struct ring_buffer *rings;
	struct bpf_link *waking; /* attached while wakers are wanted */
	struct bpf_link *spread[SPREAD_PROGRAMS]; /* attached while an app is to be spread */
	struct use *use; /* from tracer_note_use() on; else NULL */
	bool tells_use; /* this kernel can */
	struct features features;
	bool plain; /* the kernel has no task storage: bpf/plain.h */
	void (*record)(void *context, const struct aa_rec *record);
	void *context;
	struct aa_app *snapshot; /* room for one map value */
};

static const size_t record_size[AA_RECORD_KINDS] = {
	[AA_REC_START] = sizeof(struct aa_rec_exec),  [AA_REC_END] = sizeof(struct aa_rec_exec),
	[AA_REC_EXEC] = sizeof(struct aa_rec_exec),   [AA_REC_FORK] = sizeof(struct aa_rec_exec),
	[AA_REC_EXIT] = sizeof(struct aa_rec_exit),   [AA_REC_BLOCK] = sizeof(struct aa_rec_block),
	[AA_REC_MISS] = sizeof(struct aa_rec_miss),   [AA_REC_FILE] = offsetof(struct aa_rec_file, names),
	[AA_REC_QUEUED] = sizeof(struct aa_rec),      [AA_REC_WAIT] = sizeof(struct aa_rec_wait),
	[AA_REC_CGROUP] = sizeof(struct aa_rec_exec), [AA_REC_COLD] = sizeof(struct aa_rec),
};

static int on_record(void *context, void *data, size_t size)
{
	struct tracer *t = context;
	const struct aa_rec *r = data;

	if (size < sizeof(*r) || r->version != AA_RECORD_VERSION || r->kind >= AA_RECORD_KINDS ||
	    size < record_size[r->kind])
		return 0;
	if (r->kind == AA_REC_FILE && size - record_size[AA_REC_FILE] < ((const struct aa_rec_file *)r)->bytes)
		return 0;
	t->record(t->context, r);
	return 0;
}

/* Programs for events that this kernel does not have, or has in another form, are left out. */
static void choose_programs(struct accel *s, const struct tracer_config *c, const struct features *f)
{
	bool use = f->page_use && c->use;
	const struct {
		struct bpf_program *program;
		bool wanted;
	} rows[] = {
		{ s->progs.sched_switch, f->sched_switch >= 4 },
		{ s->progs.sched_switch_3, f->sched_switch == 3 },
		{ s->progs.cgroup_attach_task, f->cgroup_attach_task >= 3 && c->hierarchy },
		{ s->progs.block_io_start, f->block_io_start == 1 },
		{ s->progs.block_rq_insert, f->block_rq_issue == 1 },
		{ s->progs.block_rq_issue, f->block_rq_issue == 1 },
		{ s->progs.block_rq_insert_2, f->block_rq_issue == 2 },
		{ s->progs.block_rq_issue_2, f->block_rq_issue == 2 },
		{ s->progs.block_rq_complete, f->block_rq_complete == 3 && f->block_rq_issue > 0 },
		{ s->progs.mm_filemap_add_to_page_cache, f->add_to_page_cache == 1 && f->folios },
		{ s->progs.mm_filemap_add_page, f->add_to_page_cache == 1 && !f->folios },
		{ s->progs.direct_reclaim_begin, f->direct_reclaim >= 0 },
		{ s->progs.direct_reclaim_end, f->direct_reclaim >= 0 },
		{ s->progs.memcg_reclaim_begin, f->memcg_reclaim >= 0 },
		{ s->progs.memcg_reclaim_end, f->memcg_reclaim >= 0 },
		{ s->progs.use_get_pages, use },
		{ s->progs.use_map_pages, use },
		{ s->progs.use_fault, use },
		{ s->progs.use_added, use && f->add_to_page_cache == 1 && f->folios },
		{ s->progs.scan, c->scans },
		{ s->progs.sched_process_exec, c->npatterns > 0 },
		{ s->progs.exec_again, c->npatterns > 0 },
		{ s->progs.exec_unnamed, !c->npatterns },
		{ s->progs.exec_unnamed_again, !c->npatterns },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		bpf_program__set_autoload(rows[i].program, rows[i].wanted);
	if (!use) { /* nobody needs their memory */
		bpf_map__set_max_entries(s->maps.used, 1);
		bpf_map__set_max_entries(s->maps.used_times, 1);
	}
	bpf_program__set_autoattach(s->progs.sched_waking, false);
	bpf_program__set_autoattach(s->progs.spread_switch, false);
	bpf_program__set_autoattach(s->progs.spread_wakeup, false);
	bpf_program__set_autoattach(s->progs.spread_wakeup_new, false);
	bpf_program__set_autoattach(s->progs.use_get_pages, false);
	bpf_program__set_autoattach(s->progs.use_map_pages, false);
	bpf_program__set_autoattach(s->progs.use_fault, false);
	bpf_program__set_autoattach(s->progs.use_added, false);
}

/* Where marks and seeds are kept. What is left out, only code that is dead then would use. */
static void choose_maps(struct accel *s, bool plain)
{
	bpf_map__set_autocreate(s->maps.threads, !plain);
	bpf_map__set_autocreate(s->maps.seeds, !plain);
	bpf_map__set_autocreate(s->maps.plain_threads, plain);
	bpf_map__set_autocreate(s->maps.plain_apps, plain);
	bpf_map__set_autocreate(s->maps.plain_seeds, plain);
}

/* Rows of the table of pids, for as many as there can be now; more if that is not known. */
static unsigned int pid_rows(void)
{
	cleanup_file FILE *f = fopen("/proc/sys/kernel/pid_max", "re");
	unsigned int max = AA_PIDS;

	if (f && (fscanf(f, "%u", &max) != 1 || max > AA_PIDS))
		max = AA_PIDS;
	return max / AA_PID_ROW + 1;
}

#define STACK_BYTES 16384 /* of the kernel, on x86-64 without KASAN */

static int configure(struct accel *s, const struct tracer_config *c, const struct features *f)
{
	struct stat pid_ns;
	int err;

	if (!stat("/proc/self/ns/pid", &pid_ns)) {
		s->rodata->aa_config.pid_ns_dev = pid_ns.st_dev;
		s->rodata->aa_config.pid_ns_ino = pid_ns.st_ino;
	}
	s->rodata->aa_config.apps = c->apps;
	s->rodata->aa_config.cpus = c->cpus;
	s->rodata->aa_config.page_bytes = (__u32)sysconf(_SC_PAGESIZE);
	s->rodata->aa_config.scans = c->scans;
	s->rodata->aa_config.hierarchy = c->hierarchy;
	s->rodata->aa_config.cgroup = c->cgroup;
	s->rodata->aa_config.patterns = c->npatterns;
	s->rodata->aa_config.plain = !f->task_storage;
	s->rodata->aa_config.stack_bytes = f->user_registers ? 0 : STACK_BYTES;
	syscalls_classify(s->rodata->aa_config.syscall);

	err = bpf_map__set_max_entries(s->maps.apps, c->apps);
	if (!err)
		err = bpf_map__set_max_entries(s->maps.marked, pid_rows());
	if (!err)
		err = bpf_map__set_max_entries(s->maps.counts, c->apps);
	if (!err)
		err = bpf_map__set_max_entries(s->maps.ring_life, c->ring_bytes);
	if (!err)
		err = bpf_map__set_max_entries(s->maps.ring_bulk, c->ring_bytes);
	return err;
}

static int write_patterns(struct accel *s, const struct tracer_config *c)
{
	unsigned int i;

	for (i = 0; i < c->npatterns; i++)
		if (bpf_map_update_elem(bpf_map__fd(s->maps.patterns), &i, &c->patterns[i], BPF_ANY))
			return -errno;
	return 0;
}

static int open_rings(struct tracer *t)
{
	t->rings = ring_buffer__new(bpf_map__fd(t->skel->maps.ring_life), on_record, t, NULL);
	if (!t->rings)
		return -errno;
	return ring_buffer__add(t->rings, bpf_map__fd(t->skel->maps.ring_bulk), on_record, t);
}

static int load(struct tracer *t, const struct tracer_config *c, const struct features *f)
{
	int err;

	t->skel = accel__open();
	if (!t->skel)
		return -errno;
	choose_programs(t->skel, c, f);
	choose_maps(t->skel, t->plain);
	err = configure(t->skel, c, f);
	if (!err)
		err = accel__load(t->skel);
	if (err) /* the verifier says EACCES or EINVAL where we would say that the kernel lacks something */
		return err == -EPERM || err == -ENOMEM ? err : -ENOTSUP;
	err = write_patterns(t->skel, c);
	if (!err)
		err = open_rings(t);
	return err ? err : accel__attach(t->skel);
}

int tracer_open(const struct tracer_config *config, const struct features *features, struct tracer **ret)
{
	struct tracer *t = calloc(1, sizeof(*t));
	int err;

	if (!t)
		return -ENOMEM;
	t->record = config->record;
	t->context = config->context;
	t->tells_use = features->page_use && config->use;
	t->features = *features;
	t->plain = !features->task_storage;
	t->snapshot = malloc(sizeof(*t->snapshot));
	err = t->snapshot ? load(t, config, features) : -ENOMEM;
	if (err) {
		tracer_close(t);
		return err;
	}
	*ret = t;
	return 0;
}

const struct features *tracer_features(const struct tracer *tracer)
{
	return &tracer->features;
}

static void detach_spread(struct tracer *t)
{
	unsigned int i;

	for (i = 0; i < SPREAD_PROGRAMS; i++) {
		bpf_link__destroy(t->spread[i]);
		t->spread[i] = NULL;
	}
}

void tracer_close(struct tracer *tracer)
{
	if (!tracer)
		return;
	bpf_link__destroy(tracer->waking);
	detach_spread(tracer);
	use_close(tracer->use);
	ring_buffer__free(tracer->rings);
	accel__destroy(tracer->skel);
	free(tracer->snapshot);
	free(tracer);
}

int tracer_seed(struct tracer *tracer, unsigned int app, int pidfd, bool at_exec)
{
	struct aa_plain_seed seed = { .seed = { .app = app + 1, .at_exec = at_exec } };
	pid_t pid;
	int err;

	if (!tracer->plain) {
		if (!bpf_map_update_elem(bpf_map__fd(tracer->skel->maps.seeds), &pidfd, &seed.seed, BPF_ANY))
			return 0;
		/* of a process that is gone, see bpf_pid_task_storage_update_elem() */
		return errno == ENOENT ? -ESRCH : -errno;
	}
	seed.since = clock_monotonic_ns();
	err = sys_process_of("", pidfd, &pid); /* still the one that the descriptor holds, so it is older than that */
	if (err)
		return err;
	return bpf_map_update_elem(bpf_map__fd(tracer->skel->maps.plain_seeds), &pid, &seed, BPF_ANY) ? -errno : 0;
}

int tracer_app_of(const struct tracer *tracer, int pidfd)
{
	struct aa_thread thread;
	__u32 app;
	pid_t pid;
	int err;

	if (tracer->plain) {
		err = sys_process_of("", pidfd, &pid);
		if (!err && bpf_map_lookup_elem(bpf_map__fd(tracer->skel->maps.plain_apps), &pid, &app))
			err = -errno;
		return err ? err : (int)app;
	}
	if (bpf_map_lookup_elem(bpf_map__fd(tracer->skel->maps.threads), &pidfd, &thread))
		return -errno;
	return (int)thread.app;
}

void tracer_scan_begin(struct tracer *tracer)
{
	int kin = bpf_map__fd(tracer->skel->maps.kin);
	__u32 tgid, next;
	bool more;

	/* what an earlier scan noted is of processes whose numbers may belong to others by now */
	for (more = !bpf_map_get_next_key(kin, NULL, &next); more;) {
		tgid = next;
		more = !bpf_map_get_next_key(kin, &tgid, &next);
		bpf_map_delete_elem(kin, &tgid);
	}
	__atomic_store_n(&tracer->skel->bss->aa_control.scanning, 1, __ATOMIC_SEQ_CST);
	__atomic_store_n(&tracer->skel->bss->aa_control.live, 1, __ATOMIC_SEQ_CST);
}

void tracer_scan_end(struct tracer *tracer)
{
	__atomic_store_n(&tracer->skel->bss->aa_control.scanning, 0, __ATOMIC_SEQ_CST);
}

int tracer_scan(struct tracer *tracer, uint64_t *ret_marked)
{
	uint64_t before = __atomic_load_n(&tracer->skel->bss->aa_control.marked, __ATOMIC_RELAXED);
	cleanup_close int fd = bpf_iter_create(bpf_link__fd(tracer->skel->links.scan));
	char sink[64];
	ssize_t n;

	if (fd < 0)
		return -errno;
	do {
		n = read(fd, sink, sizeof(sink));
	} while (n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN)));
	if (n < 0)
		return -errno;
	*ret_marked = __atomic_load_n(&tracer->skel->bss->aa_control.marked, __ATOMIC_RELAXED) - before;
	return 0;
}

unsigned int tracer_level(const struct tracer *tracer)
{
	return __atomic_load_n(&tracer->skel->bss->aa_control.level, __ATOMIC_RELAXED);
}

void tracer_set_level(struct tracer *tracer, unsigned int level)
{
	__atomic_store_n(&tracer->skel->bss->aa_control.level, level, __ATOMIC_RELAXED);
}

void tracer_set_recording(struct tracer *tracer, bool wanted)
{
	__atomic_store_n(&tracer->skel->bss->aa_control.recording, wanted, __ATOMIC_RELAXED);
}

int tracer_set_wakers(struct tracer *tracer, bool wanted)
{
	if (!wanted) {
		bpf_link__destroy(tracer->waking);
		tracer->waking = NULL;
	} else if (!tracer->waking) {
		tracer->waking = bpf_program__attach(tracer->skel->progs.sched_waking);
		if (!tracer->waking)
			return -errno;
	}
	return 0;
}

static int attach_spread(struct tracer *t)
{
	struct bpf_program *programs[SPREAD_PROGRAMS] = {
		t->skel->progs.spread_switch,
		t->skel->progs.spread_wakeup,
		t->skel->progs.spread_wakeup_new,
	};
	unsigned int i;

	for (i = 0; i < SPREAD_PROGRAMS; i++) {
		t->spread[i] = bpf_program__attach(programs[i]);
		if (!t->spread[i]) {
			int err = -errno;

			detach_spread(t);
			return err;
		}
	}
	return 0;
}

int tracer_set_spread(struct tracer *tracer, uint64_t apps)
{
	int err = 0;

	if (apps && !tracer->spread[0])
		err = attach_spread(tracer);
	tracer->skel->bss->aa_control.agent = (__u32)getpid();
	if (!err)
		__atomic_store_n(&tracer->skel->bss->aa_control.spread, apps, __ATOMIC_RELAXED);
	if (!apps)
		detach_spread(tracer);
	return err;
}

int tracer_note_use(struct tracer *tracer)
{
	const struct use_parts parts = {
		.reads = tracer->skel->progs.use_get_pages,
		.added = tracer->skel->progs.use_added,
		.map_pages = tracer->skel->progs.use_map_pages,
		.fault = tracer->skel->progs.use_fault,
		.table = tracer->skel->maps.used,
		.times = tracer->skel->maps.used_times,
		.looks = tracer->skel->maps.looks,
		.state = &tracer->skel->bss->aa_use,
	};

	return tracer->tells_use ? use_open(&parts, &tracer->use) : -ENOTSUP;
}

int tracer_note_all_use(struct tracer *tracer)
{
	return tracer->use ? use_note_all(tracer->use) : -ENOTSUP;
}

void tracer_rest_use(struct tracer *tracer, uint64_t now_ns)
{
	if (tracer->use)
		use_rest(tracer->use, now_ns);
}

void tracer_pace_use(struct tracer *tracer, uint64_t now_ns)
{
	if (tracer->use)
		use_pace_now(tracer->use, now_ns);
}

void tracer_forget_use(struct tracer *tracer)
{
	if (tracer->use)
		use_forget(tracer->use);
}

bool tracer_use_known(const struct tracer *tracer)
{
	return tracer->use && use_is_known(tracer->use);
}

uint64_t tracer_use(const struct tracer *tracer, uint32_t dev, uint64_t ino, uint64_t block, uint64_t *ret_since_ns)
{
	return tracer->use ? use_of(tracer->use, dev, ino, block, ret_since_ns) : 0;
}

struct aa_cpus *tracer_cpus(struct tracer *tracer)
{
	return &tracer->skel->bss->aa_cpus;
}

int tracer_fd(const struct tracer *tracer)
{
	return ring_buffer__epoll_fd(tracer->rings);
}

int tracer_drain(struct tracer *tracer)
{
	struct epoll_event ready[2];

	/*
	 * the consumer below takes what is there whether or not somebody was woken for it; this only clears the wake-up
	 */
	epoll_wait(ring_buffer__epoll_fd(tracer->rings), ready, 2, 0);
	return ring_buffer__consume(tracer->rings);
}

#define SNAPSHOTS 1000

/*
 * Where locks are plain, the agent must not take one: the programs would wait for it in vain while it does not run. It
 * copies until nothing was changed meanwhile.
 */
static int copy_unchanged(const struct tracer *t, unsigned int app)
{
	const struct aa_plain_lock *lock = &t->skel->bss->aa_plain_lock[app];
	int i, fd = bpf_map__fd(t->skel->maps.apps);
	uint64_t changes;

	for (i = 0; i < SNAPSHOTS; i++) {
		changes = __atomic_load_n(&lock->changes, __ATOMIC_SEQ_CST);
		if (bpf_map_lookup_elem(fd, &app, t->snapshot))
			return -errno;
		if (!(changes & 1) && __atomic_load_n(&lock->changes, __ATOMIC_SEQ_CST) == changes)
			return 0;
	}
	return -EBUSY;
}

static int copy_locked(const struct tracer *t, unsigned int app)
{
	int fd = bpf_map__fd(t->skel->maps.apps);

	return bpf_map_lookup_elem_flags(fd, &app, t->snapshot, BPF_F_LOCK) ? -errno : 0;
}

int tracer_read_ledger(struct tracer *tracer, unsigned int app, struct aa_ledger *ret)
{
	int err = tracer->plain ? copy_unchanged(tracer, app) : copy_locked(tracer, app);

	if (err)
		return err;
	memcpy(ret, &tracer->snapshot->ledger, sizeof(*ret));
	return 0;
}

int tracer_read_counts(struct tracer *tracer, unsigned int app, struct aa_counts *ret)
{
	return bpf_map_lookup_elem(bpf_map__fd(tracer->skel->maps.counts), &app, ret) ? -errno : 0;
}

int tracer_each_device(struct tracer *tracer,
		       void (*each)(void *context, const struct aa_dev_key *, const struct aa_dev *), void *context)
{
	int fd = bpf_map__fd(tracer->skel->maps.devices);
	struct aa_dev_key key, *previous = NULL;
	struct aa_dev value;

	while (!bpf_map_get_next_key(fd, previous, &key)) {
		if (!bpf_map_lookup_elem(fd, &key, &value))
			each(context, &key, &value);
		previous = &key;
	}
	return errno == ENOENT ? 0 : -errno;
}

/* What the kernel knows of a loaded program. Returns whether it told. */
static bool read_info(const struct bpf_program *program, struct bpf_prog_info *ret)
{
	__u32 size = sizeof(*ret);

	memset(ret, 0, size);
	return bpf_program__fd(program) >= 0 && !bpf_obj_get_info_by_fd(bpf_program__fd(program), ret, &size);
}

uint64_t tracer_lost(const struct tracer *tracer, enum aa_record_kind kind)
{
	return __atomic_load_n(&tracer->skel->bss->aa_control.lost[kind], __ATOMIC_RELAXED);
}

uint64_t tracer_missed_misses(const struct tracer *tracer)
{
	const struct accel *s = tracer->skel;
	struct bpf_prog_info info;
	uint64_t n = 0;

	if (read_info(s->progs.mm_filemap_add_to_page_cache, &info))
		n += info.recursion_misses;
	if (read_info(s->progs.mm_filemap_add_page, &info))
		n += info.recursion_misses;
	return n;
}

void tracer_losses(const struct tracer *tracer, struct tracer_losses *ret)
{
	struct bpf_prog_info info;
	struct bpf_program *p;
	unsigned int i;

	for (i = 0; i < AA_RECORD_KINDS; i++)
		ret->records[i] = tracer_lost(tracer, i);
	ret->requests = __atomic_load_n(&tracer->skel->bss->aa_control.untracked_requests, __ATOMIC_RELAXED);
	ret->runs = __atomic_load_n(&tracer->skel->bss->aa_control.unlocked, __ATOMIC_RELAXED);
	bpf_object__for_each_program(p, tracer->skel->obj)
	{
		if (read_info(p, &info))
			ret->runs += info.recursion_misses;
	}
}

static bool stats_enabled(void)
{
	cleanup_file FILE *f = fopen("/proc/sys/kernel/bpf_stats_enabled", "re");

	return f && fgetc(f) == '1';
}

double tracer_bpf_seconds(const struct tracer *tracer)
{
	struct bpf_prog_info info;
	struct bpf_program *p;
	double seconds = 0;

	if (!stats_enabled())
		return NAN;
	bpf_object__for_each_program(p, tracer->skel->obj)
	{
		if (read_info(p, &info))
			seconds += info.run_time_ns / 1e9;
	}
	return seconds;
}
