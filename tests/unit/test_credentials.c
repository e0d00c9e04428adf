/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Credentials: read from procfs, and taken for good. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "profile/replay_rights.h"
#include "sandbox.h"
#include "sys/credentials.h"
#include "sys/view.h"

#define NOBODY 65534
#define UIDS "Uid:\t7\t7\t7\t7\n"
#define GIDS "Gid:\t8\t8\t8\t8\n"
#define GROUPS "Groups:\t4 24 8 \n"
#define CAPABILITIES "CapEff:\t000001ffffffffff\n"
#define FOWNER (1ULL << CAP_FOWNER)

static int parse(const char *text)
{
	struct sys_credentials c;
	int err = sys_credentials_parse(text, strlen(text), &c);

	if (!err)
		sys_credentials_clear(&c);
	return err;
}

/* All of them, in any order, among other lines. */
static void test_parse(void **state)
{
	static const char text[] = "Name:\tUid:\\n\nState:\tS\n" UIDS GIDS "FDSize:\t64\n" GROUPS CAPABILITIES "x";
	struct sys_credentials c;

	(void)state;
	assert_int_equal(sys_credentials_parse(text, sizeof(text) - 1, &c), 0);
	assert_int_equal(c.uid, 7);
	assert_int_equal(c.gid, 8);
	assert_int_equal(c.ngroups, 3);
	assert_int_equal(c.groups[0], 4);
	assert_int_equal(c.groups[2], 8);
	assert_int_equal(c.capabilities, 0x1ffffffffff);
	sys_credentials_clear(&c);
	assert_null(c.groups);
	assert_int_equal(parse(UIDS GIDS "Groups:\t \n" CAPABILITIES), 0);
}

/* What is missing, or is no number, is not guessed; and nobody has two users' rights. */
static void test_nonsense(void **state)
{
	static const char *const mixed[] = { "Uid:\t7\t0\t7\t7\n" GIDS GROUPS CAPABILITIES,
					     "Uid:\t7\t7\t7\t0\n" GIDS GROUPS CAPABILITIES,
					     UIDS "Gid:\t8\t8\t0\t8\n" GROUPS CAPABILITIES };
	static const char *const wrong[] = {
		"",
		GIDS GROUPS CAPABILITIES,
		UIDS GROUPS CAPABILITIES,
		UIDS GIDS CAPABILITIES,
		UIDS GIDS GROUPS,
		"Uid:\t7\t7\t7\n" GIDS GROUPS CAPABILITIES,
		"Uid:\t-1\t-1\t-1\t-1\n" GIDS GROUPS CAPABILITIES,
		"Uid:\t4294967295\t4294967295\t4294967295\t4294967295\n" GIDS GROUPS CAPABILITIES,
		UIDS GIDS "Groups:\t4 x\n" CAPABILITIES,
		UIDS GIDS GROUPS "CapEff:\t00000000000000g0\n",
		UIDS GIDS GROUPS "CapEff:\t0\n",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(mixed) / sizeof(mixed[0]); i++)
		assert_int_equal(parse(mixed[i]), -EPERM);
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(parse(wrong[i]), -EINVAL);
}

static int check(int holds, int step)
{
	return holds ? 0 : step;
}

/* In a child: the first step that failed, or 0. */
static int become_nobody(const char *open_file, const char *secret)
{
	gid_t groups[] = { 4, 24 }, found[3];
	const struct sys_credentials nobody = { .uid = NOBODY, .gid = NOBODY, .groups = groups, .ngroups = 2 };
	struct sys_credentials now;
	int self = open("/proc/self", O_PATH | O_DIRECTORY), failed;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (sys_credentials_take(&nobody, FOWNER) || sys_credentials_read(self, &now))
		return 1;
	failed = check(now.uid == NOBODY && now.gid == NOBODY, 2);
	failed = failed ? failed : check(getgroups(3, found) == 2 && found[0] == 4 && found[1] == 24, 3);
	failed = failed ? failed : check(now.capabilities == FOWNER, 4);
	failed = failed ? failed : check(prctl(PR_GET_DUMPABLE) == 0, 5);
	failed = failed ? failed : check(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1, 6);
	failed = failed ? failed : check(setuid(0) < 0, 7);
	failed = failed ? failed : check(open(open_file, O_RDONLY | O_NOATIME) >= 0, 8);
	return failed ? failed : check(open(secret, O_RDONLY) < 0 && errno == EACCES, 9);
}

/* They are taken as a whole, and there is no way back: what that user may not read cannot be read. */
static void test_take(void **state)
{
	struct sandbox *s = *state;
	int status;
	pid_t child;

	if (geteuid())
		skip(); /* only root can become somebody else */
	sandbox_write(s, "/open", "x");
	sandbox_write(s, "/secret", "x");
	assert_int_equal(chmod(s->root, 0755), 0);
	assert_int_equal(chmod(sandbox_path(s, "/open"), 0644), 0);
	assert_int_equal(chmod(sandbox_path(s, "/secret"), 0600), 0);
	child = fork();
	if (!child)
		_exit(become_nobody(sandbox_path(s, "/open"), sandbox_path(s, "/secret")));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

/* Root's right to read everything goes to a replay for root alone, if the app itself has it, for all files. */
static void test_kept(void **state)
{
	const uint64_t reads = 1ULL << CAP_DAC_OVERRIDE | 1ULL << CAP_DAC_READ_SEARCH;
	struct sys_view view = { .own_users = true };

	(void)state;
	assert_int_equal(replay_rights_kept(&view), FOWNER);
	view.credentials.capabilities = UINT64_MAX;
	assert_int_equal(replay_rights_kept(&view), FOWNER | reads);
	view.credentials.capabilities = 1ULL << CAP_DAC_OVERRIDE | 1ULL << CAP_SYS_ADMIN;
	assert_int_equal(replay_rights_kept(&view), FOWNER | 1ULL << CAP_DAC_OVERRIDE);
	view.credentials.uid = 1000;
	assert_int_equal(replay_rights_kept(&view), FOWNER);
	view.credentials.uid = 0;
	view.own_users = false;
	assert_int_equal(replay_rights_kept(&view), FOWNER);
}

/* The descriptors of a view stay open, and no others. */
static void test_keep(void **state)
{
	struct sys_view view = { 0 };
	int i, status, kept = 0, open_fds[3];
	pid_t child;

	(void)state;
	child = fork();
	if (!child) {
		for (i = 0; i < 3; i++)
			open_fds[i] = dup2(0, 300 + 100 * i);
		view.program = open_fds[2];
		view.root = open_fds[0];
		sys_view_keep(&view);
		for (i = 0; i < 1024; i++)
			kept += fcntl(i, F_GETFD) >= 0 && i > 2;
		_exit(kept == 2 && fcntl(300, F_GETFD) >= 0 && fcntl(500, F_GETFD) >= 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_nonsense),
		cmocka_unit_test_setup_teardown(test_take, sandbox_make, sandbox_remove),
		cmocka_unit_test(test_kept),
		cmocka_unit_test(test_keep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
