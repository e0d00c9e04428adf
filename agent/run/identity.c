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

#include "sys/mounts.h"
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
	sys_view_clear(&identity->view);
	*identity = (struct identity){ 0 };
}

/* --- of a process --- */

/* Arguments that cannot be read, or were taken away, name no script. */
static void read_script(int process, struct identity *identity)
{
	char args[SCRIPT_ARGS_MAX];
	size_t len;

	if (!read_file_start_at(process, "cmdline", args, sizeof(args), &len))
		script_name(identity->program, args, len, identity->script);
}

/* Where a link in a process's folder leads; "/x (deleted)" is nothing that can be opened again. */
static int read_link(int process, const char *name, char ret[PATH_MAX])
{
	static const char deleted[] = " (deleted)";
	ssize_t n = readlinkat(process, name, ret, PATH_MAX);

	if (n < 0)
		return -errno;
	if (n >= PATH_MAX)
		return -ENAMETOOLONG;
	ret[n] = '\0';
	if (ret[0] != '/' || ((size_t)n >= sizeof(deleted) && !strcmp(ret + n - (sizeof(deleted) - 1), deleted)))
		return -ENOENT;
	return 0;
}

/* Links are written as from the top of the process's mounts; itself, it sees what is below its root. */
static int read_path(int process, const char *name, bool below_root, char **ret)
{
	char target[PATH_MAX], root[PATH_MAX];
	const char *path = target;
	int err = read_link(process, name, target);

	if (!err && below_root)
		err = read_link(process, "root", root);
	if (err)
		return err;
	if (below_root)
		path = sys_path_below(root, target);
	if (!path)
		return -ENOENT;
	*ret = strdup(*path ? path : "/");
	return *ret ? 0 : -ENOMEM;
}

/*
 * All through one descriptor of the process's folder, which is never that of another process. It may change who it is
 * meanwhile, by running a program that does: so its rights are those that it had before its program was read and after,
 * and its program is what it ran before it was opened and after.
 */
static int read_process(const char *root, int process, struct identity *identity)
{
	char program_before[PATH_MAX], program_after[PATH_MAX];
	struct sys_credentials after = { 0 };
	bool elsewhere;
	int err = read_link(process, "exe", program_before);

	if (!err)
		err = sys_view_of_process(root, process, &identity->view);
	elsewhere = identity->view.root;
	if (!err)
		err = read_path(process, "exe", elsewhere, &identity->program);
	if (!err)
		read_script(process, identity);
	if (!err)
		err = read_path(process, "cwd", elsewhere, &identity->directory);
	if (!err)
		err = sys_credentials_read(process, &after);
	if (!err && !sys_credentials_equal(&identity->view.credentials, &after))
		err = -EPERM;
	if (!err)
		err = read_link(process, "exe", program_after);
	if (!err && strcmp(program_before, program_after))
		err = -ESRCH;
	sys_credentials_clear(&after);
	return err;
}

int identity_of_process(const char *root, pid_t pid, struct identity *ret)
{
	struct identity identity = { 0 };
	cleanup_close int process = -1;
	char path[PATH_MAX];
	int err = sys_path(path, sizeof(path), root, "/proc/%d", (int)pid);

	if (err)
		return err;
	process = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	err = process < 0 ? -errno : read_process(root, process, &identity);
	if (err) {
		identity_clear(&identity);
		return err;
	}
	*ret = identity;
	return 0;
}

struct profile_key identity_key(const struct identity *identity, const char *command)
{
	return (struct profile_key){
		.command = *identity->script ? identity->script : command,
		.program = identity->program,
		.directory = identity->directory,
		.uid = identity->view.credentials.uid,
		.flags = identity->view.root ? PROFILE_KEY_CONTAINER : 0,
	};
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

/* As /proc/PID/cmdline will have them. What does not fit is left out there, too. */
static void find_script(char *const command[], const char *program, char ret[SCRIPT_NAME_MAX])
{
	char args[SCRIPT_ARGS_MAX];
	size_t used = 0, len;

	for (; *command && used < sizeof(args); command++) {
		len = strlen(*command) + 1;
		if (len > sizeof(args) - used)
			len = sizeof(args) - used;
		memcpy(args + used, *command, len);
		used += len;
	}
	script_name(program, args, used, ret);
}

int identity_of_command(char *const command[], struct identity *ret)
{
	struct identity identity = { 0 };
	char path[PATH_MAX], next[PATH_MAX];
	int i, err = search(command[0], path);

	if (err)
		return err;
	for (i = 0; i < INTERPRETERS_MAX && interpreter(path, next); i++)
		memcpy(path, next, sizeof(path));
	identity.program = realpath(path, NULL);
	if (!identity.program)
		return -errno;
	/* of a "#!" file, the name that it has, not its interpreter's: it may stand for one, as version managers have it */
	find_script(command, i ? command[0] : identity.program, identity.script);
	identity.directory = getcwd(NULL, 0);
	err = identity.directory ? sys_view_of_self(identity.program, &identity.view) : -errno;
	if (err) {
		identity_clear(&identity);
		return err;
	}
	*ret = identity;
	return 0;
}
