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
#include <unistd.h>

#include "aa_use.h"
#include "sys/process.h"
#include "trace/programs.h"
#include "trace/sessions.h"
#include "trace/use.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/log.h"

#define SPREAD_PROGRAMS 4

struct tracer {
	struct programs programs;
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

static int open_rings(struct tracer *t)
{
	t->rings = ring_buffer__new(bpf_map__fd(t->programs.shared->maps.ring_life), on_record, t, NULL);
	if (!t->rings)
		return -errno;
	return ring_buffer__add(t->rings, bpf_map__fd(t->programs.shared->maps.ring_bulk), on_record, t);
}

static int load(struct tracer *t, const struct tracer_config *c, const struct features *f, const struct btf *kernel)
{
	int err = programs_load(c, f, kernel, &t->programs);

	if (!err)
		err = open_rings(t);
	return err ? err : programs_attach(&t->programs);
}

int tracer_open(const struct tracer_config *config, const struct features *features, const struct btf *kernel,
		struct tracer **ret)
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
	err = t->snapshot ? load(t, config, features, kernel) : -ENOMEM;
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
	programs_close(&tracer->programs);
	free(tracer->snapshot);
	free(tracer);
}

int tracer_seed(struct tracer *tracer, unsigned int app, int pidfd, bool at_exec)
{
	struct aa_plain_seed seed = { .seed = { .app = app + 1, .at_exec = at_exec } };
	pid_t pid;
	int err;

	if (!tracer->plain) {
		if (!bpf_map_update_elem(bpf_map__fd(tracer->programs.shared->maps.seeds), &pidfd, &seed.seed, BPF_ANY))
			return 0;
		/* of a process that is gone, see bpf_pid_task_storage_update_elem() */
		return errno == ENOENT ? -ESRCH : -errno;
	}
	seed.since = clock_monotonic_ns();
	err = sys_process_of("", pidfd, &pid); /* still the one that the descriptor holds, so it is older than that */
	if (err)
		return err;
	return bpf_map_update_elem(bpf_map__fd(tracer->programs.shared->maps.plain_seeds), &pid, &seed, BPF_ANY) ?
		       -errno :
		       0;
}

int tracer_app_of(const struct tracer *tracer, int pidfd)
{
	struct aa_thread thread;
	__u32 app;
	pid_t pid;
	int err;

	if (tracer->plain) {
		err = sys_process_of("", pidfd, &pid);
		if (!err && bpf_map_lookup_elem(bpf_map__fd(tracer->programs.shared->maps.plain_apps), &pid, &app))
			err = -errno;
		return err ? err : (int)app;
	}
	if (bpf_map_lookup_elem(bpf_map__fd(tracer->programs.shared->maps.threads), &pidfd, &thread))
		return -errno;
	return (int)thread.app;
}

void tracer_scan_begin(struct tracer *tracer)
{
	int kin = bpf_map__fd(tracer->programs.apps->maps.kin);
	__u32 tgid, next;
	bool more;

	/* what an earlier scan noted is of processes whose numbers may belong to others by now */
	for (more = !bpf_map_get_next_key(kin, NULL, &next); more;) {
		tgid = next;
		more = !bpf_map_get_next_key(kin, &tgid, &next);
		bpf_map_delete_elem(kin, &tgid);
	}
	__atomic_store_n(&tracer->programs.shared->data_shared->aa_control.scanning, 1, __ATOMIC_SEQ_CST);
	__atomic_store_n(&tracer->programs.shared->data_shared->aa_control.live, 1, __ATOMIC_SEQ_CST);
}

void tracer_scan_end(struct tracer *tracer)
{
	__atomic_store_n(&tracer->programs.shared->data_shared->aa_control.scanning, 0, __ATOMIC_SEQ_CST);
}

int tracer_scan(struct tracer *tracer, uint64_t *ret_marked)
{
	uint64_t before = __atomic_load_n(&tracer->programs.shared->data_shared->aa_control.marked, __ATOMIC_RELAXED);
	cleanup_close int fd = bpf_iter_create(bpf_link__fd(tracer->programs.apps->links.scan));
	char sink[64];
	ssize_t n;

	if (fd < 0)
		return -errno;
	do {
		n = read(fd, sink, sizeof(sink));
	} while (n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN)));
	if (n < 0)
		return -errno;
	*ret_marked = __atomic_load_n(&tracer->programs.shared->data_shared->aa_control.marked, __ATOMIC_RELAXED) -
		      before;
	return 0;
}

int tracer_sessions(const struct tracer *tracer, double *ret_weight)
{
	const struct bpf_link *link = tracer->programs.apps->links.sessions;
	cleanup_close int fd = link ? bpf_iter_create(bpf_link__fd(link)) : -1;

	if (fd < 0)
		return link ? -errno : -ENOTSUP;
	return sessions_weigh(fd, ret_weight);
}

unsigned int tracer_level(const struct tracer *tracer)
{
	return __atomic_load_n(&tracer->programs.shared->data_shared->aa_control.level, __ATOMIC_RELAXED);
}

void tracer_set_level(struct tracer *tracer, unsigned int level)
{
	__atomic_store_n(&tracer->programs.shared->data_shared->aa_control.level, level, __ATOMIC_RELAXED);
}

void tracer_set_recording(struct tracer *tracer, bool wanted)
{
	__atomic_store_n(&tracer->programs.shared->data_shared->aa_control.recording, wanted, __ATOMIC_RELAXED);
}

int tracer_set_wakers(struct tracer *tracer, bool wanted)
{
	if (!wanted) {
		bpf_link__destroy(tracer->waking);
		tracer->waking = NULL;
	} else if (!tracer->waking) {
		tracer->waking = bpf_program__attach_trace(tracer->programs.waits->progs.sched_waking);
		if (!tracer->waking)
			return -errno;
	}
	return 0;
}

/* Raw tracepoint programs can be run like this since 5.10 (man 2 bpf: BPF_PROG_TEST_RUN). */
static int run_spread_agent(struct tracer *t)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts);

	return bpf_prog_test_run_opts(bpf_program__fd(t->programs.waits->progs.spread_agent), &opts);
}

static int attach_spread(struct tracer *t)
{
	struct bpf_program *programs[SPREAD_PROGRAMS] = {
		t->programs.waits->progs.spread_switch,
		t->programs.waits->progs.spread_wakeup,
		t->programs.waits->progs.spread_wakeup_new,
		t->programs.waits->progs.spread_migrate,
	};
	unsigned int i;
	int err = run_spread_agent(t);

	for (i = 0; i < SPREAD_PROGRAMS && !err; i++) {
		t->spread[i] = bpf_program__attach_trace(programs[i]);
		if (!t->spread[i])
			err = -errno;
	}
	if (err)
		detach_spread(t);
	return err;
}

int tracer_set_spread(struct tracer *tracer, uint64_t apps)
{
	int err = 0;

	if (apps && !tracer->spread[0])
		err = attach_spread(tracer);
	if (!err)
		__atomic_store_n(&tracer->programs.shared->data_shared->aa_control.spread, apps, __ATOMIC_RELAXED);
	if (!apps)
		detach_spread(tracer);
	return err;
}

int tracer_note_use(struct tracer *tracer)
{
	const struct use_parts parts = {
		.reads = tracer->programs.apps->progs.use_get_pages,
		.added = tracer->programs.apps->progs.use_added,
		.map_pages = tracer->programs.apps->progs.use_map_pages,
		.fault = tracer->programs.apps->progs.use_fault,
		.table = tracer->programs.apps->maps.used,
		.times = tracer->programs.apps->maps.used_times,
		.looks = tracer->programs.apps->maps.looks,
		.state = &tracer->programs.shared->data_shared->aa_use,
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
	return &tracer->programs.waits->bss->aa_cpus;
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
	const struct aa_plain_lock *lock = &t->programs.shared->data_shared->aa_plain_lock[app];
	int i, fd = bpf_map__fd(t->programs.shared->maps.apps);
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
	int fd = bpf_map__fd(t->programs.shared->maps.apps);

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
	return bpf_map_lookup_elem(bpf_map__fd(tracer->programs.shared->maps.counts), &app, ret) ? -errno : 0;
}

int tracer_each_device(struct tracer *tracer,
		       void (*each)(void *context, const struct aa_dev_key *, const struct aa_dev *), void *context)
{
	int fd = bpf_map__fd(tracer->programs.waits->maps.devices);
	struct aa_dev_key key, *previous = NULL;
	struct aa_dev value;

	while (!bpf_map_get_next_key(fd, previous, &key)) {
		if (!bpf_map_lookup_elem(fd, &key, &value))
			each(context, &key, &value);
		previous = &key;
	}
	return errno == ENOENT ? 0 : -errno;
}

uint64_t tracer_lost(const struct tracer *tracer, enum aa_record_kind kind)
{
	return __atomic_load_n(&tracer->programs.shared->data_shared->aa_control.lost[kind], __ATOMIC_RELAXED);
}

uint64_t tracer_missed_misses(const struct tracer *tracer)
{
	const struct waits_bpf *w = tracer->programs.waits;
	struct bpf_prog_info info;
	uint64_t n = 0;

	if (program_info(w->progs.mm_filemap_add_to_page_cache, &info))
		n += info.recursion_misses;
	if (program_info(w->progs.mm_filemap_add_page, &info))
		n += info.recursion_misses;
	return n;
}

static void add_missed_runs(void *context, const struct bpf_prog_info *info)
{
	uint64_t *runs = context;

	*runs += info->recursion_misses;
}

void tracer_losses(const struct tracer *tracer, struct tracer_losses *ret)
{
	const struct aa_control *control = &tracer->programs.shared->data_shared->aa_control;
	unsigned int i;

	for (i = 0; i < AA_RECORD_KINDS; i++)
		ret->records[i] = tracer_lost(tracer, i);
	ret->requests = __atomic_load_n(&control->untracked_requests, __ATOMIC_RELAXED);
	ret->runs = __atomic_load_n(&control->unlocked, __ATOMIC_RELAXED);
	programs_each_info(&tracer->programs, add_missed_runs, &ret->runs);
}

static bool stats_enabled(void)
{
	cleanup_file FILE *f = fopen("/proc/sys/kernel/bpf_stats_enabled", "re");

	return f && fgetc(f) == '1';
}

static void add_run_time(void *context, const struct bpf_prog_info *info)
{
	double *seconds = context;

	*seconds += info->run_time_ns / 1e9;
}

double tracer_bpf_seconds(const struct tracer *tracer)
{
	double seconds = 0;

	if (!stats_enabled())
		return NAN;
	programs_each_info(&tracer->programs, add_run_time, &seconds);
	return seconds;
}
