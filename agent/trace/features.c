// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/* Probes the running kernel through its BTF. */
#include "trace/features.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "aa_map.h"
#include "util/cleanup.h"
#include "util/log.h"

#define TEXT(value) TEXT_OF(value)
#define TEXT_OF(value) #value

#define EVENT_PREFIX "btf_trace_"

/* The prototype of a tracepoint's programs, by its typedef; NULL: it is none. */
static const struct btf_type *event_proto(const struct btf *btf, const struct btf_type *type)
{
	type = btf__type_by_id(btf, type->type);
	if (!btf_is_ptr(type))
		return NULL;
	type = btf__type_by_id(btf, type->type);
	return btf_is_func_proto(type) ? type : NULL;
}

static bool has_enumerator(const struct btf *btf, const struct btf_type *type, const char *name)
{
	int i;

	for (i = 0; i < btf_vlen(type); i++)
		if (!strcmp(btf__name_by_offset(btf, btf_enum(type)[i].name_off), name))
			return true;
	return false;
}

static bool takes_folio(const struct btf *btf, const struct btf_type *proto)
{
	const struct btf_type *type = btf__type_by_id(btf, btf_params(proto)[1].type);

	if (!btf_is_ptr(type))
		return false;
	type = btf__type_by_id(btf, type->type);
	return btf_is_struct(type) && !strcmp(btf__name_by_offset(btf, type->name_off), "folio");
}

static bool has_member(const struct btf *btf, const struct btf_type *type, const char *name)
{
	int i;

	for (i = 0; i < btf_vlen(type); i++)
		if (!strcmp(btf__name_by_offset(btf, btf_members(type)[i].name_off), name))
			return true;
	return false;
}

/* libbpf's messages matter only to those who look for a cause. */
__attribute__((format(printf, 2, 0))) static int on_libbpf_message(enum libbpf_print_level level, const char *format,
								   va_list args)
{
	cleanup_free char *text = NULL;
	char *line, *rest;

	if (level == LIBBPF_DEBUG || vasprintf(&text, format, args) < 0)
		return 0;
	rest = text;
	while ((line = strsep(&rest, "\n")))
		if (*line)
			log_debug("%s", line);
	return 0;
}

/* Events whose number of arguments we want to know. */
struct probed {
	struct features features;
	int get_pages, map_pages, fault; /* arguments of the events that tell which pages are looked at */
	bool storage_map, storage_task; /* there is a map for it, and a place in each task: 5.11, 5.13 (a10787e6d58c) */
};

static const struct {
	const char *event;
	size_t args; /* where the number belongs in struct probed */
} events[] = {
	{ "sched_switch", offsetof(struct probed, features.sched_switch) },
	{ "sched_wakeup", offsetof(struct probed, features.sched_wakeup) },
	{ "task_newtask", offsetof(struct probed, features.task_newtask) },
	{ "sched_process_exec", offsetof(struct probed, features.sched_process_exec) },
	{ "sched_process_exit", offsetof(struct probed, features.sched_process_exit) },
	{ "cgroup_attach_task", offsetof(struct probed, features.cgroup_attach_task) },
	{ "block_io_start", offsetof(struct probed, features.block_io_start) },
	{ "block_rq_issue", offsetof(struct probed, features.block_rq_issue) },
	{ "block_rq_complete", offsetof(struct probed, features.block_rq_complete) },
	{ "mm_filemap_add_to_page_cache", offsetof(struct probed, features.add_to_page_cache) },
	{ "mm_filemap_get_pages", offsetof(struct probed, get_pages) },
	{ "mm_filemap_map_pages", offsetof(struct probed, map_pages) },
	{ "mm_filemap_fault", offsetof(struct probed, fault) },
	{ "mm_vmscan_direct_reclaim_begin", offsetof(struct probed, features.direct_reclaim) },
	{ "mm_vmscan_memcg_reclaim_begin", offsetof(struct probed, features.memcg_reclaim) },
};

#define EVENTS (sizeof(events) / sizeof(events[0]))

static int *event_args(struct probed *p, size_t event)
{
	return (int *)((char *)p + events[event].args);
}

static void see_event(const struct btf *btf, const struct btf_type *type, const char *name, struct probed *p)
{
	const struct btf_type *proto;
	size_t i;

	if (strncmp(name, EVENT_PREFIX, sizeof(EVENT_PREFIX) - 1))
		return;
	name += sizeof(EVENT_PREFIX) - 1;
	for (i = 0; i < EVENTS && strcmp(name, events[i].event); i++)
		;
	proto = i < EVENTS ? event_proto(btf, type) : NULL;
	if (!proto)
		return;
	*event_args(p, i) = btf_vlen(proto) - 1; /* each has the context first */
	if (events[i].args == offsetof(struct probed, features.add_to_page_cache))
		p->features.folios = btf_vlen(proto) == 2 && takes_folio(btf, proto);
}

static void see_enum(const struct btf *btf, const struct btf_type *type, const char *name, struct probed *p)
{
	if (!strcmp(name, "bpf_map_type")) {
		p->storage_map = has_enumerator(btf, type, "BPF_MAP_TYPE_TASK_STORAGE");
		p->features.ring_buffer = has_enumerator(btf, type, "BPF_MAP_TYPE_RINGBUF");
	} else if (!strcmp(name, "bpf_func_id")) {
		p->features.user_registers = has_enumerator(btf, type, "BPF_FUNC_task_pt_regs");
	}
}

static void see_struct(const struct btf *btf, const struct btf_type *type, const char *name, struct probed *p)
{
	if (!strcmp(name, "bpf_iter__task"))
		p->features.task_iterator = true;
	else if (!strcmp(name, "bpf_map_memory")) /* where it was counted */
		p->features.locked_memory = true;
	else if (!strcmp(name, "task_struct"))
		p->storage_task = has_member(btf, type, "bpf_storage");
}

/* One pass over a hundred thousand types: to look each name up by itself takes ten times as long. */
static void see_types(const struct btf *btf, struct probed *p)
{
	unsigned int id, n = btf__type_cnt(btf);
	const struct btf_type *type;
	const char *name;

	for (id = 1; id < n; id++) {
		type = btf__type_by_id(btf, id);
		if (!btf_is_typedef(type) && !btf_is_enum(type) && !btf_is_struct(type))
			continue;
		name = btf__name_by_offset(btf, type->name_off);
		if (btf_is_typedef(type))
			see_event(btf, type, name, p);
		else if (btf_is_enum(type))
			see_enum(btf, type, name, p);
		else
			see_struct(btf, type, name, p);
	}
}

#define FIRST_PID_NAMESPACE 0xeffffffc /* its inode: PROC_PID_INIT_INO since 3.8 */

static bool in_first_pid_namespace(void)
{
	struct stat st;

	return !stat("/proc/self/ns/pid", &st) && st.st_ino == FIRST_PID_NAMESPACE;
}

/*
 * Lockdown to confidentiality takes this function away from all programs (EINVAL). The kernel's own word for it is in
 * securityfs, which containers do not have. Whoever may not load programs at all (EPERM) learns nothing here.
 */
static bool reads_refused(void)
{
	const struct bpf_insn program[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_1, .src_reg = BPF_REG_10 },
		{ .code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = BPF_REG_1, .imm = -8 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2, .imm = 8 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_3, .imm = 0 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_probe_read_kernel },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "aa_reads", "Dual BSD/GPL", program,
			       sizeof(program) / sizeof(program[0]), NULL);

	if (fd >= 0)
		close(fd);
	return fd == -EINVAL;
}

/*
 * Newer kernels let the file be mapped (6.18 was looked at): read, it comes a page at a time, which takes twice as
 * long. Returns NULL with errno set.
 */
static struct btf *read_types(void)
{
	cleanup_close int fd = open("/sys/kernel/btf/vmlinux", O_RDONLY | O_CLOEXEC);
	struct btf *btf = NULL;
	void *data = MAP_FAILED;
	struct stat st;

	if (fd >= 0 && !fstat(fd, &st) && st.st_size > 0)
		data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data != MAP_FAILED) {
		btf = btf__new(data, (__u32)st.st_size);
		munmap(data, (size_t)st.st_size);
	}
	return btf ? btf : btf__load_vmlinux_btf();
}

int features_probe(struct features *ret, struct btf **ret_kernel)
{
	struct probed p = { 0 };
	struct btf *btf;
	size_t i;

	libbpf_set_print(on_libbpf_message);
	memset(ret, 0, sizeof(*ret));
	*ret_kernel = btf = read_types();
	if (!btf)
		return -errno;
	for (i = 0; i < EVENTS; i++)
		*event_args(&p, i) = -1;
	p.features.btf = true;
	see_types(btf, &p);
	p.features.task_storage = p.storage_map && p.storage_task;
	p.features.first_pids = in_first_pid_namespace();
	p.features.page_use = p.get_pages == 3 && p.map_pages == 3 && p.fault == 2;
	if (p.features.ring_buffer) /* older kernels have no such function */
		p.features.reads_refused = reads_refused();
	*ret = p.features;
	return 0;
}

/* What bpf/plain.h and bpf/wait.h do for old kernels counts on the order of memory, and on stacks, of x86-64. */
bool features_old_ways(void)
{
#ifdef __x86_64__
	return true;
#else
	return false;
#endif
}

const char *features_missing(const struct features *f)
{
	if (!f->btf)
		return "the kernel does not describe its types (/sys/kernel/btf/vmlinux): it needs "
		       "CONFIG_DEBUG_INFO_BTF=y";
	if (!f->ring_buffer)
		return "the kernel has no BPF ring buffers: Linux 5.8 or later has them";
	if (!f->task_storage && !features_old_ways())
		return "the kernel has no BPF task storage: Linux 5.13 or later has it";
	if (!f->task_storage && !f->first_pids)
		return "the kernel has no BPF task storage, and without it the agent cannot work in a pid namespace of "
		       "its own: Linux 5.13 or later has it";
	if (!f->user_registers && !features_old_ways())
		return "the kernel has no bpf_task_pt_regs(): Linux 5.15 or later has it";
	if (!f->task_iterator)
		return "the kernel has no BPF task iterator: Linux 5.8 or later, with CONFIG_BPF_EVENTS=y, has it";
	if (f->sched_switch < 0 || f->sched_wakeup < 0 || f->task_newtask < 0 || f->sched_process_exec < 0 ||
	    f->sched_process_exit < 0)
		return "the kernel does not trace its scheduler: it needs CONFIG_TRACEPOINTS=y and CONFIG_BPF_EVENTS=y";
	/* last: without BPF_EVENTS no program may read memory either */
	if (f->reads_refused)
		return "the kernel is locked down to confidentiality, which forbids tracing: boot with "
		       "lockdown=integrity";
	return NULL;
}

size_t features_lacks(const struct features *f, const char *ret[FEATURES_LACKS])
{
	const struct {
		bool there;
		const char *lack;
	} rows[FEATURES_LACKS] = {
		{ f->task_storage, "this kernel has no BPF task storage (Linux 5.13 has it): no more than " TEXT(
					   AA_PLAIN_THREADS) " threads can be followed at a time" },
		{ f->sched_switch >= 4,
		  "this kernel does not tell in what state a thread left a CPU (Linux 5.18 does): a wait that ended at "
		  "that moment may be taken for one of another kind" },
		{ f->block_rq_issue > 0 && f->block_rq_complete == 3,
		  "this kernel does not trace block requests: there are no devices and no latencies" },
		{ f->add_to_page_cache == 1,
		  "this kernel does not trace its page cache: which files were not in memory is not known" },
		{ f->direct_reclaim >= 0,
		  "this kernel does not trace direct reclaim: CPU time for freeing memory counts as the app's own" },
	};
	size_t i, n = 0;

	for (i = 0; i < FEATURES_LACKS; i++)
		if (!rows[i].there)
			ret[n++] = rows[i].lack;
	return n;
}
