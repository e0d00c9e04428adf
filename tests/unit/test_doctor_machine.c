/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What the doctor reads from procfs, sysfs and cgroupfs. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "act/systemd.h"
#include "commands.h"
#include "doctor/checks.h"

struct fixture {
	struct findings findings;
	char root[64];
};

static int systemd_err;

/* In the place of systemd's own: the machine of the test may have one, or none. */
int systemd_version(char ret[SYSTEMD_VERSION_MAX])
{
	strcpy(ret, "252.39-1");
	return systemd_err;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	strcpy(f->root, "/tmp/test_doctor.XXXXXX");
	*state = f;
	return mkdtemp(f->root) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	int err = nftw(f->root, remove_one, 8, FTW_DEPTH | FTW_PHYS);

	free(f);
	return err;
}

/* Makes a file, and the folders on its path, below the fixture's root. */
static void put(const struct fixture *f, const char *name, const char *text)
{
	char path[PATH_MAX], *slash;
	FILE *file;

	snprintf(path, sizeof(path), "%s%s", f->root, name);
	for (slash = strchr(path + strlen(f->root) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		assert_true(!mkdir(path, 0755) || errno == EEXIST);
		*slash = '/';
	}
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static const struct finding *find(const struct findings *f, const char *name)
{
	size_t i;

	for (i = 0; i < f->used; i++)
		if (!strcmp(f->rows[i].name, name))
			return &f->rows[i];
	fail_msg("nothing is said about %s", name);
	return NULL;
}

static void assert_finding(const struct findings *f, const char *name, enum finding_state state, const char *part)
{
	const struct finding *row = find(f, name);

	if (row->state != state || !strstr(row->detail, part))
		fail_msg("%s: state %d, %s", name, row->state, row->detail);
}

static void clear(struct fixture *f)
{
	memset(&f->findings, 0, sizeof(f->findings));
}

/* The mode in brackets; only confidentiality is in the way. */
static void test_lockdown(void **state)
{
	static const struct {
		const char *text;
		enum finding_state state;
		int status;
	} rows[] = {
		{ "[none] integrity confidentiality\n", FINDING_OK, EXIT_DONE },
		{ "none [integrity] confidentiality\n", FINDING_OK, EXIT_DONE },
		{ "none integrity [confidentiality]\n", FINDING_MISSING, EXIT_UNSUPPORTED },
		{ "something else\n", FINDING_UNKNOWN, EXIT_DONE },
	};
	struct fixture *f = *state;
	size_t i;

	check_lockdown(&f->findings, f->root);
	assert_finding(&f->findings, "lockdown", FINDING_UNKNOWN, "cannot be read");
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		clear(f);
		put(f, "/sys/kernel/security/lockdown", rows[i].text);
		check_lockdown(&f->findings, f->root);
		assert_finding(&f->findings, "lockdown", rows[i].state, "");
		assert_int_equal(findings_status(&f->findings), rows[i].status);
	}
}

/* Files that are there, files that are not, and switches that are off. */
static void test_measurements(void **state)
{
	struct fixture *f = *state;

	check_measurements(&f->findings, f->root);
	assert_finding(&f->findings, "pressure (PSI)", FINDING_MISSING, "psi=1");
	assert_finding(&f->findings, "steal", FINDING_MISSING, "needs procfs");
	assert_finding(&f->findings, "schedstat", FINDING_MISSING, "CONFIG_SCHED_INFO");
	assert_finding(&f->findings, "BPF run time", FINDING_MISSING, "needs ");
	assert_int_equal(findings_status(&f->findings), EXIT_DONE);

	clear(f);
	put(f, "/proc/pressure/cpu", "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n");
	put(f, "/proc/pressure/memory", "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n");
	put(f, "/proc/stat", "cpu  1 2 3 4 5 6 7 8 0 0\n");
	put(f, "/proc/self/schedstat", "1 2 3\n");
	put(f, "/proc/sys/kernel/bpf_stats_enabled", "0\n");
	check_measurements(&f->findings, f->root);
	assert_finding(&f->findings, "pressure (PSI)", FINDING_MISSING, "/proc/pressure/io");
	assert_finding(&f->findings, "steal", FINDING_OK, "");
	assert_finding(&f->findings, "schedstat", FINDING_OK, "");
	assert_finding(&f->findings, "BPF run time", FINDING_MISSING, "sysctl");

	clear(f);
	put(f, "/proc/pressure/io", "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n");
	put(f, "/proc/sys/kernel/bpf_stats_enabled", "1\n");
	check_measurements(&f->findings, f->root);
	assert_finding(&f->findings, "pressure (PSI)", FINDING_OK, "");
	assert_finding(&f->findings, "BPF run time", FINDING_OK, "");
}

/* The layouts of cgroups, from mount tables; without procfs nothing is claimed. */
static void test_layouts(void **state)
{
	struct fixture *f = *state;

	check_cgroups(&f->findings, f->root);
	assert_finding(&f->findings, "layout", FINDING_UNKNOWN, "mountinfo");
	assert_finding(&f->findings, "CPU quota", FINDING_MISSING, "needs ");
	assert_finding(&f->findings, "memory limit", FINDING_MISSING, "needs ");
	clear(f);
	check_cgroups(&f->findings, "tests/fixtures/v1-docker");
	assert_finding(&f->findings, "layout", FINDING_OK, "v1");
	clear(f);
	check_cgroups(&f->findings, "tests/fixtures/v2-systemd");
	assert_finding(&f->findings, "layout", FINDING_OK, "v2 at /sys/fs/cgroup");
	clear(f);
	check_cgroups(&f->findings, "tests/fixtures/hybrid");
	assert_finding(&f->findings, "layout", FINDING_OK, "hybrid: v1, and v2 at /sys/fs/cgroup/unified");
	clear(f);
	put(f, "/proc/self/mountinfo", "31 23 0:28 / /proc rw,relatime - proc proc rw\n");
	check_cgroups(&f->findings, f->root);
	assert_finding(&f->findings, "layout", FINDING_MISSING, "needs a mount");
}

/* Limits and writable groups of our own process, in v2 with controllers. */
static void test_limits(void **state)
{
	struct fixture *f = *state;
	char name[64];

	snprintf(name, sizeof(name), "/proc/%d/cgroup", (int)getpid());
	put(f, name, "0::/build\n");
	put(f, "/proc/self/mountinfo", "31 23 0:28 / /sys/fs/cgroup rw,relatime - cgroup2 cgroup2 rw\n");
	put(f, "/sys/fs/cgroup/cgroup.controllers", "cpu memory\n");
	put(f, "/sys/fs/cgroup/build/cpu.max", "150000 100000\n");
	put(f, "/sys/fs/cgroup/build/memory.max", "1073741824\n");
	put(f, "/sys/fs/cgroup/build/memory.high", "max\n");
	check_cgroups(&f->findings, f->root);
	assert_finding(&f->findings, "CPU quota", FINDING_OK, "1.50 CPUs, by /build");
	assert_finding(&f->findings, "memory limit", FINDING_OK, "1024 MiB, by /build");
	assert_finding(&f->findings, "CPU weights", FINDING_OK, "/sys/fs/cgroup/build is writable");
	assert_finding(&f->findings, "memory protection", FINDING_OK, "/sys/fs/cgroup/build is writable");
}

/* Whether systemd has a say in control groups, and whether it can be asked. */
static void test_systemd(void **state)
{
	struct fixture *f = *state;

	check_cgroups(&f->findings, f->root);
	assert_finding(&f->findings, "systemd", FINDING_OK, "does not run here");
	put(f, "/run/systemd/system/README", "");
	clear(f);
	check_cgroups(&f->findings, f->root);
	assert_finding(&f->findings, "systemd", FINDING_OK, "252.39-1, through which");
	systemd_err = -ENOSYS;
	clear(f);
	check_cgroups(&f->findings, f->root);
	assert_finding(&f->findings, "systemd", FINDING_MISSING, "needs libsystemd");
	systemd_err = -ECONNREFUSED;
	clear(f);
	check_cgroups(&f->findings, f->root);
	assert_finding(&f->findings, "systemd", FINDING_MISSING, "(Connection refused)");
}

/* Disks with and without a choice of schedulers; empty ones are not worth a line. */
static void test_disks(void **state)
{
	struct fixture *f = *state;

	check_disks(&f->findings, f->root);
	assert_finding(&f->findings, "disks", FINDING_UNKNOWN, "sysfs");
	clear(f);
	put(f, "/sys/block/vdb/size", "100\n");
	put(f, "/sys/block/vdb/queue/scheduler", "[none] mq-deadline\n");
	put(f, "/sys/block/sda/size", "100\n");
	put(f, "/sys/block/sda/queue/scheduler", "none mq-deadline [bfq]\n");
	put(f, "/sys/block/dm-0/size", "100\n");
	put(f, "/sys/block/md0/size", "100\n");
	put(f, "/sys/block/md0/queue/scheduler", "none\n");
	put(f, "/sys/block/loop0/size", "0\n");
	check_disks(&f->findings, f->root);
	assert_int_equal(f->findings.used, 4);
	assert_string_equal(f->findings.rows[0].name, "dm-0");
	assert_finding(&f->findings, "dm-0", FINDING_OK, "not scheduled");
	assert_finding(&f->findings, "sda", FINDING_OK, "I/O scheduler bfq");
	assert_finding(&f->findings, "vdb", FINDING_OK, "I/O scheduler none");
	assert_finding(&f->findings, "md0", FINDING_OK, "I/O scheduler none");
}

/* A machine with hundreds of disks does not crowd out the rest. */
static void test_many_disks(void **state)
{
	struct fixture *f = *state;
	char name[64];
	int i;

	for (i = 0; i < 30; i++) {
		snprintf(name, sizeof(name), "/sys/block/sd%02d/size", i);
		put(f, name, "100\n");
	}
	check_disks(&f->findings, f->root);
	assert_finding(&f->findings, "more", FINDING_OK, "6 disks");
}

/* Folders that are there or could be made. */
static void test_state_folders(void **state)
{
	struct fixture *f = *state;

	check_state_folders(&f->findings, f->root);
	assert_finding(&f->findings, "/run", FINDING_MISSING, "needs ");
	clear(f);
	put(f, "/run/x", "");
	put(f, "/var/lib/accel-agent/x", "");
	check_state_folders(&f->findings, f->root);
	assert_finding(&f->findings, "/run", FINDING_OK, "/run is writable");
	assert_finding(&f->findings, "/var/lib", FINDING_OK, "/var/lib/accel-agent is writable");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_lockdown, setup, teardown),
		cmocka_unit_test_setup_teardown(test_measurements, setup, teardown),
		cmocka_unit_test_setup_teardown(test_layouts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_limits, setup, teardown),
		cmocka_unit_test_setup_teardown(test_systemd, setup, teardown),
		cmocka_unit_test_setup_teardown(test_disks, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many_disks, setup, teardown),
		cmocka_unit_test_setup_teardown(test_state_folders, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
