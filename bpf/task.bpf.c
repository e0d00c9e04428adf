// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/*
 * The task tree: which threads belong to an app. New ones inherit the mark from their creator before they first run; new
 * programs are matched by name at their exec; processes that run already are marked by a scan of all tasks.
 */
#include "match.h"
#include "wait.h"

struct aa_control aa_control = {};
const volatile struct aa_config aa_config = {};

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, AA_MAX_PATTERNS);
	__type(key, __u32);
	__type(value, struct aa_pattern);
} patterns SEC(".maps");

/* The name that is matched: the program's, then its script's. */
struct exec_scratch {
	unsigned char name[AA_MATCH_BYTES] __attribute__((aligned(8)));
	struct aa_script search; /* here, and not on the stack, where the verifier would follow each of its values */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct exec_scratch);
} scratch SEC(".maps");

/*
 * Who descends from whom, written while the agent scans: a process that dies then takes the link from its children to the
 * app with it (they are re-parented), unless it is kept here.
 */
struct kin {
	__u32 parent; /* thread group, 0: not known */
	__u32 app; /* index + 1 where it is marked, 0: not */
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, struct kin);
} kin SEC(".maps");

#define KIN_GENERATIONS 16
#define KIN_CHILDREN 64

/* The app + 1 that a thread group belongs to by descent, or 0. Global functions are verified once, not once a call. */
__noinline int kin_app(__u32 tgid)
{
	struct kin *k;
	int i;

	for (i = 0; i < KIN_GENERATIONS; i++) {
		k = bpf_map_lookup_elem(&kin, &tgid);
		if (!k)
			return 0;
		if (k->app)
			return k->app;
		tgid = k->parent;
	}
	return 0;
}

static __always_inline void kin_note(__u32 tgid, __u32 parent, __u32 app)
{
	struct kin k = { .parent = parent, .app = app };

	bpf_map_update_elem(&kin, &tgid, &k, BPF_ANY);
}

/* The app + 1 of a task that has no mark yet, by its relatives, or 0. */
static __always_inline __u32 kin_of(struct task_struct *task)
{
	struct aa_thread *kinsman = bpf_task_storage_get(&threads, task->group_leader, NULL, 0);

	if (!kinsman)
		kinsman = bpf_task_storage_get(&threads, task->real_parent, NULL, 0);
	return kinsman ? kinsman->app + 1 : (__u32)kin_app(task->tgid);
}

/* A process dies during a scan: it is remembered with its parent, and its children remember it. */
static __always_inline void kin_bequeath(struct task_struct *task)
{
	struct list_head *head = (void *)task + bpf_core_field_offset(struct task_struct, children), *at;
	struct task_struct *child;
	struct kin *k;
	__u32 tgid = task->tgid;
	int i;

	if (!bpf_map_lookup_elem(&kin, &tgid))
		kin_note(tgid, task->real_parent->tgid, kin_of(task));
	at = BPF_CORE_READ(task, children.next);
	for (i = 0; i < KIN_CHILDREN && at != head && at; i++) {
		child = (void *)at - bpf_core_field_offset(struct task_struct, sibling);
		tgid = BPF_CORE_READ(child, tgid);
		k = bpf_map_lookup_elem(&kin, &tgid);
		if (k)
			k->parent = task->tgid;
		else
			kin_note(tgid, task->tgid, 0);
		at = BPF_CORE_READ(at, next);
	}
}

/* The app of pattern i if it takes the name in scratch; else -1. */
__noinline int match_name(__u32 i)
{
	__u32 zero = 0;
	struct exec_scratch *s = bpf_map_lookup_elem(&scratch, &zero);
	struct aa_pattern *p = bpf_map_lookup_elem(&patterns, &i);

	return s && p && aa_match(p, s->name) ? (int)p->app : -1;
}

/* Reads the arguments of the new program up to the script that it is to run, into scratch. Returns 1 if there is one, else 0. */
__noinline int find_script(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	enum aa_script_verdict verdict;
	unsigned long at, end;
	__u32 i, zero = 0;
	struct exec_scratch *s = bpf_map_lookup_elem(&scratch, &zero);
	long n;

	if (!s || !task->mm)
		return 0;
	__builtin_memset(&s->search, 0, sizeof(s->search));
	at = task->mm->arg_start;
	end = task->mm->arg_end;
	for (i = 0; i < AA_MATCH_PIECES && at < end; i++) {
		n = bpf_probe_read_user_str(s->name, sizeof(s->name), (void *)at);
		if (n <= 0)
			break;
		verdict = aa_script_step(&s->search, (char *)s->name, n);
		if (verdict != AA_SCRIPT_GO_ON)
			return verdict == AA_SCRIPT_FOUND;
		at += n == sizeof(s->name) ? n - 1 : n;
	}
	return 0;
}

/* The app whose name the new program of the current task bears, by its own name or by its script's, or -1. */
static __always_inline int match_exec(struct task_struct *task, struct linux_binprm *bprm)
{
	__u32 i, zero = 0, count = aa_config.patterns;
	struct exec_scratch *s = bpf_map_lookup_elem(&scratch, &zero);
	bool interpreter = false;
	int app;
	long n;

	if (!s || !count)
		return -1;
	n = bpf_probe_read_kernel_str(s->name, sizeof(s->name), bprm->filename);
	if (n <= 0 ||
	    n >= (long)sizeof(s->name)) /* a path that long: the name is cut off, the kernel's own short form is not */
		bpf_probe_read_kernel_str(s->name, sizeof(task->comm), task->comm);
	for (i = 0; i < AA_MAX_PATTERNS && i < count; i++) {
		app = match_name(i);
		if (app == AA_PATTERN_INTERPRETER)
			interpreter = true;
		else if (app >= 0)
			return app;
	}
	if (!interpreter || !find_script())
		return -1;
	for (i = 0; i < AA_MAX_PATTERNS && i < count; i++) {
		app = match_name(i);
		if (app >= 0 && app != AA_PATTERN_INTERPRETER)
			return app;
	}
	return -1;
}

static __always_inline __u32 allowed_cpus(struct task_struct *task)
{
	__u32 n = task->nr_cpus_allowed;

	if (n > aa_config.cpus)
		n = aa_config.cpus;
	return n ? n : 1;
}

/* Moves t, which runs now, to the cell of the command that it has become. */
static __always_inline void exec_command(struct aa_app *app, struct aa_thread *t, const char name[AA_COMM_LEN],
					 __u32 cpus, bool root, __u64 now)
{
	struct aa_ledger *l = &app->ledger;
	__u32 old = t->cell, cell;

	bpf_spin_lock(&app->lock);
	aa_ledger_advance(l, now);
	if (t->state == AA_NO_STATE)
		aa_ledger_born(l);
	else if (old < AA_MAX_COMMANDS && t->state < AA_STATES)
		aa_ledger_leave(l, &l->command[old], t->state, &t->queued, false);
	if ((t->flags & AA_THREAD_NO_EXEC) && old < AA_MAX_COMMANDS)
		l->command[old].processes--;
	cell = aa_ledger_command(l, name);
	if (cell < AA_MAX_COMMANDS) {
		l->command[cell].processes++;
		aa_ledger_enter(l, &l->command[cell], AA_RUN, &t->queued);
	}
	if (cpus > l->cpus || root)
		l->cpus = cpus;
	t->cell = cell;
	t->state = AA_RUN;
	t->since = l->now;
	t->flags = 0;
	bpf_spin_unlock(&app->lock);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(sched_process_exec, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	struct aa_thread *t = bpf_task_storage_get(&threads, task, NULL, 0);
	bool started = false;
	struct aa_counts *c;
	struct aa_seed *seed;
	struct aa_app *app;
	char name[AA_COMM_LEN] __attribute__((aligned(8))) = {};
	int index = -1;
	__u64 now;

	if (!t) {
		seed = bpf_task_storage_get(&seeds, task, NULL, 0);
		index = seed ? (int)seed->app - 1 : match_exec(task, bprm);
		if (index < 0)
			return 0;
		t = thread_mark(task, index, 0, 0);
		if (!t)
			return 0;
		started = true;
		if (!aa_control.level)
			aa_control.level = 2;
	}
	app = app_get(t->app);
	c = counts_get(t->app);
	if (!app || !c)
		return 0;
	pid_note(task->pid); /* a thread that is not the first takes the first one's pid at its exec */
	now = bpf_ktime_get_ns();
	bpf_probe_read_kernel_str(name, sizeof(name), task->comm);
	exec_command(app, t, name, allowed_cpus(task), started, now);
	__sync_fetch_and_add(&c->execs, 1);
	if (started)
		__sync_fetch_and_add(&c->processes, 1);
	record_life(started ? AA_REC_START : AA_REC_EXEC, t->app, now, task, started);
	return 0;
}

/* The cgroup of a task in the hierarchy of the followed one. */
static __always_inline struct cgroup *cgroup_of(struct task_struct *task)
{
	struct cgroup_subsys_state *css = NULL;
	struct css_set *set = task->cgroups;
	__u32 i;

	switch (aa_config.hierarchy) {
	case AA_CGROUP_V2:
		return BPF_CORE_READ(set, dfl_cgrp);
	case AA_CGROUP_CPU:
		i = bpf_core_enum_value(enum cgroup_subsys_id, cpu_cgrp_id);
		break;
	case AA_CGROUP_CPUACCT:
		i = bpf_core_enum_value(enum cgroup_subsys_id, cpuacct_cgrp_id);
		break;
	case AA_CGROUP_CPUSET:
		i = bpf_core_enum_value(enum cgroup_subsys_id, cpuset_cgrp_id);
		break;
	case AA_CGROUP_MEMORY:
		i = bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id);
		break;
	case AA_CGROUP_IO:
		i = bpf_core_enum_value(enum cgroup_subsys_id, io_cgrp_id);
		break;
	case AA_CGROUP_PIDS:
		i = bpf_core_enum_value(enum cgroup_subsys_id, pids_cgrp_id);
		break;
	case AA_CGROUP_FREEZER:
		i = bpf_core_enum_value(enum cgroup_subsys_id, freezer_cgrp_id);
		break;
	case AA_CGROUP_DEVICES:
		i = bpf_core_enum_value(enum cgroup_subsys_id, devices_cgrp_id);
		break;
	default:
		return NULL;
	}
	bpf_probe_read_kernel(&css, sizeof(css), (void *)set + bpf_core_field_offset(struct css_set, subsys) + 8 * i);
	return css ? BPF_CORE_READ(css, cgroup) : NULL;
}

#define CGROUP_DEPTH 32

/* Whether this is the followed cgroup, or below it. */
static __always_inline bool cgroup_followed(struct cgroup *cgroup)
{
	struct cgroup_subsys_state *parent;
	int i;

	if (!aa_config.hierarchy)
		return false;
	for (i = 0; i < CGROUP_DEPTH && cgroup; i++) {
		if (BPF_CORE_READ(cgroup, kn, id) == aa_config.cgroup)
			return true;
		parent = BPF_CORE_READ(cgroup, self.parent);
		cgroup = parent ? BPF_CORE_READ(parent, cgroup) : NULL;
	}
	return false;
}

static __always_inline bool in_followed_cgroup(struct task_struct *task)
{
	return aa_config.hierarchy && cgroup_followed(cgroup_of(task));
}

/* The cell of the command of a running process. */
static __always_inline __u32 scan_command(struct aa_app *app, struct task_struct *task, bool leader)
{
	char name[AA_COMM_LEN] __attribute__((aligned(8))) = {};
	struct aa_ledger *l = &app->ledger;
	__u32 cell, cpus = allowed_cpus(task);

	bpf_probe_read_kernel_str(name, sizeof(name), task->group_leader->comm);
	bpf_spin_lock(&app->lock);
	cell = aa_ledger_command(l, name);
	if (leader && cell < AA_MAX_COMMANDS)
		l->command[cell].processes++;
	if (cpus > l->cpus)
		l->cpus = cpus;
	bpf_spin_unlock(&app->lock);
	return cell;
}

/* A new thread of a process that is not followed yet, or was made in the followed cgroup from outside (CLONE_INTO_CGROUP). */
static __always_inline int newtask_in_cgroup(struct task_struct *task, bool process)
{
	struct aa_app *app = app_get(0);
	struct aa_counts *c = counts_get(0);

	if (!app || !c || !in_followed_cgroup(task))
		return 0;
	if (!thread_mark(task, 0, scan_command(app, task, process), process ? AA_THREAD_NO_EXEC : 0))
		return 0;
	if (process)
		__sync_fetch_and_add(&c->processes, 1);
	if (!aa_control.level)
		aa_control.level = 2;
	return 0;
}

/*
 * A new thread or process, before it first runs. Unlike sched_process_fork this sees the kernel's own threads for an app
 * (io_uring workers), too, and tells vfork from fork.
 */
SEC("tp_btf/task_newtask")
int BPF_PROG(task_newtask, struct task_struct *task, unsigned long clone_flags)
{
	struct task_struct *parent = bpf_get_current_task_btf();
	bool process = !(clone_flags & CLONE_THREAD);
	struct aa_thread *p, *t;
	struct aa_counts *c;
	struct aa_app *app;
	__u32 index, cell = 0;
	__u64 now;

	if (!aa_control.live)
		return 0;
	p = thread_of(parent);
	if (p) {
		index = p->app;
		cell = p->cell;
		if (clone_flags & CLONE_VFORK)
			p->flags |= AA_THREAD_VFORK;
	} else {
		if (aa_config.hierarchy)
			return newtask_in_cgroup(task, process);
		if (!aa_control.scanning)
			return 0;
		/* the scan has not come to the parent yet: perhaps it never will, if the parent is short-lived */
		index = kin_of(parent);
		if (process)
			kin_note(task->tgid, parent->tgid, index);
		if (!index)
			return 0;
		index--;
	}
	if (aa_control.scanning && process && p)
		kin_note(task->tgid, parent->tgid, index + 1);
	t = thread_mark(task, index, cell, process ? AA_THREAD_NO_EXEC : 0);
	if (!t || !process)
		return 0;
	now = bpf_ktime_get_ns();
	c = counts_get(index);
	if (c)
		__sync_fetch_and_add(&c->processes, 1);
	app = app_get(index);
	if (app && cell < AA_MAX_COMMANDS) {
		bpf_spin_lock(&app->lock);
		app->ledger.command[cell].processes++;
		bpf_spin_unlock(&app->lock);
	}
	record_life(AA_REC_FORK, index, now, task, false);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(sched_process_exit, struct task_struct *task)
{
	struct aa_rec_exit *r;
	struct aa_thread *t;

	if (!aa_control.live)
		return 0;
	if (aa_control.scanning)
		kin_bequeath(task);
	t = thread_of(task);
	if (!t || task->signal->live.counter) /* other threads of the process live on */
		return 0;
	r = bpf_ringbuf_reserve(&ring_life, sizeof(*r), 0);
	if (!r) {
		record_lost(AA_REC_EXIT);
		return 0;
	}
	record_head(&r->h, AA_REC_EXIT, t->app, bpf_ktime_get_ns(), task);
	r->exit_code = task->signal->group_exit_code ? task->signal->group_exit_code : task->exit_code;
	r->pad = 0;
	__builtin_memcpy(r->comm, task->comm, AA_COMM_LEN);
	bpf_ringbuf_submit(r, RING_FLAGS(&ring_life));
	return 0;
}

/* A process, with all its threads, moves into the followed cgroup: the agent scans for them. */
SEC("tp_btf/cgroup_attach_task")
int BPF_PROG(cgroup_attach_task, struct cgroup *cgroup, const char *path, struct task_struct *task)
{
	if (cgroup_followed(cgroup))
		record_life(AA_REC_CGROUP, 0, bpf_ktime_get_ns(), task, true);
	return 0;
}

/* The app + 1 that an unmarked task belongs to, or 0. */
static __always_inline __u32 scan_app(struct task_struct *task)
{
	struct aa_seed *seed = bpf_task_storage_get(&seeds, task->group_leader, NULL, 0);
	if (in_followed_cgroup(task))
		return 1;
	if (seed && !seed->at_exec)
		return seed->app;
	return kin_of(task);
}

/* Enters a thread that runs or sleeps already into the ledger, unless the scheduler programs were faster. */
static __always_inline void scan_enter(struct aa_app *app, struct aa_thread *t, struct task_struct *task)
{
	struct task_struct___state_long *old = (void *)task;
	long state = bpf_core_field_exists(task->__state) ? task->__state : old->state;
	__u64 now;
	__u32 to;

	if (state & TASK_DEAD) /* it left its last CPU before it was marked */
		return;
	if (!state)
		to = wait_any(t, task->on_cpu ? AA_RUN : wait_runnable(task));
	else
		to = wait_any(t, wait_state(task, t, state, false));
	now = bpf_ktime_get_ns();
	bpf_spin_lock(&app->lock);
	aa_ledger_advance(&app->ledger, now);
	if (t->state == AA_NO_STATE)
		thread_move(&app->ledger, t, to, false);
	bpf_spin_unlock(&app->lock);
}

/* One pass over all tasks. The agent repeats it until a pass marks nothing. */
SEC("iter/task")
int scan(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct aa_counts *c;
	struct aa_thread *t;
	struct aa_app *app;
	bool leader;
	__u32 index;

	if (!task || task->exit_state || thread_of(task))
		return 0;
	index = scan_app(task);
	if (!index)
		return 0;
	index--;
	app = app_get(index);
	c = counts_get(index);
	if (!app || !c)
		return 0;
	leader = task->pid == task->tgid;
	/* the cell first: from the mark on, the scheduler programs may enter the thread, and charge what the mark names */
	t = thread_mark(task, index, scan_command(app, task, leader), 0);
	if (!t)
		return 0;
	if (leader) {
		kin_note(task->tgid, task->real_parent->tgid, index + 1);
		__sync_fetch_and_add(&c->processes, 1);
	}
	scan_enter(app, t, task);
	if (!aa_control.level)
		aa_control.level = 2;
	__sync_fetch_and_add(&aa_control.marked, 1);
	return 0;
}
