/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Reading small pseudo files whole, and writing output files that appear whole or not at all. */
#include "util/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/parse.h"

/* Reads until size bytes or the end. Returns the number of bytes or -errno. */
static ssize_t read_fully(int fd, char *buf, size_t size)
{
	size_t used = 0;

	while (used < size) {
		ssize_t n = read(fd, buf + used, size - used);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		used += (size_t)n;
	}
	return (ssize_t)used;
}

int read_file_start_at(int dirfd, const char *path, char *ret, size_t size, size_t *ret_len)
{
	cleanup_close int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read_fully(fd, ret, size);
	if (n < 0)
		return (int)n;
	*ret_len = (size_t)n;
	return 0;
}

int read_file_at(int dirfd, const char *path, size_t max_bytes, char **ret_text, size_t *ret_len)
{
	cleanup_close int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	cleanup_free char *text = NULL;
	size_t room = 0, used = 0;
	ssize_t n;

	if (fd < 0)
		return -errno;
	/* pseudo files have no size to ask for: double the room until the end shows */
	do {
		char *larger;

		room = room ? room * 2 : 4096;
		if (room > max_bytes)
			room = max_bytes + 1; /* the one byte that tells a file that is too large */
		larger = realloc(text, room + 1);
		if (!larger)
			return -ENOMEM;
		text = larger;
		n = read_fully(fd, text + used, room - used);
		if (n < 0)
			return (int)n;
		used += (size_t)n;
		if (used > max_bytes)
			return -EFBIG;
	} while (used == room);
	text[used] = '\0';
	*ret_text = text;
	*ret_len = used;
	text = NULL;
	return 0;
}

void occupy_stdio(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

void leave_stdio(int first, int last)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), fd;

	for (fd = first; null >= 0 && fd <= last; fd++)
		dup2(null, fd);
	if (null > STDERR_FILENO)
		close(null);
}

int write_fully(int fd, const void *data, size_t size)
{
	const char *from = data;

	while (size) {
		ssize_t n = write(fd, from, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		from += n;
		size -= (size_t)n;
	}
	return 0;
}

/* The descriptor that path stands for in this process, or -1: a name like any other. */
static int standing_fd(const char *path)
{
	static const char *const folders[] = { "/dev/fd/", "/proc/self/fd/" };
	size_t i;

	if (!strcmp(path, "/dev/stdout"))
		return STDOUT_FILENO;
	if (!strcmp(path, "/dev/stderr"))
		return STDERR_FILENO;
	for (i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		size_t n = strlen(folders[i]);
		uint64_t fd;

		if (strncmp(path, folders[i], n))
			continue;
		if (!parse_u64((struct span){ path + n, strlen(path + n) }, INT_MAX, &fd))
			return (int)fd;
	}
	return -1;
}

static int open_standing(struct output_file *ret, int standing)
{
	int fd = fcntl(standing, F_DUPFD_CLOEXEC, 3);

	if (fd < 0)
		return -errno;
	ret->stream = fdopen(fd, "w");
	if (ret->stream)
		return 0;
	close(fd);
	return -ENOMEM;
}

static int open_special(struct output_file *ret, const char *path)
{
	cleanup_close int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW |
						  O_NONBLOCK); /* no waiting for a reader */
	struct stat st;

	if (fd < 0)
		return -errno;
	/* the name may have become a link to a regular file since we looked: do not overwrite that */
	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISREG(st.st_mode))
		return -ELOOP;
	if (S_ISBLK(st.st_mode)) /* nobody means to put a report over a disk */
		return -EINVAL;
	if (fcntl(fd, F_SETFL, 0) < 0)
		return -errno;
	ret->stream = fdopen(fd, "w");
	if (!ret->stream)
		return -ENOMEM;
	fd = -1;
	return 0;
}

/* Opens the folder of path: the temporary file and the rename use the same one, whatever happens to its name. */
static int open_folder(const char *path, const char *name)
{
	cleanup_free char *folder = NULL;
	int fd;

	if (name == path)
		folder = strdup(".");
	else
		folder = strndup(path, (size_t)(name - path));
	if (!folder)
		return -ENOMEM;
	fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int create_temporary(struct output_file *out)
{
	int tries, fd = -1;

	for (tries = 0; tries < 16; tries++) {
		uint64_t random;

		if (getrandom(&random, sizeof(random), 0) != sizeof(random))
			return -EIO;
		snprintf(out->temporary, sizeof(out->temporary), ".accel-agent-%016llx", (unsigned long long)random);
		fd = openat(out->dirfd, out->temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
		if (fd >= 0 || errno != EEXIST)
			break;
	}
	if (fd < 0)
		return -errno;
	out->stream = fdopen(fd, "w");
	if (out->stream)
		return 0;
	unlinkat(out->dirfd, out->temporary, 0);
	close(fd);
	return -ENOMEM;
}

static void output_file_release(struct output_file *out)
{
	if (out->dirfd >= 0)
		close(out->dirfd);
	free(out->name);
	*out = (struct output_file){ .dirfd = -1 };
}

int output_file_open(struct output_file *ret, const char *path)
{
	struct output_file out = { .dirfd = -1 };
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	int standing = standing_fd(path);
	struct stat st;
	int err;

	if (!*path)
		return -ENOENT;
	if (standing >= 0) {
		err = open_standing(&out, standing);
	} else if (!lstat(path, &st) && !S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode)) {
		err = S_ISDIR(st.st_mode) ? -EISDIR : open_special(&out, path);
	} else if (!*name) {
		err = -ENOTDIR; /* "x/" where x is no folder */
	} else {
		out.name = strdup(name);
		out.dirfd = out.name ? open_folder(path, name) : -ENOMEM;
		err = out.dirfd < 0 ? out.dirfd : create_temporary(&out);
	}
	if (err) {
		output_file_release(&out);
		return err;
	}
	*ret = out;
	return 0;
}

int output_file_commit(struct output_file *out)
{
	int err = 0;

	errno = 0; /* an error of an earlier write is only remembered as a flag */
	if (fflush(out->stream) || ferror(out->stream))
		err = errno ? -errno : -EIO;
	if (!err && out->dirfd >= 0 && fsync(fileno(out->stream)) < 0)
		err = -errno;
	if (fclose(out->stream) && !err)
		err = -errno;
	if (out->dirfd >= 0) {
		if (!err && renameat(out->dirfd, out->temporary, out->dirfd, out->name) < 0)
			err = -errno;
		if (err)
			unlinkat(out->dirfd, out->temporary, 0);
	}
	output_file_release(out);
	return err;
}

void output_file_abort(struct output_file *out)
{
	fclose(out->stream);
	if (out->dirfd >= 0)
		unlinkat(out->dirfd, out->temporary, 0);
	output_file_release(out);
}
