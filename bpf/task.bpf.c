// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/*
 * The task tree: which threads belong to an app. New ones inherit the mark from their creator before they first run;
 * new programs are matched by name at their exec. What runs already is found by scan.bpf.c.
 */
#include "cgroup.h"
#include "cold.h"
#include "exec.h"
#include "kin.h"
#include "match.h"
#include "miss.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, AA_MAX_PATTERNS);
	__type(key, __u32);
	__type(value, struct aa_pattern);
} patterns SEC(".maps");

/*
 * On 7.2 a task can be preempted in a program on sched_process_exec, and who then execs on the same CPU has its run of
 * that program left out. So there are two of each, and whichever comes first to an exec takes it: one is left out only
 * where somebody was preempted in either. What forks, as most do who exec, is looked at again when it is switched away.
 */
enum exec_turn { FIRST_TURN, SECOND_TURN, TURNS };

/* The name that is matched: the program's, then its script's. */
struct exec_scratch {
	unsigned char name[AA_MATCH_BYTES] __attribute__((aligned(8)));
	__u32 bytes; /* of it, without the NUL */
	struct aa_script search; /* here, and not on the stack, where the verifier would follow each of its values */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, TURNS);
	__type(key, __u32);
	__type(value, struct exec_scratch);
} scratch SEC(".maps");

/* The last exec on a CPU that is nobody's: the second turn need not match it again. */
struct exec_passed {
	__u64 start_time; /* of the task */
	__u64 exec;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct exec_passed);
} passed SEC(".maps");

/* aa_match_part() from the byte at on, with pattern i. Global functions are verified once, not once a round. */
__noinline __u64 match_part(__u32 i, __u32 turn, __u32 at, __u64 state)
{
	struct exec_scratch *s = bpf_map_lookup_elem(&scratch, &turn);
	struct aa_pattern *p = bpf_map_lookup_elem(&patterns, &i);

	at &= AA_MATCH_BYTES - AA_MATCH_PART;
	return s && p ? aa_match_part(p, s->name + at, s->bytes - at, state) : 0;
}

/* The app of pattern i if it takes the name in scratch; else -1. */
__noinline int match_name(__u32 i, __u32 turn)
{
	struct exec_scratch *s = bpf_map_lookup_elem(&scratch, &turn);
	struct aa_pattern *p = bpf_map_lookup_elem(&patterns, &i);
	__u64 state = AA_MATCH_BEGIN;
	__u32 at;

	if (!s || !p)
		return -1;
	for (at = 0; at < AA_MATCH_BYTES && at < s->bytes; at += AA_MATCH_PART)
		state = match_part(i, turn, at, state);
	return aa_matched(p, state) ? (int)p->app : -1;
}

/* The app of the first pattern that takes the name in scratch; else AA_PATTERN_INTERPRETER if one of those does; else -1. */
__noinline int match_names(__u32 turn)
{
	__u32 i, count = aa_config.patterns;
	int app, found = -1;

	for (i = 0; i < AA_MAX_PATTERNS && i < count; i++) {
		app = match_name(i, turn);
		if (app >= 0 && app != AA_PATTERN_INTERPRETER)
			return app;
		if (app >= 0)
			found = app;
	}
	return found;
}

/* aa_script_step() with what is in scratch: size bytes. Global functions are verified once, not once a round. */
__noinline int script_step(__u32 turn, __u32 size)
{
	struct exec_scratch *s = bpf_map_lookup_elem(&scratch, &turn);

	return s ? (int)aa_script_step(&s->search, (char *)s->name, size) : AA_SCRIPT_NONE;
}

/*
 * Reads the arguments of the new program up to the script that it is to run, into scratch. Returns 1 if there is one,
 * else 0.
 */
__noinline int find_script(__u32 turn)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct mm_struct *mm = BPF_CORE_READ(task, mm);
	unsigned long at, end;
	struct exec_scratch *s = bpf_map_lookup_elem(&scratch, &turn);
	int verdict;
	__u32 i;
	long n;

	if (!s || !mm)
		return 0;
	__builtin_memset(&s->search, 0, sizeof(s->search));
	at = BPF_CORE_READ(mm, arg_start);
	end = BPF_CORE_READ(mm, arg_end);
	for (i = 0; i < AA_MATCH_PIECES && at < end; i++) {
		n = bpf_probe_read_user_str(s->name, sizeof(s->name), (void *)at);
		if (n <= 0)
			break;
		verdict = script_step(turn, n);
		s->bytes = n - 1;
		if (verdict != AA_SCRIPT_GO_ON)
			return verdict == AA_SCRIPT_FOUND;
		at += n == sizeof(s->name) ? n - 1 : n;
	}
	return 0;
}

/* The app whose name the new program of the current task bears, by its own name or by its script's, or -1. */
static __always_inline int match_exec(struct task_struct *task, struct linux_binprm *bprm, __u32 turn)
{
	struct exec_scratch *s = bpf_map_lookup_elem(&scratch, &turn);
	int app;
	long n;

	if (!s)
		return -1;
	n = bpf_probe_read_kernel_str(s->name, sizeof(s->name), bprm->filename);
	if (n <= 0 ||
	    n >= (long)sizeof(s->name)) /* a path that long: the name is cut off, the kernel's own short form is not */
		n = bpf_probe_read_kernel_str(s->name, sizeof(task->comm), task->comm);
	if (n <= 0)
		return -1;
	s->bytes = n - 1;
	app = match_names(turn);
	if (app != AA_PATTERN_INTERPRETER)
		return app;
	app = find_script(turn) ? match_names(turn) : -1;
	return app == AA_PATTERN_INTERPRETER ? -1 : app;
}

/* match_exec(), unless the other turn has had no match just now. */
static __always_inline int match_exec_once(struct task_struct *task, struct linux_binprm *bprm, enum exec_turn turn)
{
	__u32 zero = 0;
	struct exec_passed *last = bpf_map_lookup_elem(&passed, &zero);
	int app;

	if (!last || (last->exec == task->self_exec_id && last->start_time == task->start_time))
		return -1;
	app = match_exec(task, bprm, turn);
	if (app < 0) {
		last->start_time = task->start_time;
		last->exec = task->self_exec_id;
	}
	return app;
}

static __always_inline int on_exec(struct task_struct *task, struct linux_binprm *bprm, enum exec_turn turn)
{
	struct aa_thread *t = thread_find(task);
	bool started = false;
	struct aa_counts *c;
	struct aa_seed *seed;
	struct aa_app *app;
	int index = -1;
	__u64 now;

	if (t) {
		if (!exec_is_news(t, task))
			return 0;
	} else {
		seed = seed_find(task);
		index = seed ? (int)seed->app - 1 : bprm ? match_exec_once(task, bprm, turn) : -1;
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
	if (!exec_note(app, c, t, task, started, now))
		return 0;
	if (started) {
		__sync_fetch_and_add(&c->processes, 1);
		__sync_fetch_and_add(&c->starts, 1);
	}
	/* first: then the agent knows it when it hears of the start */
	if (started && bprm && aa_control.recording && is_cold_program(task, bprm))
		tell_cold(t->app, task_id(task), c);
	record_life(started ? AA_REC_START : AA_REC_EXEC, t->app, now, task, started);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(sched_process_exec, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	return on_exec(task, bprm, FIRST_TURN);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(exec_again, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	return on_exec(task, bprm, SECOND_TURN);
}

/* Where no name is looked for: what compares names is half of what the verifier has to look at. */
SEC("tp_btf/sched_process_exec")
int BPF_PROG(exec_unnamed, struct task_struct *task)
{
	return on_exec(task, NULL, FIRST_TURN);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(exec_unnamed_again, struct task_struct *task)
{
	return on_exec(task, NULL, SECOND_TURN);
}

/*
 * A new thread of a process that is not followed yet, or was made in the followed cgroup from outside
 * (CLONE_INTO_CGROUP).
 */
static __always_inline int newtask_in_cgroup(struct task_struct *task, bool process)
{
	struct aa_app *app = app_get(0);
	struct aa_counts *c = counts_get(0);

	if (!app || !c || !in_followed_cgroup(task))
		return 0;
	if (!thread_mark(task, 0, running_command(app, 0, task, process), process ? AA_THREAD_NO_EXEC : 0))
		return 0;
	if (process)
		__sync_fetch_and_add(&c->processes, 1);
	if (!aa_control.level)
		aa_control.level = 2;
	return 0;
}

/*
 * A new thread or process, before it first runs. Unlike sched_process_fork this sees the kernel's own threads for an
 * app (io_uring workers), too, and tells vfork from fork.
 */
SEC("tp_btf/task_newtask")
int BPF_PROG(task_newtask, struct task_struct *task, unsigned long clone_flags)
{
	bool process = !(clone_flags & CLONE_THREAD);
	__u32 index, cell = 0, parent;
	struct aa_thread *p;

	if (!aa_control.live)
		return 0;
	parent = current_id() >> 32;
	p = thread_of_current();
	if (p) {
		index = p->app;
		cell = p->cell;
		if (clone_flags & CLONE_VFORK)
			p->flags |= AA_THREAD_VFORK;
	} else {
		if (aa_config.hierarchy)
			return newtask_in_cgroup(task, process);
		if (!aa_config.scans || !aa_control.scanning)
			return 0;
		/* the scan has not come to the parent yet: perhaps it never will, if the parent is short-lived */
		index = kin_of(current_task());
		if (process)
			kin_note(task->tgid, parent, index);
		if (!index)
			return 0;
		index--;
	}
	if (aa_config.scans && aa_control.scanning && process && p)
		kin_note(task->tgid, parent, index + 1);
	if (thread_born(task, index, cell, process) && process)
		record_life(AA_REC_FORK, index, bpf_ktime_get_ns(), task, false);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(sched_process_exit, struct task_struct *task)
{
	struct aa_rec_exit *r;
	struct aa_thread *t;
	int group_exit_code;

	if (!aa_control.live)
		return 0;
	if (aa_config.scans && aa_control.scanning && !aa_config.hierarchy)
		kin_bequeath(task);
	t = thread_of(task);
	if (!t)
		return 0;
	/* here, and not in a program of its own: to detach one of two from an event takes the kernel a grace period */
	if (t->miss_pages) {
		send_miss(t, task_id(task));
		t->miss_pages = 0;
	}
	if (BPF_CORE_READ(task, signal, live.counter)) /* other threads of the process live on */
		return 0;
	r = bpf_ringbuf_reserve(&ring_life, sizeof(*r), 0);
	if (!r) {
		record_lost(AA_REC_EXIT);
		return 0;
	}
	record_head(&r->h, AA_REC_EXIT, t->app, bpf_ktime_get_ns(), task_id(task));
	group_exit_code = BPF_CORE_READ(task, signal, group_exit_code);
	r->exit_code = group_exit_code ? group_exit_code : task->exit_code;
	r->pad = 0;
	__builtin_memcpy(r->comm, task->comm, AA_COMM_LEN);
	bpf_ringbuf_submit(r, RING_FLAGS(&ring_life));
	return 0;
}
