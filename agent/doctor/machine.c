// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/* What reports take from procfs and cgroupfs: measurements beside the BPF side's own, and limits. */
#include "doctor/checks.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "act/systemd.h"
#include "sys/cgroup.h"
#include "sys/limits.h"
#include "sys/machine.h"
#include "sys/mounts.h"
#include "sys/root.h"
#include "util/cleanup.h"

#define MAX_BYTES 65536

static void check_steal(struct findings *f, const char *root)
{
	struct sys_cpu_time time;

	if (sys_cpu_time_read(root, &time))
		findings_missing(f, FINDING_PART, "steal",
				 "/proc/stat: reports cannot tell CPU time that a hypervisor took: needs procfs at "
				 "/proc");
	else
		findings_ok(f, "steal", "/proc/stat: CPU time that a hypervisor took");
}

/* The file is there, and also where it is switched off at boot: then reading it fails. */
static void check_pressure(struct findings *f, const char *root)
{
	static const char *const files[] = { "/proc/pressure/cpu", "/proc/pressure/memory", "/proc/pressure/io" };
	char *text;
	size_t i, len;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (sys_read(root, files[i], MAX_BYTES, &text, &len)) {
			findings_missing(f, FINDING_PART, "pressure (PSI)",
					 "%s: waits for pages that were evicted too early count as disk instead of "
					 "reclaim: needs CONFIG_PSI=y and a boot with psi=1",
					 files[i]);
			return;
		}
		free(text);
	}
	findings_ok(f, "pressure (PSI)", "/proc/pressure: waits for pages that were evicted too early show as reclaim");
}

static void check_schedstat(struct findings *f, const char *root)
{
	cleanup_free char *text = NULL;
	size_t len;

	if (sys_read(root, "/proc/self/schedstat", MAX_BYTES, &text, &len))
		findings_missing(f, FINDING_PART, "schedstat",
				 "/proc/PID/schedstat: the kernel's own run times, to check reports against: needs "
				 "CONFIG_SCHED_INFO=y");
	else
		findings_ok(f, "schedstat",
			    "/proc/PID/schedstat: the kernel's own run times, to check reports against");
}

static void check_bpf_stats(struct findings *f, const char *root)
{
	cleanup_free char *text = NULL;
	size_t len;

	if (sys_read(root, "/proc/sys/kernel/bpf_stats_enabled", 64, &text, &len))
		findings_missing(f, FINDING_PART, "BPF run time",
				 "reports do not say what our BPF programs cost: needs Linux 5.1 or later");
	else if (text[0] == '0')
		findings_missing(
			f, FINDING_PART, "BPF run time",
			"reports do not say what our BPF programs cost: needs sysctl kernel.bpf_stats_enabled=1");
	else
		findings_ok(f, "BPF run time", "kernel.bpf_stats_enabled: reports say what our BPF programs cost");
}

void check_measurements(struct findings *f, const char *root)
{
	findings_group(f, "Measurements");
	check_pressure(f, root);
	check_steal(f, root);
	check_schedstat(f, root);
	check_bpf_stats(f, root);
}

static void check_layout(struct findings *f, const char *root)
{
	const struct sys_mount *v2 = NULL, *v1 = NULL, *m;
	struct sys_mounts mounts;
	size_t i;
	int err;

	err = sys_mounts_read(root, &mounts);
	if (err) {
		findings_unknown(f, "layout", "/proc/self/mountinfo cannot be read: %s", strerror(-err));
		return;
	}
	for (i = 0; i < mounts.count; i++) {
		m = &mounts.mounts[i];
		if (!strcmp(m->type, "cgroup2"))
			v2 = m;
		else if (!strcmp(m->type, "cgroup"))
			v1 = m;
	}
	if (v1 && v2)
		findings_ok(f, "layout", "hybrid: v1, and v2 at %s", v2->target);
	else if (v1)
		findings_ok(f, "layout", "v1");
	else if (v2)
		findings_ok(f, "layout", "v2 at %s", v2->target);
	else
		findings_missing(f, FINDING_PART, "layout",
				 "no cgroups are mounted: --cgroup and limits do not work: needs a mount of cgroup2 at "
				 "/sys/fs/cgroup");
	sys_mounts_free(&mounts);
}

static void check_quota(struct findings *f, const char *root)
{
	struct sys_quota quota;
	int err = sys_quota_read(root, getpid(), &quota);

	if (err)
		findings_missing(f, FINDING_PART, "CPU quota",
				 "cannot be read (%s): reports do not know quotas: needs the cpu controller mounted",
				 strerror(-err));
	else if (quota.limited)
		findings_ok(f, "CPU quota", "readable; here %.2f CPUs, by %s", quota.cpus, quota.cgroup);
	else
		findings_ok(f, "CPU quota", "readable; here none");
}

static void check_memory_limit(struct findings *f, const char *root)
{
	struct sys_memory_limit limit;
	int err = sys_memory_limit_read(root, getpid(), &limit);

	if (err)
		findings_missing(f, FINDING_PART, "memory limit",
				 "cannot be read (%s): reports do not know limits: needs the memory controller mounted",
				 strerror(-err));
	else if (limit.limited)
		findings_ok(f, "memory limit", "readable; here %.0f MiB, by %s", (double)limit.limit_bytes / (1 << 20),
			    limit.cgroup);
	else
		findings_ok(f, "memory limit", "readable; here none");
}

/* access(2) goes by the real user, which is the effective one here: we are not set-user-ID. */
static void check_writable(struct findings *f, const char *root, const char *controller, const char *name)
{
	struct sys_cgroup cgroup;
	int err = sys_cgroup_of(root, getpid(), controller, &cgroup);

	if (!err && access(cgroup.directory, W_OK))
		err = -errno;
	if (!err)
		findings_ok(f, name, "%s is writable", cgroup.directory);
	else if (err == -ENOENT)
		findings_missing(f, FINDING_PART, name, "for tuning: needs the %s controller mounted", controller);
	else
		findings_missing(f, FINDING_PART, name,
				 "%s (%s), for tuning: needs a mount that may be written, as root", cgroup.directory,
				 strerror(-err));
}

/* Who else may want to have a say in control groups. */
static void check_systemd(struct findings *f, const char *root)
{
	char version[SYSTEMD_VERSION_MAX];
	int err;

	if (!systemd_runs(root)) {
		findings_ok(f, "systemd", "does not run here: control groups are changed directly");
		return;
	}
	err = systemd_version(version);
	if (!err)
		findings_ok(f, "systemd", "%s, through which units are changed", version);
	else if (err == -ENOSYS)
		findings_missing(f, FINDING_PART, "systemd",
				 "manages the control groups, and cannot be talked to, so only those that it "
				 "delegated are changed: needs libsystemd");
	else
		findings_missing(f, FINDING_PART, "systemd",
				 "manages the control groups, and cannot be asked (%s), so only those that it "
				 "delegated are changed: needs root, and its sockets in /run",
				 strerror(-err));
}

void check_cgroups(struct findings *f, const char *root)
{
	findings_group(f, "Control groups");
	check_layout(f, root);
	check_quota(f, root);
	check_memory_limit(f, root);
	check_systemd(f, root);
	check_writable(f, root, "cpu", "CPU weights");
	check_writable(f, root, "memory", "memory protection");
}
