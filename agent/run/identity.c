// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/* From /proc, or by the way that the kernel goes from a command's name to what it runs. */
#include "run/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/root.h"
#include "util/cleanup.h"
#include "util/file.h"

#define USUAL_PATH "/bin:/usr/bin" /* execvp's, where there is no PATH */
#define HEAD_BYTES 256 /* of a script that the kernel looks at */
#define INTERPRETERS_MAX 5 /* scripts whose interpreters are scripts: so many does the kernel follow */

void identity_clear(struct identity *identity)
{
	free(identity->program);
	free(identity->directory);
	*identity = (struct identity){ 0 };
}

/* --- of a process --- */

/* Where a link of /proc leads; "/x (deleted)" is nothing that can be opened again. */
static int read_link(const char *root, pid_t pid, const char *name, char **ret)
{
	static const char deleted[] = " (deleted)";
	char link[PATH_MAX], target[PATH_MAX];
	ssize_t n;
	int err = sys_path(link, sizeof(link), root, "/proc/%d/%s", (int)pid, name);

	if (err)
		return err;
	n = readlink(link, target, sizeof(target));
	if (n < 0)
		return -errno;
	if ((size_t)n >= sizeof(target))
		return -ENAMETOOLONG;
	target[n] = '\0';
	if (target[0] != '/' || ((size_t)n >= sizeof(deleted) && !strcmp(target + n - (sizeof(deleted) - 1), deleted)))
		return -ENOENT;
	*ret = strdup(target);
	return *ret ? 0 : -ENOMEM;
}

/*
 * Whether what a process's paths say can be believed: it is of our own user, and sees the same mounts. Somebody else
 * could name a program that is no file of a file system, and have us read that.
 */
static int check_trusted(const char *root, pid_t pid)
{
	char path[PATH_MAX], theirs[64], ours[64];
	struct stat st;
	ssize_t n, m;
	int err = sys_path(path, sizeof(path), root, "/proc/%d", (int)pid);

	if (err)
		return err;
	if (stat(path, &st) < 0)
		return -errno;
	if (st.st_uid != geteuid())
		return -EPERM;
	err = sys_path(path, sizeof(path), root, "/proc/%d/ns/mnt", (int)pid);
	n = err ? -1 : readlink(path, theirs, sizeof(theirs));
	err = sys_path(path, sizeof(path), root, "/proc/self/ns/mnt");
	m = err ? -1 : readlink(path, ours, sizeof(ours));
	return n > 0 && n == m && !memcmp(theirs, ours, (size_t)n) ? 0 : -EPERM;
}

int identity_of_process(const char *root, pid_t pid, struct identity *ret)
{
	struct identity identity = { 0 };
	int err = check_trusted(root, pid);

	if (!err)
		err = read_link(root, pid, "exe", &identity.program);
	if (!err)
		err = read_link(root, pid, "cwd", &identity.directory);
	if (err) {
		identity_clear(&identity);
		return err;
	}
	*ret = identity;
	return 0;
}

/* --- of a command --- */

static bool can_run(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode) && !faccessat(AT_FDCWD, path, X_OK, AT_EACCESS);
}

/* What execvp(3) finds under a name. */
static int search(const char *command, char ret[PATH_MAX])
{
	const char *at = getenv("PATH"), *end;
	int len, n;

	if (strchr(command, '/')) {
		n = snprintf(ret, PATH_MAX, "%s", command);
		return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : can_run(ret) ? 0 : -ENOENT;
	}
	for (at = at ? at : USUAL_PATH; at; at = *end ? end + 1 : NULL) {
		end = strchrnul(at, ':');
		len = (int)(end - at);
		/* an empty entry is the working directory */
		n = snprintf(ret, PATH_MAX, "%.*s%s%s", len, at, len ? "/" : "./", command);
		if (n > 0 && n < PATH_MAX && can_run(ret))
			return 0;
	}
	return -ENOENT;
}

/* The interpreter that a script names in its first line. Returns 1, or 0 if it is no script. */
static int interpreter(const char *path, char ret[PATH_MAX])
{
	char head[HEAD_BYTES + 1];
	size_t len;

	/* opening anything else may wait for ever */
	if (!can_run(path) || read_file_start_at(AT_FDCWD, path, head, HEAD_BYTES, &len) || len < 3 || head[0] != '#' ||
	    head[1] != '!')
		return 0;
	head[len] = '\0';
	head[strcspn(head, "\n")] = '\0';
	return sscanf(head + 2, " %255s", ret) == 1;
}

int identity_of_command(const char *command, struct identity *ret)
{
	struct identity identity = { 0 };
	char path[PATH_MAX], next[PATH_MAX];
	int i, err = search(command, path);

	if (err)
		return err;
	for (i = 0; i < INTERPRETERS_MAX && interpreter(path, next); i++)
		memcpy(path, next, sizeof(path));
	identity.program = realpath(path, NULL);
	if (!identity.program)
		return -errno;
	identity.directory = getcwd(NULL, 0);
	if (!identity.directory) {
		err = -errno;
		identity_clear(&identity);
		return err;
	}
	*ret = identity;
	return 0;
}
