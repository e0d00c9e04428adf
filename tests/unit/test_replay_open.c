/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What a replay opens, what it leaves alone, how much memory it may fill, and which command it takes for the next. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "profile/replay_budget.h"
#include "profile/replay_open.h"
#include "profile/sequence.h"
#include "sandbox.h"
#include "sys/mounts.h"
#include "sys/pressure.h"
#include "sys/resident.h"

#define FILES 40
#define NAME 160

struct fixture {
	struct profile_file files[FILES];
	char text[FILES][NAME];
	struct profile profile;
	struct replay_opened opened[FILES];
	unsigned int told[FILES]; /* how often each was said to be open */
};

static void count(void *context, uint32_t index)
{
	struct fixture *f = context;

	__atomic_fetch_add(&f->told[index], 1, __ATOMIC_RELAXED);
}

static void add(struct fixture *f, const char *path)
{
	uint32_t i = f->profile.nfiles++;

	snprintf(f->text[i], NAME, "%s", path);
	f->files[i].path = i * NAME;
	f->opened[i].file = i;
}

static void start(struct fixture *f)
{
	*f = (struct fixture){ .profile.files = f->files, .profile.text = f->text[0] };
}

static int count_open(void)
{
	int fd, n = 0;

	for (fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* Regular files, whatever their number; each with its size and its inode number. */
static void test_regular(void **state)
{
	struct sandbox *s = *state;
	struct fixture f;
	struct stat st;
	char name[32];
	uint32_t i;

	sandbox_need_openat2();
	start(&f);
	for (i = 0; i < FILES; i++) {
		snprintf(name, sizeof(name), "/file%u", i);
		sandbox_write(s, name, "12345");
		add(&f, sandbox_path(s, name));
	}
	replay_open_files(&f.profile, 0, f.opened, FILES, 16, count, &f);
	for (i = 0; i < FILES; i++) {
		assert_int_equal(f.told[i], 1);
		assert_int_equal(f.opened[i].state, REPLAY_FILE_SAME);
		assert_int_equal(fstat(f.opened[i].fd, &st), 0);
		assert_int_equal(f.opened[i].ino, st.st_ino);
		assert_int_equal(f.opened[i].size, 5);
		assert_int_equal(f.opened[i].mtime_ns, st.st_mtim.tv_sec * 1000000000LL + st.st_mtim.tv_nsec);
		assert_int_equal(fcntl(f.opened[i].fd, F_GETFL) & O_ACCMODE, O_RDONLY);
		close(f.opened[i].fd);
	}
}

/* A FIFO without a writer, a link, a folder, a device: none of them is opened, and none keeps the others from it. */
static void test_others(void **state)
{
	struct sandbox *s = *state;
	int before = count_open();
	struct fixture f;
	uint32_t i;

	sandbox_need_openat2();
	start(&f);
	sandbox_write(s, "/file", "x");
	assert_int_equal(mkfifo(sandbox_path(s, "/fifo"), 0600), 0);
	assert_int_equal(symlink("file", sandbox_path(s, "/link")), 0);
	assert_int_equal(mkdir(sandbox_path(s, "/folder"), 0700), 0);
	add(&f, sandbox_path(s, "/fifo"));
	add(&f, sandbox_path(s, "/link"));
	add(&f, sandbox_path(s, "/folder"));
	add(&f, "/dev/null");
	add(&f, sandbox_path(s, "/file/below"));
	add(&f, sandbox_path(s, "/none"));
	add(&f, sandbox_path(s, "/file"));
	replay_open_files(&f.profile, 0, f.opened, f.profile.nfiles, 16, count, &f);
	for (i = 0; i < 6; i++) {
		assert_int_equal(f.opened[i].fd, -1);
		assert_int_equal(f.opened[i].state, i < 4 ? REPLAY_FILE_REFUSED : REPLAY_FILE_GONE);
	}
	assert_int_equal(f.opened[6].state, REPLAY_FILE_SAME);
	close(f.opened[6].fd);
	assert_int_equal(count_open(), before);
}

/* What a profile calls a device is opened only if it is one, and one of its files lies on it. */
static void test_devices(void **state)
{
	struct sandbox *s = *state;
	struct sys_mounts mounts;
	struct fixture f;

	assert_int_equal(sys_mounts_read("", &mounts), 0);
	start(&f);
	sandbox_write(s, "/file", "x");
	add(&f, "/dev/null");
	add(&f, sandbox_path(s, "/file"));
	add(&f, "/none");
	assert_int_equal(replay_open_device(&f.profile, &f.files[0], &mounts), -EPERM);
	assert_int_equal(replay_open_device(&f.profile, &f.files[1], &mounts), -EPERM);
	assert_int_equal(replay_open_device(&f.profile, &f.files[2], &mounts), -ENOENT);
	sys_mounts_free(&mounts);
}

/* Half of what is available. */
static void test_budget(void **state)
{
	struct sandbox *s = *state;

	assert_int_equal(replay_budget(s->root, 1), 0);
	sandbox_write(s, "/proc/meminfo", "MemTotal:  8000 kB\nMemFree:  100 kB\nMemAvailable:  4000 kB\n");
	assert_int_equal(replay_budget(s->root, 1), 2000 * 1024);
	sandbox_write(s, "/proc/meminfo", "MemTotal:  8000 kB\n");
	assert_int_equal(replay_budget(s->root, 1), 0);
}

/* Past memory.high the kernel slows the app down: a replay stays below it, as below memory.max. */
static void test_budget_of_group(void **state)
{
	struct sandbox *s = *state;

	sandbox_write(s, "/proc/meminfo", "MemTotal:  8000 kB\nMemAvailable:  4000 kB\n");
	sandbox_write(s, "/proc/self/mountinfo", "30 24 0:26 / /cg rw shared:4 - cgroup2 cgroup2 rw\n");
	sandbox_write(s, "/proc/7/cgroup", "0::/a/b\n");
	sandbox_write(s, "/cg/a/b/memory.max", "max\n");
	sandbox_write(s, "/cg/a/memory.max", "2000000\n");
	sandbox_write(s, "/cg/a/memory.high", "1000000\n");
	sandbox_write(s, "/cg/a/memory.current", "500000\n");
	sandbox_write(s, "/cg/a/memory.stat", "anon 400000\ninactive_file 100000\n");
	assert_int_equal(replay_budget(s->root, 7), 300000);
}

/* The tightest group on the path says how many threads there may be: a quarter of what it leaves. */
static void test_threads(void **state)
{
	struct sandbox *s = *state;

	assert_int_equal(replay_threads(s->root, 7), 32); /* nobody tells */
	sandbox_write(s, "/proc/self/mountinfo", "30 24 0:26 / /cg rw shared:4 - cgroup2 cgroup2 rw\n");
	sandbox_write(s, "/proc/7/cgroup", "0::/a/b\n");
	sandbox_write(s, "/cg/a/b/pids.max", "max\n");
	assert_int_equal(replay_threads(s->root, 7), 32);
	sandbox_write(s, "/cg/a/pids.max", "100\n");
	sandbox_write(s, "/cg/a/pids.current", "60\n");
	assert_int_equal(replay_threads(s->root, 7), 10);
	sandbox_write(s, "/cg/a/pids.current", "99\n");
	assert_int_equal(replay_threads(s->root, 7), 1);
	sandbox_write(s, "/cg/a/pids.current", "101\n");
	assert_int_equal(replay_threads(s->root, 7), 1);
}

/* A group whose room is tight does not take in a replay. */
static void test_fits(void **state)
{
	(void)state;
	assert_true(replay_fits(UINT64_MAX, 33));
	assert_true(replay_fits(4, 1));
	assert_false(replay_fits(3, 1));
	assert_false(replay_fits(100, 33));
}

static uint64_t pressure(const char *text)
{
	uint64_t ns;
	int err = sys_pressure_parse(text, strlen(text), &ns);

	if (err)
		assert_int_equal(err, -EINVAL);
	return err ? UINT64_MAX : ns;
}

/* The first line's total, in ns. */
static void test_pressure(void **state)
{
	(void)state;
	assert_int_equal(pressure("some avg10=0.00 avg60=0.01 avg300=0.00 total=12345\nfull avg10=0.00 total=7\n"),
			 12345000);
	assert_int_equal(pressure("full avg10=0.00 total=7\n"), UINT64_MAX);
	assert_int_equal(pressure("some avg10=0.00\nfull total=7\n"), UINT64_MAX);
	assert_int_equal(pressure("some total=18446744073709551615\n"), UINT64_MAX);
	assert_int_equal(pressure("some total=12x\n"), UINT64_MAX);
	assert_int_equal(pressure(""), UINT64_MAX);
}

/* What was just written is in the page cache, what is behind the end of the file is not. */
static void test_resident(void **state)
{
	struct sandbox *s = *state;
	static char text[3 * 4096 + 1];
	uint64_t bytes;
	int fd;

	memset(text, 'x', sizeof(text) - 1);
	sandbox_write(s, "/file", text);
	fd = open(sandbox_path(s, "/file"), O_RDONLY);
	assert_int_equal(sys_resident(fd, 0, sizeof(text) - 1, &bytes), 0);
	assert_in_range(bytes, sizeof(text) - 1, 65536);
	assert_int_equal(sys_resident(fd, 1 << 20, 4096, &bytes), 0);
	assert_int_equal(bytes, 0);
	assert_int_equal(sys_resident(fd, 0, 0, &bytes), 0);
	assert_int_equal(bytes, 0);
	assert_int_equal(sys_resident(fd, UINT64_MAX - 10, 4096, &bytes), -EOVERFLOW);
	assert_int_equal(sys_resident(fd, 4096, UINT64_MAX - 10, &bytes), -EOVERFLOW);
	close(fd);
	assert_true(sys_resident(-1, 0, 4096, &bytes) < 0);
}

/* --- what comes next --- */

static uint64_t write_profile(const char *folder, const char *command, const char *place)
{
	const struct profile p = { .key = { .command = command, .program = "/usr/bin/program", .directory = place },
				   .text = "" };

	assert_int_equal(profile_write(folder, &p), 0);
	return profile_id(&p.key);
}

static uint32_t next_times(const char *folder, uint64_t id, uint64_t next)
{
	struct profile p;
	uint32_t i, times = 0;

	assert_int_equal(profile_open(folder, id, &p), 0);
	for (i = 0; i < p.nnext; i++)
		if (p.next[i].id == next)
			times = p.next[i].times;
	profile_close(&p);
	return times;
}

/* A command that starts soon after another one ended, in the same folder, follows it; nothing else does. */
static void test_sequence(void **state)
{
	struct sandbox *s = *state;
	char folder[sizeof(s->state) + 16];
	uint64_t first, second, elsewhere;

	assert_int_equal(mkdir(s->state, 0700), 0);
	snprintf(folder, sizeof(folder), "%s/profiles", s->state);
	first = write_profile(folder, "configure", "/src");
	second = write_profile(folder, "make", "/src");
	elsewhere = write_profile(folder, "make", "/other");

	sequence_ended(s->state, folder, first, "/src", 0, sequence_now_ns());
	sequence_ended(s->state, folder, second, "/src", sequence_now_ns(), sequence_now_ns());
	assert_int_equal(next_times(folder, first, second), 1);
	sequence_ended(s->state, folder, elsewhere, "/other", sequence_now_ns(), sequence_now_ns());
	assert_int_equal(next_times(folder, second, elsewhere), 0);
	sequence_ended(s->state, folder, first, "/src", sequence_now_ns(), sequence_now_ns());
	sequence_ended(s->state, folder, second, "/src", 0, sequence_now_ns()); /* it ran beside the other one */
	assert_int_equal(next_times(folder, first, second), 1);
	sequence_ended(s->state, folder, first, "/src", sequence_now_ns(), sequence_now_ns());
	sequence_ended(s->state, folder, second, "/src", sequence_now_ns() + 61000000000ULL, sequence_now_ns());
	assert_int_equal(next_times(folder, first, second), 1);
	sequence_ended(s->state, folder, second, "/src", sequence_now_ns(), sequence_now_ns());
	assert_int_equal(next_times(folder, second, second), 0);
}

/* Once it is sure, the profile is not written again for it. */
static void test_sequence_sure(void **state)
{
	struct sandbox *s = *state;
	char folder[sizeof(s->state) + 16];
	uint64_t first, second;
	int i;

	assert_int_equal(mkdir(s->state, 0700), 0);
	snprintf(folder, sizeof(folder), "%s/profiles", s->state);
	first = write_profile(folder, "configure", "/src");
	second = write_profile(folder, "make", "/src");
	for (i = 0; i < 10; i++) {
		sequence_ended(s->state, folder, first, "/src", 0, sequence_now_ns());
		sequence_ended(s->state, folder, second, "/src", sequence_now_ns(), sequence_now_ns());
	}
	assert_int_equal(next_times(folder, first, second), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_regular, sandbox_make, sandbox_remove),
		cmocka_unit_test_setup_teardown(test_others, sandbox_make, sandbox_remove),
		cmocka_unit_test_setup_teardown(test_devices, sandbox_make, sandbox_remove),
		cmocka_unit_test_setup_teardown(test_budget, sandbox_make, sandbox_remove),
		cmocka_unit_test_setup_teardown(test_budget_of_group, sandbox_make, sandbox_remove),
		cmocka_unit_test_setup_teardown(test_threads, sandbox_make, sandbox_remove),
		cmocka_unit_test(test_fits),
		cmocka_unit_test(test_pressure),
		cmocka_unit_test_setup_teardown(test_resident, sandbox_make, sandbox_remove),
		cmocka_unit_test_setup_teardown(test_sequence, sandbox_make, sandbox_remove),
		cmocka_unit_test_setup_teardown(test_sequence_sure, sandbox_make, sandbox_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
