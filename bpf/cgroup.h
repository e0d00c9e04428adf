/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Membership in the followed cgroup, in any hierarchy. */
#ifndef BPF_CGROUP_H
#define BPF_CGROUP_H

#include "maps.h"

/* The cgroup of a task in the hierarchy of the followed one. */
static __always_inline struct cgroup *cgroup_of(struct task_struct *task)
{
	struct cgroup_subsys_state *css = NULL;
	struct css_set *set = BPF_CORE_READ(task, cgroups);
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

#endif /* BPF_CGROUP_H */
