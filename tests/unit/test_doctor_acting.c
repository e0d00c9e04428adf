/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What the doctor says of the files of control groups, where it is in a root, in a group, and in v1. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "doctor/checks.h"
#include "options.h"
#include "tests/unit/fake_group.h"

static struct findings findings;

/* Where this process is, and one mount. */
static void put_place(const struct fake *fake, const char *groups, const char *type, const char *options)
{
	char path[64], mount[256];

	snprintf(path, sizeof(path), "/proc/%d/cgroup", getpid());
	fake_put(fake, path, groups);
	snprintf(mount, sizeof(mount), "25 1 0:22 / /%s rw - %s cgroup rw%s\n", strcmp(type, "cgroup2") ? "v1" : "v2",
		 type, options);
	fake_put(fake, "/proc/self/mountinfo", mount);
}

static void put_v2(const struct fake *fake, const char *groups)
{
	put_place(fake, groups, "cgroup2", "");
	fake_put(fake, "/v2/cgroup.procs", "1\n");
	fake_put(fake, "/v2/cgroup.controllers", "cpuset cpu io memory\n");
	fake_put(fake, "/v2/cgroup.subtree_control", "\n");
	fake_put(fake, "/v2/memory.reclaim", "");
	fake_put(fake, "/v2/app/cgroup.controllers", "\n");
	fake_put(fake, "/sys/block/vda/queue/scheduler", "none [bfq] mq-deadline\n");
}

static void examine(const struct fake *fake)
{
	static const struct config config;

	memset(&findings, 0, sizeof(findings));
	check_acting(&findings, fake->root, &config);
}

static void assert_finding(const char *name, enum finding_state state, const char *detail)
{
	size_t i;

	for (i = 0; i < findings.used && strcmp(findings.rows[i].name, name); i++)
		;
	if (i == findings.used)
		fail_msg("nothing is said about %s", name);
	if (findings.rows[i].state != state || strcmp(findings.rows[i].detail, detail))
		fail_msg("%s: state %d, %s", name, findings.rows[i].state, findings.rows[i].detail);
}

#define IN_A_GROUP "can be set in a group of the app's"

/* The root shows few files: what comes with a controller is known to come, of the rest no group tells yet. */
static void v2_root_alone_tells_little(void **state)
{
	const struct fake *fake = *state;

	put_v2(fake, "0::/\n");
	examine(fake);
	assert_finding("control group", FINDING_OK, "an app gets one of its own below /");
	assert_finding("cpu.weight", FINDING_OK, IN_A_GROUP);
	assert_finding("cpuset.cpus", FINDING_OK, IN_A_GROUP);
	assert_finding("memory.low", FINDING_OK, IN_A_GROUP);
	assert_finding("memory.reclaim", FINDING_OK, IN_A_GROUP);
	assert_finding("cpu.idle", FINDING_UNKNOWN,
		       "this kernel shows it in no group yet: an app's own group has it with Linux 5.15 or later");
	assert_finding("io.weight", FINDING_UNKNOWN,
		       "this kernel shows it in no group yet: an app's own group has it with "
		       "CONFIG_BLK_CGROUP_IOCOST=y, or BFQ with CONFIG_BFQ_GROUP_IOSCHED=y");
	assert_finding("io.prio.class", FINDING_MISSING,
		       "this kernel has no io.prio.class here: needs Linux 5.14 or later with "
		       "CONFIG_BLK_CGROUP_IOPRIO=y");
	assert_finding("memory.soft_limit_in_bytes", FINDING_ELSEWHERE,
		       "of cgroup v1: v2 has memory.low and memory.reclaim for that");
}

/* A group with the controllers, whose ever it is, shows what the kernel has. */
static void v2_root_asks_a_group(void **state)
{
	const struct fake *fake = *state;

	put_v2(fake, "0::/\n");
	fake_put(fake, "/v2/app/cgroup.controllers", "cpu io\n");
	fake_put(fake, "/v2/app/cpu.weight", "200\n");
	fake_put(fake, "/v2/app/io.bfq.weight", "default 100\n");
	examine(fake);
	assert_finding("cpu.weight", FINDING_OK, IN_A_GROUP);
	assert_finding("cpu.idle", FINDING_MISSING, "this kernel has no cpu.idle here: needs Linux 5.15 or later");
	assert_finding("io.bfq.weight", FINDING_OK, IN_A_GROUP);
	/* that another group's weight is in the way is none of the app's business */
	fake_put(fake, "/v2/app/cpu.idle", "0\n");
	examine(fake);
	assert_finding("cpu.idle", FINDING_OK, IN_A_GROUP);
}

/* A kernel without a controller lacks all that comes with it. */
static void v2_without_a_controller(void **state)
{
	const struct fake *fake = *state;

	put_v2(fake, "0::/\n");
	fake_put(fake, "/v2/cgroup.controllers", "cpu io\n");
	examine(fake);
	assert_finding("memory.low", FINDING_MISSING,
		       "no hierarchy here has the controller \"memory\": needs it mounted, with cgroup2 where the "
		       "kernel has it for that only");
	assert_finding("cpu.weight", FINDING_OK, IN_A_GROUP);
}

/* In v1 the root shows what groups have, but BFQ's weight. */
static void v1_root_tells(void **state)
{
	const struct fake *fake = *state;
	char procs[128];

	snprintf(procs, sizeof(procs), "%s/v1/app/cgroup.procs", fake->root);
	assert_int_equal(unlink(procs), 0); /* no group then */
	put_place(fake, "4:cpu:/\n", "cgroup", ",cpu");
	fake_put(fake, "/v1/cgroup.procs", "1\n");
	fake_put(fake, "/v1/release_agent", "\n");
	fake_put(fake, "/v1/cpu.shares", "1024\n");
	examine(fake);
	assert_finding("cpu.shares", FINDING_OK, IN_A_GROUP);
	assert_finding("cpu.idle", FINDING_MISSING, "this kernel has no cpu.idle here: needs Linux 5.15 or later");
	fake_put(fake, "/v1/cpu.idle", "0\n");
	examine(fake);
	assert_finding("cpu.idle", FINDING_OK, IN_A_GROUP);
	assert_finding("memory.low", FINDING_MISSING,
		       "no hierarchy here has the controller \"memory\": needs it mounted, with cgroup2 where the "
		       "kernel has it for that only");
}

/* v1 has another name for protection, and says so. */
static void v1_memory(void **state)
{
	const struct fake *fake = *state;

	put_place(fake, "4:memory:/app\n", "cgroup", ",memory");
	fake_put(fake, "/v1/cgroup.procs", "\n");
	fake_put(fake, "/v1/release_agent", "\n");
	fake_put(fake, "/v1/app/cgroup.procs", "1\n");
	fake_put(fake, "/v1/app/memory.soft_limit_in_bytes", "4096\n");
	examine(fake);
	assert_finding("memory.soft_limit_in_bytes", FINDING_OK, IN_A_GROUP);
	assert_finding("memory.low", FINDING_ELSEWHERE, "of cgroup v2: v1 has memory.soft_limit_in_bytes for that");
	assert_finding("memory.reclaim", FINDING_ELSEWHERE, "of cgroup v2: v1 has memory.soft_limit_in_bytes for that");
}

#define ON_FAKE(test) cmocka_unit_test_setup_teardown(test, fake_make, fake_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_FAKE(v2_root_alone_tells_little),
		ON_FAKE(v2_root_asks_a_group),
		ON_FAKE(v2_without_a_controller),
		ON_FAKE(v1_root_tells),
		ON_FAKE(v1_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
