// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/* What following an app needs: privileges, the kernel's BPF, its events; and whether all of it really loads. */
#include "doctor/checks.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>

#include "model/model.h"
#include "sys/machine.h"
#include "sys/root.h"
#include "trace/tracer.h"
#include "util/cleanup.h"
#include "util/clock.h"

#ifndef CAP_PERFMON
#define CAP_PERFMON 38
#endif
#ifndef CAP_BPF
#define CAP_BPF 39
#endif

int check_choice(const char *text, size_t len, char *ret, size_t size)
{
	const char *open = memchr(text, '[', len), *close;
	size_t n;

	if (!open)
		return -EINVAL;
	open++;
	close = memchr(open, ']', len - (size_t)(open - text));
	if (!close)
		return -EINVAL;
	n = (size_t)(close - open);
	if (!n || n >= size)
		return -EINVAL;
	memcpy(ret, open, n);
	ret[n] = '\0';
	return 0;
}

void check_privileges(struct findings *f, bool (*has)(int capability))
{
	static const struct {
		int capability;
		const char *name, *use;
		enum finding_weight weight;
		bool in_admin; /* CAP_SYS_ADMIN includes it */
	} rows[] = {
		{ CAP_BPF, "CAP_BPF", "to load BPF programs", FINDING_PERMISSION, true },
		{ CAP_PERFMON, "CAP_PERFMON", "to trace with them", FINDING_PERMISSION, true },
		{ CAP_SYS_PTRACE, "CAP_SYS_PTRACE", "to learn which programs other users run already", FINDING_PART,
		  false },
	};
	bool admin = has(CAP_SYS_ADMIN);
	size_t i;

	findings_group(f, "Privileges");
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (has(rows[i].capability))
			findings_ok(f, rows[i].name, "%s", rows[i].use);
		else if (admin && rows[i].in_admin)
			findings_ok(f, rows[i].name, "%s: included in CAP_SYS_ADMIN", rows[i].use);
		else
			findings_missing(f, rows[i].weight, rows[i].name, "%s: needs sudo, or that capability",
					 rows[i].use);
	}
}

void check_lockdown(struct findings *f, const char *root)
{
	cleanup_free char *text = NULL;
	char mode[32];
	size_t len;

	if (sys_read(root, "/sys/kernel/security/lockdown", 256, &text, &len))
		findings_unknown(
			f, "lockdown",
			"/sys/kernel/security/lockdown cannot be read: securityfs is not mounted there, or the "
			"kernel has no lockdown");
	else if (check_choice(text, len, mode, sizeof(mode)))
		findings_unknown(f, "lockdown", "no mode is chosen in /sys/kernel/security/lockdown");
	else if (!strcmp(mode, "confidentiality"))
		findings_missing(f, FINDING_SUPPORT, "lockdown",
				 "confidentiality forbids tracing: needs a boot with lockdown=integrity");
	else
		findings_ok(f, "lockdown", "%s: does not forbid tracing", mode);
}

struct need {
	bool there;
	const char *name, *use, *provider;
};

static void add_needs(struct findings *f, enum finding_weight weight, const struct need *needs, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (needs[i].there)
			findings_ok(f, needs[i].name, "%s", needs[i].use);
		else
			findings_missing(f, weight, needs[i].name, "%s: needs %s", needs[i].use, needs[i].provider);
	}
}

#define ADD_NEEDS(f, weight, needs) add_needs(f, weight, needs, sizeof(needs) / sizeof((needs)[0]))

static void check_storage(struct findings *f, const struct features *features)
{
	const char *name = "task storage";

	if (features->task_storage)
		findings_ok(f, name, "holds the mark of a followed thread");
	else if (!features_old_ways())
		findings_missing(f, FINDING_SUPPORT, name,
				 "holds the mark of a followed thread: needs Linux 5.13 or later");
	else if (!features->first_pids)
		findings_missing(
			f, FINDING_SUPPORT, name,
			"holds the mark of a followed thread; the table that does without knows pids of the "
			"first pid namespace only: needs Linux 5.13 or later, or the agent outside the container");
	else
		findings_missing(f, FINDING_PART, name,
				 "the marks of followed threads are in a table, with room for %d at a time; and "
				 "followed threads take longer to switch: needs Linux 5.13 or later",
				 AA_PLAIN_THREADS);
}

static void check_registers(struct findings *f, const struct features *features)
{
	const char *name = "user registers";

	if (features->user_registers)
		findings_ok(f, name, "tell what a sleeping thread waits for");
	else if (!features_old_ways())
		findings_missing(f, FINDING_SUPPORT, name,
				 "tell what a sleeping thread waits for: needs Linux 5.15 or later");
	else
		findings_ok(f, name,
			    "tell what a sleeping thread waits for: taken from the top of its kernel stack of 16 KiB "
			    "(Linux 5.15 has bpf_task_pt_regs(), which knows where they are)");
}

void check_kernel(struct findings *f, const struct features *features)
{
	const struct need btf[] = {
		{ features->btf, "BTF", "the kernel describes its types (/sys/kernel/btf/vmlinux)",
		  "CONFIG_DEBUG_INFO_BTF=y" },
	};
	const struct need needs[] = {
		{ features->ring_buffer, "ring buffers", "carry events to the agent", "Linux 5.8 or later" },
		{ !features->reads_refused, "kernel memory", "BPF programs may read it",
		  "a boot without lockdown=confidentiality" },
		{ features->task_iterator, "task iterator", "finds the threads that run already",
		  "Linux 5.8 or later with CONFIG_BPF_EVENTS=y" },
	};

	ADD_NEEDS(f, FINDING_SUPPORT, btf);
	if (!features->btf) {
		findings_unknown(f, "other BPF features", "can only be looked up in BTF");
		return;
	}
	ADD_NEEDS(f, FINDING_SUPPORT, needs);
	check_storage(f, features);
	check_registers(f, features);
}

static void check_scheduler(struct findings *f, const struct features *features)
{
	const struct need needs[] = {
		{ features->sched_wakeup >= 0, "wake-ups", "sched_wakeup: when a thread may go on",
		  "CONFIG_TRACEPOINTS=y and CONFIG_BPF_EVENTS=y" },
		{ features->task_newtask >= 0, "new threads", "task_newtask: children belong to the app at once",
		  "CONFIG_TRACEPOINTS=y and CONFIG_BPF_EVENTS=y" },
		{ features->sched_process_exec >= 0 && features->sched_process_exit >= 0, "exec and exit",
		  "sched_process_exec and sched_process_exit: names of programs, ends of processes",
		  "CONFIG_TRACEPOINTS=y and CONFIG_BPF_EVENTS=y" },
	};

	if (features->sched_switch >= 4)
		findings_ok(f, "scheduler", "sched_switch with 4 arguments: tells the state at the switch");
	else if (features->sched_switch == 3)
		findings_ok(f, "scheduler",
			    "sched_switch with 3 arguments: the state is read from the thread, where a wake-up at the "
			    "same moment may change it (Linux 5.18 has the fourth)");
	else
		findings_missing(f, FINDING_SUPPORT, "scheduler",
				 "sched_switch: who runs and who waits: needs CONFIG_TRACEPOINTS=y and "
				 "CONFIG_BPF_EVENTS=y");
	ADD_NEEDS(f, FINDING_SUPPORT, needs);
}

static void check_block(struct findings *f, const struct features *features)
{
	bool requests = features->block_rq_issue > 0 && features->block_rq_complete == 3;

	if (!requests)
		findings_missing(f, FINDING_PART, "block requests",
				 "block_rq_issue and block_rq_complete: without them reports have no devices and no "
				 "latencies: needs CONFIG_BLOCK=y");
	else if (features->block_io_start == 1)
		findings_ok(f, "block requests", "block_io_start: latency counts from when a request is made");
	else
		findings_ok(f, "block requests",
			    "block_rq_insert and block_rq_issue: latency counts from when a request is queued or "
			    "issued (Linux 6.5 has block_io_start, from when it is made)");
}

void check_events(struct findings *f, const struct features *features)
{
	const struct need needs[] = {
		{ features->add_to_page_cache == 1, "page cache",
		  features->folios ? "mm_filemap_add_to_page_cache with folios: which files were not in memory" :
				     "mm_filemap_add_to_page_cache with pages: which files were not in memory",
		  "Linux 5.10 or later with CONFIG_TRACEPOINTS=y" },
		{ features->direct_reclaim >= 0, "direct reclaim",
		  "mm_vmscan_direct_reclaim_begin: CPU time for freeing memory, told apart from the app's own work",
		  "CONFIG_TRACEPOINTS=y" },
		{ features->memcg_reclaim >= 0, "memcg reclaim",
		  "mm_vmscan_memcg_reclaim_begin: the same under a memory limit", "CONFIG_MEMCG=y" },
		{ features->page_use, "page use",
		  "mm_filemap_get_pages, _map_pages and _fault: which pages an app looks at; without them nobody knows "
		  "how much of what was read ahead was used",
		  "Linux 6.12 or later" },
		{ features->cgroup_attach_task >= 3, "cgroup moves",
		  "cgroup_attach_task: --cgroup notices at once who is moved into the cgroup", "CONFIG_CGROUPS=y" },
	};

	findings_group(f, "Events");
	if (!features->btf) {
		findings_unknown(f, "events", "can only be looked up in BTF");
		return;
	}
	check_scheduler(f, features);
	check_block(f, features);
	ADD_NEEDS(f, FINDING_PART, needs);
}

static void explain_load(struct findings *f, int err, const struct features *features)
{
	if (err == -EPERM && features->locked_memory)
		findings_missing(
			f, FINDING_PERMISSION, "load",
			"bpf(2) is refused although the capabilities are there: before Linux 5.11 needs "
			"CAP_SYS_RESOURCE as well (or a higher limit of locked memory, ulimit -l), or a container's "
			"seccomp profile, or a security module, to allow it");
	else if (err == -EPERM)
		findings_missing(f, FINDING_PERMISSION, "load",
				 "bpf(2) is refused although the capabilities are there: needs a container's seccomp "
				 "profile, or a security module, to allow it");
	else if (err == -ENOTSUP)
		findings_missing(f, FINDING_SUPPORT, "load",
				 "the kernel refuses our programs (--verbose shows its reasons): needs another kernel "
				 "version");
	else if (err == -ENOMEM)
		findings_missing(f, FINDING_SUPPORT, "load",
				 "no memory for programs and maps: needs more memory, or a "
				 "smaller --ring-size");
	else
		findings_missing(f, FINDING_SUPPORT, "load", "%s", strerror(-err));
}

static void ignore_record(void *context, const struct aa_rec *record)
{
	(void)context;
	(void)record;
}

static void try_tracer(struct findings *f, struct tracer *tracer)
{
	uint64_t marked;
	int err = tracer_scan(tracer, &marked);

	if (err)
		findings_missing(f, FINDING_SUPPORT, "scan",
				 "threads that run already cannot be listed (%s): needs a task iterator that works",
				 strerror(-err));
	else
		findings_ok(f, "scan", "all threads can be listed");
	err = tracer_set_wakers(tracer, true);
	if (err)
		findings_missing(f, FINDING_PART, "wakers",
				 "sched_waking cannot be attached (%s): reports do not say who ends a long wait: needs "
				 "CONFIG_TRACEPOINTS=y",
				 strerror(-err));
	else
		findings_ok(f, "wakers", "sched_waking: who ends a long wait");
}

void check_load(struct findings *f, const struct features *features, const struct btf *kernel, uint32_t ring_bytes)
{
	struct tracer_config config = { .apps = 1,
					.scans = true,
					.sessions = true,
					.use = true,
					.ring_bytes = ring_bytes,
					.record = ignore_record };
	uint64_t before = clock_monotonic_ns();
	struct sys_cpu_set online;
	struct tracer *tracer;
	int err;

	findings_group(f, "Trial");
	if (findings_status(f)) {
		findings_unknown(f, "load", "not tried: it needs what is missing above");
		return;
	}
	config.cpus = sys_cpus_online("", &online) ? 1 : sys_cpu_set_count(&online);
	err = tracer_open(&config, features, kernel, &tracer);
	if (err) {
		explain_load(f, err, features);
		return;
	}
	findings_ok(f, "load", "the BPF programs were loaded and attached in %.0f ms",
		    (double)(clock_monotonic_ns() - before) / 1e6);
	try_tracer(f, tracer);
	tracer_close(tracer);
}
