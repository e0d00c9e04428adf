// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/*
 * The BPF objects are loaded side by side: nearly all of the agent's start is spent in the verifier, which works on as
 * many programs at a time as there are threads that load.
 */
#include "trace/programs.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "trace/syscalls.h"
#include "trace/types.h"
#include "util/cleanup.h"

/* Programs for events that this kernel does not have, or has in another form, are left out. */
static void choose_programs(const struct programs *p, const struct tracer_config *c, const struct features *f)
{
	const struct apps_bpf *a = p->apps;
	const struct waits_bpf *w = p->waits;
	bool use = f->page_use && c->use;
	const struct {
		struct bpf_program *program;
		bool wanted;
	} rows[] = {
		{ w->progs.sched_switch, f->sched_switch >= 4 },
		{ w->progs.sched_switch_3, f->sched_switch == 3 },
		{ w->progs.block_io_start, f->block_io_start == 1 },
		{ w->progs.block_rq_insert, f->block_rq_issue == 1 },
		{ w->progs.block_rq_issue, f->block_rq_issue == 1 },
		{ w->progs.block_rq_insert_2, f->block_rq_issue == 2 },
		{ w->progs.block_rq_issue_2, f->block_rq_issue == 2 },
		{ w->progs.block_rq_complete, f->block_rq_complete == 3 && f->block_rq_issue > 0 },
		{ w->progs.mm_filemap_add_to_page_cache, f->add_to_page_cache == 1 && f->folios },
		{ w->progs.mm_filemap_add_page, f->add_to_page_cache == 1 && !f->folios },
		{ w->progs.direct_reclaim_begin, f->direct_reclaim >= 0 },
		{ w->progs.direct_reclaim_end, f->direct_reclaim >= 0 },
		{ w->progs.memcg_reclaim_begin, f->memcg_reclaim >= 0 },
		{ w->progs.memcg_reclaim_end, f->memcg_reclaim >= 0 },
		{ a->progs.use_get_pages, use },
		{ a->progs.use_map_pages, use },
		{ a->progs.use_fault, use },
		{ a->progs.use_added, use && f->add_to_page_cache == 1 && f->folios },
		{ a->progs.scan, c->scans },
		{ a->progs.sessions, c->sessions },
		{ a->progs.cgroup_attach_task, f->cgroup_attach_task >= 3 && c->hierarchy },
		{ a->progs.sched_process_exec, c->npatterns > 0 },
		{ a->progs.exec_again, c->npatterns > 0 },
		{ a->progs.exec_unnamed, !c->npatterns },
		{ a->progs.exec_unnamed_again, !c->npatterns },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		bpf_program__set_autoload(rows[i].program, rows[i].wanted);
	if (!use) { /* nobody needs their memory */
		bpf_map__set_max_entries(a->maps.used, 1);
		bpf_map__set_max_entries(a->maps.used_times, 1);
	}
	bpf_program__set_autoattach(w->progs.sched_waking, false);
	bpf_program__set_autoattach(w->progs.spread_agent, false);
	bpf_program__set_autoattach(w->progs.spread_switch, false);
	bpf_program__set_autoattach(w->progs.spread_wakeup, false);
	bpf_program__set_autoattach(w->progs.spread_wakeup_new, false);
	bpf_program__set_autoattach(w->progs.spread_migrate, false);
	bpf_program__set_autoattach(a->progs.use_get_pages, false);
	bpf_program__set_autoattach(a->progs.use_map_pages, false);
	bpf_program__set_autoattach(a->progs.use_fault, false);
	bpf_program__set_autoattach(a->progs.use_added, false);
}

/* Where marks and seeds are kept. What is left out, only code that is dead then would use. */
static void choose_maps(const struct shared_bpf *s, bool plain)
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

static void configure(struct aa_config *ret, const struct tracer_config *c, const struct features *f)
{
	struct stat pid_ns;

	if (!stat("/proc/self/ns/pid", &pid_ns)) {
		ret->pid_ns_dev = pid_ns.st_dev;
		ret->pid_ns_ino = pid_ns.st_ino;
	}
	ret->apps = c->apps;
	ret->cpus = c->cpus;
	ret->page_bytes = (__u32)sysconf(_SC_PAGESIZE);
	ret->scans = c->scans;
	ret->hierarchy = c->hierarchy;
	ret->cgroup = c->cgroup;
	ret->patterns = c->npatterns;
	ret->plain = !f->task_storage;
	ret->stack_bytes = f->user_registers ? 0 : STACK_BYTES;
	syscalls_classify(ret->syscall);
}

static int size_maps(const struct shared_bpf *s, const struct tracer_config *c)
{
	int err = bpf_map__set_max_entries(s->maps.apps, c->apps);

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

static int open_objects(struct programs *p, const struct types *types)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .btf_custom_path = types_path(types));

	p->shared = shared_bpf__open();
	p->apps = p->shared ? apps_bpf__open_opts(&opts) : NULL;
	p->waits = p->apps ? waits_bpf__open_opts(&opts) : NULL;
	return p->waits ? 0 : -errno;
}

static int want_types(struct types *types, const struct bpf_object *object)
{
	int err = types_want(types, bpf_object__btf(object));
	struct bpf_program *program;

	bpf_object__for_each_program(program, object)
	{
		if (!err)
			err = types_want_target(types, bpf_program__section_name(program));
	}
	return err;
}

static int find_types(const struct programs *p, struct types *types, const struct btf *kernel)
{
	int err = want_types(types, p->apps->obj);

	if (!err)
		err = want_types(types, p->waits->obj);
	return err ? err : types_find(types, kernel);
}

/* What the shared object left out, others do without, too. */
static int share_map(const struct bpf_map *map, struct bpf_map *own)
{
	if (!own) /* its programs would count into a map that nobody reads */
		return -ENOENT;
	if (!bpf_map__autocreate(map)) /* what its fd is then, versions of libbpf do not agree on */
		return bpf_map__set_autocreate(own, false);
	return bpf_map__reuse_fd(own, bpf_map__fd(map));
}

/* Gives an object the maps of the shared one in the place of its own. */
static int share_maps(const struct shared_bpf *shared, struct bpf_object *object)
{
	struct bpf_map *map;
	int err = 0;

	bpf_object__for_each_map(map, shared->obj)
	{
		err = share_map(map, bpf_object__find_map_by_name(object, bpf_map__name(map)));
		if (err)
			break;
	}
	return err;
}

struct job {
	struct waits_bpf *waits;
	int nice;
	int err; /* what came of it */
};

static void *load_waits(void *arg)
{
	struct job *job = arg;

	setpriority(PRIO_PROCESS, 0, job->nice); /* of this thread */
	job->err = waits_bpf__load(job->waits);
	return NULL;
}

/* A thread as urgent as its creator, who may have SCHED_RESET_ON_FORK. Returns 0 or an error number. */
static int start_alike(pthread_t *ret, void *(*start)(void *), void *arg)
{
	struct sched_param param;
	int err, policy = sched_getscheduler(0) & ~SCHED_RESET_ON_FORK;
	pthread_attr_t attr;

	sched_getparam(0, &param);
	err = pthread_attr_init(&attr);
	if (err)
		return err;
	pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED);
	pthread_attr_setschedpolicy(&attr, policy);
	pthread_attr_setschedparam(&attr, &param);
	err = pthread_create(ret, &attr, start, arg);
	pthread_attr_destroy(&attr);
	return err;
}

/* Where there is no second thread to be had, one after another. */
static int load_programs(struct programs *p)
{
	struct job job = { .waits = p->waits, .nice = getpriority(PRIO_PROCESS, 0) };
	pthread_t other;
	bool threaded = !start_alike(&other, load_waits, &job);
	int err = apps_bpf__load(p->apps);

	if (threaded)
		pthread_join(other, NULL); /* cannot fail: it is ours, and nobody else joins it */
	else
		load_waits(&job);
	return err ? err : job.err;
}

/*
 * Loads them. What libbpf needs for that is more than all that the agent needs later, and goes back to the system: one
 * heap for all threads, as a heap of a thread that has ended keeps what it has.
 */
static int load_objects(struct programs *p)
{
	int err = shared_bpf__load(p->shared);

	mallopt(M_ARENA_MAX, 1);
	if (!err)
		err = share_maps(p->shared, p->apps->obj);
	if (!err)
		err = share_maps(p->shared, p->waits->obj);
	if (!err)
		err = load_programs(p);
	malloc_trim(0);
	return err;
}

/* The verifier says EACCES or EINVAL where we would say that the kernel lacks something. */
static int load_error(int err)
{
	return !err || err == -EPERM || err == -ENOMEM ? err : -ENOTSUP;
}

static int write_patterns(const struct apps_bpf *a, const struct tracer_config *c)
{
	unsigned int i;

	for (i = 0; i < c->npatterns; i++)
		if (bpf_map_update_elem(bpf_map__fd(a->maps.patterns), &i, &c->patterns[i], BPF_ANY))
			return -errno;
	return 0;
}

static int load(struct programs *p, const struct tracer_config *config, const struct features *features,
		const struct btf *kernel, struct types *types)
{
	int err = open_objects(p, types);

	if (!err)
		err = find_types(p, types, kernel);
	if (err)
		return err;
	choose_programs(p, config, features);
	choose_maps(p->shared, !features->task_storage);
	configure(&p->shared->rodata_config->aa_config, config, features);
	err = size_maps(p->shared, config);
	if (!err)
		err = load_objects(p);
	return err ? load_error(err) : write_patterns(p->apps, config);
}

int programs_load(const struct tracer_config *config, const struct features *features, const struct btf *kernel,
		  struct programs *ret)
{
	struct types *types;
	int err = types_open(&types);

	if (err)
		return err;
	err = load(ret, config, features, kernel, types);
	types_close(types);
	return err;
}

/* bpf_program__attach() is not to be called any more: see types_open(). */
static struct bpf_link *attach_program(const struct bpf_program *program)
{
	if (bpf_program__expected_attach_type(program) == BPF_TRACE_ITER)
		return bpf_program__attach_iter(program, NULL);
	return bpf_program__attach_trace(program);
}

/* libbpf has an object's programs in a table of its skeleton, each with the place for its link. */
static int attach_object(const struct bpf_object_skeleton *skeleton)
{
	const struct bpf_prog_skeleton *row;
	int i;

	for (i = 0; i < skeleton->prog_cnt; i++) {
		row = (const void *)((const char *)skeleton->progs + (size_t)i * (size_t)skeleton->prog_skel_sz);
		if (!bpf_program__autoload(*row->prog) || !bpf_program__autoattach(*row->prog))
			continue;
		*row->link = attach_program(*row->prog);
		if (!*row->link)
			return -errno;
	}
	return 0;
}

int programs_attach(struct programs *programs)
{
	int err = attach_object(programs->waits->skeleton);

	return err ? err : attach_object(programs->apps->skeleton);
}

void programs_close(struct programs *programs)
{
	apps_bpf__destroy(programs->apps);
	waits_bpf__destroy(programs->waits);
	shared_bpf__destroy(programs->shared);
}

bool program_info(const struct bpf_program *program, struct bpf_prog_info *ret)
{
	__u32 size = sizeof(*ret);

	memset(ret, 0, size);
	return bpf_program__fd(program) >= 0 && !bpf_obj_get_info_by_fd(bpf_program__fd(program), ret, &size);
}

void programs_each_info(const struct programs *programs, void (*each)(void *context, const struct bpf_prog_info *info),
			void *context)
{
	const struct bpf_object *objects[] = { programs->waits->obj, programs->apps->obj };
	struct bpf_prog_info info;
	struct bpf_program *p;
	size_t i;

	for (i = 0; i < sizeof(objects) / sizeof(objects[0]); i++)
		bpf_object__for_each_program(p, objects[i]) if (program_info(p, &info)) each(context, &info);
}
