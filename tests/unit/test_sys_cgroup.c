/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Cgroups and their limits, in the layouts that systems have: v1, v2, hybrid; systemd, Docker, Kubernetes. */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "sys/cgroup.h"
#include "sys/limits.h"

#define FIXTURES "tests/fixtures/"
#define POD \
	"/kubepods.slice/kubepods-burstable.slice/" \
	"kubepods-burstable-pod0c1b2e0a_5b5e_4a8c_9d57_3d3f9e9bb111.slice/" \
	"cri-containerd-8c5e8a7d0a4b4f4f9d1f0e9d8c7b6a595857565554535251504f4e4d4c4b4a49.scope"

static bool near(double a, double b)
{
	return fabs(a - b) < 1e-9;
}

static void assert_quota(const char *root, pid_t pid, const char *cgroup, double cpus, uint64_t periods, double seconds)
{
	struct sys_quota quota;

	assert_int_equal(sys_quota_read(root, pid, &quota), 0);
	assert_true(quota.limited);
	assert_string_equal(quota.cgroup, cgroup);
	assert_true(near(quota.cpus, cpus));
	assert_true(quota.throttling_known);
	assert_int_equal(quota.throttled_periods, periods);
	assert_true(near(quota.throttled_seconds, seconds));
}

static void assert_memory(const char *root, pid_t pid, const char *cgroup, uint64_t bytes, uint64_t peak)
{
	struct sys_memory_limit limit;

	assert_int_equal(sys_memory_limit_read(root, pid, &limit), 0);
	assert_true(limit.limited);
	assert_string_equal(limit.cgroup, cgroup);
	assert_int_equal(limit.limit_bytes, bytes);
	assert_int_equal(limit.peak_bytes, peak);
}

/* v1: the leaf's quota is smaller than the slice's; the slice limits the memory. */
static void limits_v1_systemd(void **state)
{
	(void)state;
	assert_quota(FIXTURES "v1-systemd", 100, "/system.slice/build.service", 1.5, 420, 12.5);
	assert_memory(FIXTURES "v1-systemd", 100, "/system.slice", 8589934592, 7000000000);
}

/* v1 in a container that sees only its own group, mounted as the top; a group outside is unknown. */
static void limits_v1_docker(void **state)
{
	struct sys_quota quota;

	(void)state;
	assert_quota(FIXTURES "v1-docker", 1, "/", 0.5, 1, 0.001);
	assert_memory(FIXTURES "v1-docker", 1, "/", 268435456, 268435456);
	assert_int_equal(sys_quota_read(FIXTURES "v1-docker", 2, &quota), -ENOENT);
}

/* v2: equal quotas on the path give the nearest one; memory.high counts; there is a blank and a colon in the name. */
static void limits_v2_systemd(void **state)
{
	(void)state;
	assert_quota(FIXTURES "v2-systemd", 200, "/user.slice/user-1000.slice/my app:1.scope", 2, 7, 0.001);
	assert_memory(FIXTURES "v2-systemd", 200, "/user.slice/user-1000.slice", 2147483648, 2147487744);
}

/* v2 without limits says so; it is not the same as unknown. */
static void limits_none(void **state)
{
	struct sys_memory_limit limit;
	struct sys_quota quota;

	(void)state;
	assert_int_equal(sys_quota_read(FIXTURES "v2-systemd", 201, &quota), 0);
	assert_false(quota.limited);
	assert_int_equal(sys_memory_limit_read(FIXTURES "v2-systemd", 201, &limit), 0);
	assert_false(limit.limited);
	assert_int_equal(sys_memory_limit_read(FIXTURES "hybrid", 400, &limit), 0);
	assert_false(limit.limited);
}

/* What cannot be read, or makes no sense, is an error and leaves the result alone. */
static void limits_unknown(void **state)
{
	struct sys_memory_limit limit = { .limit_bytes = 7 };
	struct sys_quota quota = { .cpus = 7 };

	(void)state;
	assert_int_equal(sys_quota_read(FIXTURES "v2-systemd", 202, &quota), -EINVAL); /* outside the namespace */
	assert_int_equal(sys_quota_read(FIXTURES "v2-systemd", 203, &quota), -EINVAL); /* broken file */
	assert_int_equal(sys_memory_limit_read(FIXTURES "v2-systemd", 203, &limit), -EINVAL);
	assert_int_equal(sys_quota_read(FIXTURES "v2-systemd", 999, &quota), -ENOENT); /* no such process */
	assert_int_equal(sys_quota_read(FIXTURES "v1-systemd", 101, &quota), -ENOENT); /* removed group */
	assert_true(near(quota.cpus, 7));
	assert_int_equal(limit.limit_bytes, 7);
}

/* Kubernetes: pod and container have the same limits, the container's own are the nearest. */
static void limits_v2_kubernetes(void **state)
{
	(void)state;
	assert_quota(FIXTURES "v2-kubernetes", 300, POD, 0.25, 3900, 123.456789);
	assert_memory(FIXTURES "v2-kubernetes", 300, POD, 536870912, 536870912);
}

/* Counted in the nearest group that has them, but not at the top, which has those of the whole machine. */
static void rereads(void **state)
{
	struct sys_reread reread;

	(void)state;
	assert_int_equal(sys_reread_read(FIXTURES "v2-kubernetes", 300, &reread), 0);
	assert_string_equal(reread.cgroup, POD);
	assert_int_equal(reread.refaulted, 6200);
	assert_int_equal(reread.restored, 1200);
	assert_int_equal(reread.stolen, 9000);
	assert_int_equal(sys_reread_read(FIXTURES "v2-systemd", 200, &reread), 0);
	assert_string_equal(reread.cgroup, "/user.slice/user-1000.slice");
	assert_int_equal(sys_reread_read(FIXTURES "v2-docker", 1, &reread), -ENOENT);
	assert_int_equal(sys_reread_read(FIXTURES "v1-systemd", 100, &reread), -ENOENT);
}

/* Not more than was taken meanwhile, and not what the kernel calls a stall. */
static void reread_pages(void **state)
{
	const struct sys_reread before = { "/a", 100, 10, 1000 };

	(void)state;
	assert_int_equal(sys_reread_pages(&before, &before), 0);
	assert_int_equal(sys_reread_pages(&before, &(struct sys_reread){ "/a", 150, 10, 1200 }), 50);
	assert_int_equal(sys_reread_pages(&before, &(struct sys_reread){ "/a", 150, 40, 1200 }), 20);
	assert_int_equal(sys_reread_pages(&before, &(struct sys_reread){ "/a", 150, 10, 1030 }), 30);
	assert_int_equal(sys_reread_pages(&before, &(struct sys_reread){ "/a", 150, 10, 1000 }), 0);
	assert_int_equal(sys_reread_pages(&before, &(struct sys_reread){ "/a", 150, 70, 1200 }), 0);
	assert_int_equal(sys_reread_pages(&before, &(struct sys_reread){ "/a", 50, 5, 500 }), 0);
}

/* v2 in a container with its own cgroup namespace: its limits lie on the mount's top; the old kernel has no peak. */
static void limits_v2_docker(void **state)
{
	(void)state;
	assert_quota(FIXTURES "v2-docker", 1, "/", 1.5, 4, 3);
	assert_memory(FIXTURES "v2-docker", 1, "/", 1073741824, 0);
}

/* Hybrid: the quota comes from v1 although the process has a v2 path too. */
static void limits_hybrid(void **state)
{
	(void)state;
	assert_quota(FIXTURES "hybrid", 400, "/ci", 3, 0, 0);
}

/* A controller that no v1 hierarchy of the process has is looked for in v2. */
static void cgroup_of_falls_back_to_v2(void **state)
{
	struct sys_cgroup cgroup;

	(void)state;
	assert_int_equal(sys_cgroup_of(FIXTURES "hybrid", 401, "memory", &cgroup), 0);
	assert_true(cgroup.v2);
	assert_string_equal(cgroup.directory, FIXTURES "hybrid/sys/fs/cgroup/unified/ci.service");
	assert_string_equal(cgroup.directory + cgroup.mount_len, "/ci.service");
	assert_int_equal(sys_cgroup_of(FIXTURES "hybrid", 400, "cpu", &cgroup), 0);
	assert_false(cgroup.v2);
	assert_string_equal(cgroup.controller, "cpu");
	assert_int_equal(sys_cgroup_of(FIXTURES "hybrid", 401, "blkio", &cgroup), -ENOENT); /* not mounted */
}

static void assert_resolves(const char *root, const char *text, const char *below, const char *controller)
{
	char expected[PATH_MAX];
	struct sys_cgroup cgroup;
	struct stat st;

	assert_int_equal(sys_cgroup_resolve(root, text, &cgroup), 0);
	snprintf(expected, sizeof(expected), "%s%s", root, below);
	assert_string_equal(cgroup.directory, expected);
	assert_string_equal(cgroup.controller, controller);
	assert_int_equal(cgroup.v2, !*controller);
	assert_int_equal(stat(cgroup.directory, &st), 0);
	assert_true(cgroup.id != 0);
}

/* A user may give the directory, the path that /proc shows, or that without its first slash. */
static void resolve_accepts_names(void **state)
{
	static const char leaf[] = "/sys/fs/cgroup/user.slice/user-1000.slice";

	(void)state;
	assert_resolves(FIXTURES "v2-systemd", leaf, leaf, "");
	assert_resolves(FIXTURES "v2-systemd", "/user.slice/user-1000.slice", leaf, "");
	assert_resolves(FIXTURES "v2-systemd", "user.slice/user-1000.slice/", leaf, "");
	assert_resolves(FIXTURES "v2-systemd", "/sys/fs/cgroup/inward", "/sys/fs/cgroup/user.slice", "");
	assert_resolves(FIXTURES "hybrid", "ci.service", "/sys/fs/cgroup/unified/ci.service", "");
	assert_resolves(FIXTURES "hybrid", "/ci", "/sys/fs/cgroup/cpu/ci", "cpu");
	assert_resolves(FIXTURES "v1-systemd", "/sys/fs/cgroup/cpu/system.slice",
			"/sys/fs/cgroup/cpu,cpuacct/system.slice", "cpu");
	assert_resolves(FIXTURES "v1-systemd", "/sys/fs/cgroup/systemd/system.slice",
			"/sys/fs/cgroup/systemd/system.slice", "name=systemd");
}

/* Names that are no cgroup, or lead out of the cgroups through a link, are refused. */
static void resolve_refuses_strangers(void **state)
{
	struct sys_cgroup cgroup = { .id = 7 };

	(void)state;
	assert_int_equal(sys_cgroup_resolve(FIXTURES "v2-systemd", "nothing", &cgroup), -ENOENT);
	assert_int_equal(sys_cgroup_resolve(FIXTURES "v2-systemd", "", &cgroup), -ENOENT);
	assert_int_equal(sys_cgroup_resolve(FIXTURES "v2-systemd", "/proc", &cgroup), -EXDEV);
	assert_int_equal(sys_cgroup_resolve(FIXTURES "v2-systemd", "/sys/fs/cgroup/outward", &cgroup), -EXDEV);
	assert_int_equal(sys_cgroup_resolve(FIXTURES "v2-systemd", "outward", &cgroup), -EXDEV);
	assert_int_equal(sys_cgroup_resolve(FIXTURES "v2-systemd", "../../../proc", &cgroup), -EXDEV);
	assert_int_equal(sys_cgroup_resolve(FIXTURES "v1-systemd", "/sys/fs/cgroup/memory/escape", &cgroup), -EXDEV);
	assert_int_equal(sys_cgroup_resolve(FIXTURES "v2-systemd", "/sys/fs/cgroup/cgroup.procs", &cgroup), -ENOTDIR);
	assert_int_equal(sys_cgroup_resolve("", "/tmp", &cgroup), -EXDEV);
	assert_int_equal(cgroup.id, 7);
}

/* cpu.max in all its forms, and what is none of them. */
static void cpu_max_is_strict(void **state)
{
	static const char *const bad[] = { "", "max", "100", "100 0", "-1 100000", "1 2 3", "100000 100000 \n", "\n" };
	double cpus = 7;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(sys_cpu_max_parse(bad[i], strlen(bad[i]), &cpus), -EINVAL);
	assert_true(near(cpus, 7));
	assert_int_equal(sys_cpu_max_parse("max 100000\n", 11, &cpus), 0);
	assert_true(isinf(cpus));
	assert_int_equal(sys_cpu_max_parse("150000 100000", 13, &cpus), 0);
	assert_true(near(cpus, 1.5));
}

/* cpu.stat without bandwidth control has no throttling to tell. */
static void cpu_stat_needs_both_counters(void **state)
{
	static const char plain[] = "usage_usec 5\nuser_usec 1\n", half[] = "nr_throttled 5\nthrottled_usec x\n";
	uint64_t periods = 7;
	double seconds = 7;

	(void)state;
	assert_int_equal(sys_cpu_stat_parse(plain, strlen(plain), &periods, &seconds), -EINVAL);
	assert_int_equal(sys_cpu_stat_parse(half, strlen(half), &periods, &seconds), -EINVAL);
	assert_int_equal(periods, 7);
}

/* /proc/PID/cgroup: a truncated, binary or overlong text gives no path. */
static void cgroup_text_is_not_trusted(void **state)
{
	static const char *const bad[] = { "", "\n\n", "0:", "0::", "0::relative\n", "0::/a/../b\n", "1:cpu:" };
	char path[PATH_MAX] = "before", text[PATH_MAX + 16];
	bool v2 = true;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_true(sys_cgroup_parse(bad[i], strlen(bad[i]), "cpu", path, &v2) < 0);
	memset(text, 'a', sizeof(text));
	memcpy(text, "0::/", 4);
	assert_int_equal(sys_cgroup_parse(text, sizeof(text), "cpu", path, &v2), -EINVAL);
	assert_int_equal(sys_cgroup_parse("0::/a\0b\n", 8, "cpu", path, &v2), -EINVAL);
	assert_string_equal(path, "before");
	assert_int_equal(sys_cgroup_parse("1:cpuset:/x\n3:cpu,cpuacct:/a..b:c", 33, "cpu", path, &v2), 0);
	assert_string_equal(path, "/a..b:c");
	assert_false(v2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits_v1_systemd),
		cmocka_unit_test(limits_v1_docker),
		cmocka_unit_test(limits_v2_systemd),
		cmocka_unit_test(limits_none),
		cmocka_unit_test(limits_unknown),
		cmocka_unit_test(limits_v2_kubernetes),
		cmocka_unit_test(rereads),
		cmocka_unit_test(reread_pages),
		cmocka_unit_test(limits_v2_docker),
		cmocka_unit_test(limits_hybrid),
		cmocka_unit_test(cgroup_of_falls_back_to_v2),
		cmocka_unit_test(resolve_accepts_names),
		cmocka_unit_test(resolve_refuses_strangers),
		cmocka_unit_test(cpu_max_is_strict),
		cmocka_unit_test(cpu_stat_needs_both_counters),
		cmocka_unit_test(cgroup_text_is_not_trusted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
