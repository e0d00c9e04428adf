// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/* The scheduler: which followed thread runs, waits for a CPU, or waits for something else. Feeds the ledger. */
#include "exec.h"
#include "wait.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Whether there is a way to the run queue of a task's CPU: there is none without group scheduling. */
static __always_inline bool has_rq(struct task_struct *task)
{
	return bpf_core_field_exists(task->se.cfs_rq) && bpf_core_field_exists(((struct cfs_rq *)NULL)->rq);
}

/* The run queue of a task's CPU, or NULL. */
static __always_inline struct rq *rq_of(struct task_struct *task)
{
	struct cfs_rq *cfs_rq;

	if (!has_rq(task))
		return NULL;
	cfs_rq = task->se.cfs_rq;
	return cfs_rq ? cfs_rq->rq : NULL;
}

/*
 * Whether a task that just woke has a CPU to itself: it is the only one queued there, and the idle task gives way to
 * it. It runs from now on, by the kernel's own account, too, which does not look at the clock again until the switch is
 * done.
 */
static __always_inline bool wakes_idle_cpu(struct rq *rq)
{
	return rq && rq->nr_running == 1 && rq->curr && !rq->curr->pid;
}

#define CLOCK_SLACK_NS 20000

/*
 * A wake-up has just brought the clock of the run queue up to date, and a reading of our own clock costs as much as all
 * else there. So one switch in sixteen notes how far the two are apart: the least of late, because a run queue's clock
 * may be a moment old there. Where the clocks of the CPUs do not keep together, the notes disagree, and wake-ups read
 * our clock.
 */
static __always_inline void clock_note(struct aa_app *app, struct task_struct *task, __u64 now)
{
	__u64 ahead, late, clock;

	if ((now >> 10) & 15 || !has_rq(task))
		return;
	clock = BPF_CORE_READ(task, se.cfs_rq, rq, clock);
	if (!clock)
		return;
	ahead = now - clock;
	late = ahead - app->clock_ahead;
	if (!app->clock_ahead || (__s64)late < 0)
		app->clock_ahead = (__s64)late < -CLOCK_SLACK_NS && app->clock_ahead ? 0 : ahead;
	else if (late > CLOCK_SLACK_NS)
		app->clock_ahead = 0;
	else
		app->clock_ahead += late >> 6;
}

static __always_inline __u64 clock_at_wakeup(struct aa_app *app, struct aa_thread *t, struct rq *rq)
{
	__u64 ahead = app->clock_ahead, now;

	if (ahead && rq) {
		now = rq->clock + ahead;
		if (now >= t->since)
			return now;
	}
	return bpf_ktime_get_ns();
}

/* The switch to t was not traced, if it is not on a CPU now that it leaves one. */
static __always_inline void switch_correct(struct aa_ledger *l, struct aa_thread *t, __u64 ran)
{
	__u32 cell = t->cell;

	barrier_var(cell);
	if (cell >= AA_MAX_COMMANDS)
		return;
	if (t->state == AA_RUNQ)
		aa_ledger_ran(l, &l->command[cell], AA_RUNQ, &t->queued, t->since, ran);
	else if (t->state == AA_THROTTLED)
		aa_ledger_ran(l, &l->command[cell], AA_THROTTLED, &t->queued, t->since, ran);
}

/*
 * A thread comes to a CPU. The one that was woken for it may have been given to another one first, or this thread to
 * another CPU: then it has waited.
 */
static __always_inline void switch_in(struct aa_ledger *l, struct aa_thread *t, __u32 state, __u32 turn)
{
	__u32 cell = t->cell;

	barrier_var(cell);
	if (t->flags & AA_THREAD_EARLY) {
		t->flags &= ~AA_THREAD_EARLY;
		if (turn != AA_TURN_IDLE && t->state == AA_RUN && cell < AA_MAX_COMMANDS)
			aa_ledger_waited(l, &l->command[cell], &t->queued, t->since);
	}
	thread_move(l, t, state, turn);
}

#define MAX_RT_PRIO 100
#define MOMENT 10 /* a part of the wait so small says nothing of the rest */

/*
 * Whether prev had the CPU that t has waited for, and not only for a moment: kernel threads come in between, and realtime
 * ones, as the agent is. prev_sum_exec_runtime is what it had when it was given the CPU; only fair tasks have it.
 */
static __always_inline bool kept_from(struct aa_thread *t, struct task_struct *prev, __u64 now)
{
	__u64 ran;

	if (!bpf_core_field_exists(prev->se.prev_sum_exec_runtime) || prev->prio < MAX_RT_PRIO)
		return false;
	ran = prev->se.sum_exec_runtime - prev->se.prev_sum_exec_runtime;
	return ran * MOMENT >= now - t->since;
}

/*
 * The turn of a thread that comes to a CPU which prev had; own: a thread of the same app. Where several had it while the
 * thread waited, the last of them stands for all.
 */
static __always_inline __u32 turn_of(const struct aa_ledger *l, struct aa_thread *t, struct task_struct *next,
				     struct task_struct *prev, bool own)
{
	if (!prev->pid)
		return AA_TURN_IDLE;
	if ((__u32)next->nr_cpus_allowed >= l->cpus)
		return AA_TURN_ANY;
	if (own)
		return AA_TURN_OWN;
	return kept_from(t, prev, l->now) ? AA_TURN_OTHER : AA_TURN_ANY;
}

/* A thread of an app leaves a CPU, perhaps to another of the same app: one lock for both. */
static __always_inline bool switch_away(struct aa_app *app, struct aa_thread *prev, struct task_struct *prev_task,
					__u32 to, __u64 ran, struct aa_thread *next, struct task_struct *next_task,
					__u32 next_state, __u64 now)
{
	bool both = next && next->app == prev->app;
	__u32 index = prev->app;

	clock_note(app, prev_task, now);
	if (!app_lock_at_last(app, index))
		return false;
	aa_ledger_advance(&app->ledger, now);
	switch_correct(&app->ledger, prev, ran);
	thread_move(&app->ledger, prev, to, AA_TURN_ANY);
	if (both)
		switch_in(&app->ledger, next, next_state, turn_of(&app->ledger, next, next_task, prev_task, true));
	app_unlock(app, index);
	return both;
}

static __always_inline void switch_dead(struct aa_app *app, struct aa_thread *t, struct task_struct *task, __u64 ran,
					__u64 now)
{
	__u32 cell = t->cell, state = t->state, index = t->app;
	struct aa_counts *c = counts_get(index);
	int last = 0;

	if (c)
		__sync_fetch_and_add(&c->major_faults, task->maj_flt - t->faults);
	if (app_lock_at_last(app, index)) {
		aa_ledger_advance(&app->ledger, now);
		switch_correct(&app->ledger, t, ran);
		if (cell < AA_MAX_COMMANDS && state < AA_STATES) {
			aa_ledger_leave(&app->ledger, &app->ledger.command[cell], state, &t->queued, AA_TURN_ANY);
			last = aa_ledger_gone(&app->ledger);
		}
		t->state = AA_GONE;
		app_unlock(app, index);
	}
	if (BPF_CORE_READ(task, thread_pid)) /* it was not reaped yet: nobody else has its number */
		pid_forget(task->pid);
	if (last)
		record_life(AA_REC_END, index, now, task, true);
	thread_drop(task);
}

/*
 * The programs on its exec were left out, both of them: see enum exec_turn. Done before anything else is known of a
 * switch, or the verifier would go through all the rest once for each way through this (five times its work).
 */
static __always_inline void exec_make_up(struct aa_app *app, struct aa_thread *t, struct task_struct *task, __u64 now)
{
	struct aa_counts *c = counts_get(t->app);

	if (app && c && exec_is_news(t, task))
		exec_note(app, c, t, task, false, now);
}

/* Returns true if next is accounted for as well. */
static __always_inline bool switch_out(struct aa_thread *t, struct task_struct *prev, struct task_struct *next_task,
				       struct aa_thread *next, __u32 next_state, bool preempt, long prev_state,
				       __u64 now)
{
	struct aa_app *app = app_get(t->app);
	__u64 ran = prev->se.sum_exec_runtime - t->ran;
	__u32 to;

	if (!app)
		return false;
	t->ran += ran;
	if (!preempt && (prev_state & TASK_DEAD)) {
		switch_dead(app, t, prev, ran, now);
		return false;
	}
	/* a preempted task stays runnable, whatever state it was about to sleep in */
	to = wait_any(t, preempt || !prev_state ? wait_runnable(prev) : wait_state(prev, t, prev_state, true));
	return switch_away(app, t, prev, to, ran, next, next_task, next_state, now);
}

static __always_inline int on_switch(bool preempt, struct task_struct *prev, struct task_struct *next, long prev_state)
{
	struct aa_thread *p, *n;
	struct aa_app *app;
	__u32 next_state, turn;
	__u64 now = 0;

	p = thread_of(prev);
	if (p && (p->flags & AA_THREAD_NO_EXEC))
		exec_make_up(app_get(p->app), p, prev, bpf_ktime_get_ns());
	n = thread_of(next);
	next_state = n ? wait_any(n, state_on_cpu(n, next)) : AA_NO_STATE;
	if (p) {
		now = bpf_ktime_get_ns();
		if (switch_out(p, prev, next, n, next_state, preempt, prev_state, now))
			return 0;
	}
	if (n) {
		if (!now)
			now = bpf_ktime_get_ns();
		app = app_get(n->app);
		if (app && app_lock(app, n->app)) {
			aa_ledger_advance(&app->ledger, now);
			/* the mark of a dead thread may be another's by now, where it is in a table: one wait is charged amiss */
			turn = turn_of(&app->ledger, n, next, prev, p && p->app == n->app);
			switch_in(&app->ledger, n, next_state, turn);
			app_unlock(app, n->app);
		}
	}
	return 0;
}

/* Since 5.18 the state at the switch is an argument: re-reading the task would race with a wake-up (9c2136be0878). */
SEC("tp_btf/sched_switch")
int BPF_PROG(sched_switch, bool preempt, struct task_struct *prev, struct task_struct *next, unsigned int prev_state)
{
	return on_switch(preempt, prev, next, prev_state);
}

SEC("tp_btf/sched_switch")
int BPF_PROG(sched_switch_3, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	return on_switch(preempt, prev, next, task_state(prev));
}

static __always_inline void send_wait(struct task_struct *task, struct aa_thread *t, __u64 now)
{
	struct aa_rec_wait *r = bpf_ringbuf_reserve(&ring_bulk, sizeof(*r), 0);

	if (!r) {
		record_lost(AA_REC_WAIT);
		return;
	}
	record_head(&r->h, AA_REC_WAIT, t->app, now, task_id(task));
	r->wait_ns = now - t->since;
	r->waker = t->waker;
	r->syscall = t->syscall;
	r->state = t->state;
	r->waker_followed = t->waker_followed;
	__builtin_memcpy(r->comm, task->comm, AA_COMM_LEN);
	__builtin_memcpy(r->waker_comm, t->waker_comm, AA_COMM_LEN);
	bpf_ringbuf_submit(r, RING_FLAGS(&ring_bulk));
}

/* With what switch_in() needs, should it turn out that the thread has waited. */
static __always_inline void thread_wake(struct aa_app *app, struct aa_thread *t, __u32 to, __u64 now)
{
	__u32 index = t->app;

	if (!app_lock(app, index))
		return;
	aa_ledger_advance(&app->ledger, now);
	if (t->flags & AA_THREAD_EARLY)
		aa_ledger_queue(&app->ledger, &t->queued);
	thread_move(&app->ledger, t, to, AA_TURN_ANY);
	app_unlock(app, index);
}

static __always_inline int on_wakeup(struct task_struct *task)
{
	struct aa_thread *t;
	struct aa_app *app;
	struct rq *rq;
	__u32 to;
	__u64 now;

	t = thread_of(task);
	/* a wake-up that comes before the thread is off its CPU changes nothing: it goes on running */
	if (!t || t->state <= AA_THROTTLED)
		return 0;
	app = app_get(t->app);
	if (!app)
		return 0;
	rq = rq_of(task);
	now = clock_at_wakeup(app, t, rq);
	/* nobody wakes who waits for the time; and a thousand pool threads that do would crowd out the others */
	if (now > t->since + AA_LONG_WAIT_NS && t->state != AA_NO_STATE && t->state != AA_SLEEP_TIMER &&
	    aa_control.level >= 2)
		send_wait(task, t, now);
	t->waker = 0;
	to = wait_runnable(task);
	if (to == AA_RUNQ && wakes_idle_cpu(rq)) {
		to = AA_RUN;
		t->flags |= AA_THREAD_EARLY;
	}
	thread_wake(app, t, wait_any(t, to), now);
	return 0;
}

SEC("tp_btf/sched_wakeup")
int BPF_PROG(sched_wakeup, struct task_struct *task)
{
	return on_wakeup(task);
}

/*
 * In 7.2 a task can be preempted in a program on task_newtask, and who then forks on the same CPU has its run left out:
 * its child would be lost, with all that comes of it. It is marked here instead, before it first runs: its parent has
 * the run queue locked, so nobody comes in between.
 */
static __always_inline void adopt(struct task_struct *task)
{
	struct aa_thread *parent;

	if (aa_config.plain || !bpf_core_field_exists(struct bpf_local_storage, mem_charge) || thread_of(task))
		return;
	parent = thread_of_current();
	if (parent)
		thread_born(task, parent->app, parent->cell, task->pid == task->tgid);
}

SEC("tp_btf/sched_wakeup_new")
int BPF_PROG(sched_wakeup_new, struct task_struct *task)
{
	adopt(task);
	return on_wakeup(task);
}

/* Attached only while it matters who ends the waits: sched_wakeup may run on another CPU than the waker. */
SEC("tp_btf/sched_waking")
int BPF_PROG(sched_waking, struct task_struct *task)
{
	struct aa_thread *t, *w;
	__u64 waker;

	t = thread_of(task);
	if (!t || t->state <= AA_THROTTLED)
		return 0;
	waker = current_id();
	if (!(__u32)waker)
		return 0;
	w = thread_of_current();
	t->waker = waker >> 32;
	t->waker_followed = w && w->app == t->app;
	bpf_get_current_comm(t->waker_comm, AA_COMM_LEN);
	return 0;
}
