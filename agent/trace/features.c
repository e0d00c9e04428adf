// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/* Probes the running kernel through its BTF. */
#include "trace/features.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/log.h"

/* The parameters of a tracepoint, without the context that every one has first; -1 if there is no such tracepoint. */
static int event_args(const struct btf *btf, const char *event, const struct btf_type **ret_proto)
{
	const struct btf_type *type;
	char name[64];
	int id;

	snprintf(name, sizeof(name), "btf_trace_%s", event);
	id = btf__find_by_name_kind(btf, name, BTF_KIND_TYPEDEF);
	if (id < 0)
		return -1;
	type = btf__type_by_id(btf, btf__type_by_id(btf, id)->type);
	if (!btf_is_ptr(type))
		return -1;
	type = btf__type_by_id(btf, type->type);
	if (!btf_is_func_proto(type))
		return -1;
	if (ret_proto)
		*ret_proto = type;
	return btf_vlen(type) - 1;
}

static bool has_enumerator(const struct btf *btf, const char *enumeration, const char *name)
{
	int i, id = btf__find_by_name_kind(btf, enumeration, BTF_KIND_ENUM);
	const struct btf_type *type;

	if (id < 0)
		return false;
	type = btf__type_by_id(btf, id);
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

int features_probe(struct features *ret)
{
	const struct btf_type *proto = NULL;
	struct features f = { 0 };
	struct btf *btf;

	libbpf_set_print(on_libbpf_message);
	memset(ret, 0, sizeof(*ret));
	btf = btf__load_vmlinux_btf();
	if (!btf)
		return -errno;
	f.btf = true;
	f.task_storage = has_enumerator(btf, "bpf_map_type", "BPF_MAP_TYPE_TASK_STORAGE");
	f.ring_buffer = has_enumerator(btf, "bpf_map_type", "BPF_MAP_TYPE_RINGBUF");
	f.task_iterator = btf__find_by_name_kind(btf, "bpf_iter__task", BTF_KIND_STRUCT) > 0;
	f.user_registers = has_enumerator(btf, "bpf_func_id", "BPF_FUNC_task_pt_regs");
	f.sched_switch = event_args(btf, "sched_switch", NULL);
	f.sched_wakeup = event_args(btf, "sched_wakeup", NULL);
	f.task_newtask = event_args(btf, "task_newtask", NULL);
	f.sched_process_exec = event_args(btf, "sched_process_exec", NULL);
	f.sched_process_exit = event_args(btf, "sched_process_exit", NULL);
	f.cgroup_attach_task = event_args(btf, "cgroup_attach_task", NULL);
	f.block_io_start = event_args(btf, "block_io_start", NULL);
	f.block_rq_issue = event_args(btf, "block_rq_issue", NULL);
	f.block_rq_complete = event_args(btf, "block_rq_complete", NULL);
	f.add_to_page_cache = event_args(btf, "mm_filemap_add_to_page_cache", &proto);
	f.folios = f.add_to_page_cache == 1 && takes_folio(btf, proto);
	f.page_use = event_args(btf, "mm_filemap_get_pages", NULL) == 3 &&
		     event_args(btf, "mm_filemap_map_pages", NULL) == 3 &&
		     event_args(btf, "mm_filemap_fault", NULL) == 2;
	f.direct_reclaim = event_args(btf, "mm_vmscan_direct_reclaim_begin", NULL);
	f.memcg_reclaim = event_args(btf, "mm_vmscan_memcg_reclaim_begin", NULL);
	btf__free(btf);
	*ret = f;
	return 0;
}

const char *features_missing(const struct features *f)
{
	if (!f->btf)
		return "the kernel does not describe its types (/sys/kernel/btf/vmlinux): it needs "
		       "CONFIG_DEBUG_INFO_BTF=y";
	if (!f->ring_buffer)
		return "the kernel has no BPF ring buffers: Linux 5.8 or later has them";
	if (!f->task_storage)
		return "the kernel has no BPF task storage: Linux 5.13 or later has it";
	if (!f->user_registers)
		return "the kernel has no bpf_task_pt_regs(): Linux 5.15 or later has it";
	if (!f->task_iterator)
		return "the kernel has no BPF task iterator: Linux 5.8 or later, with CONFIG_BPF_EVENTS=y, has it";
	if (f->sched_switch < 0 || f->sched_wakeup < 0 || f->task_newtask < 0 || f->sched_process_exec < 0 ||
	    f->sched_process_exit < 0)
		return "the kernel does not trace its scheduler: it needs CONFIG_TRACEPOINTS=y and CONFIG_BPF_EVENTS=y";
	return NULL;
}
