/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The files of a list of operations, each of them once. */
#include "io/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NONE UINT32_MAX
#define FIRST_SLOTS 64

/* Open addressing, at most half full. */
struct index {
	uint32_t *slot; /* of a file; NONE: free */
	uint32_t mask;
};

typedef uint64_t (*hash_fn)(const struct io_file *file);
typedef bool (*same_fn)(const struct io_file *a, const struct io_file *b);

static uint64_t mix(uint64_t v)
{
	v ^= v >> 32;
	v *= 0x9e3779b97f4a7c15ULL;
	return v ^ v >> 29;
}

static uint64_t hash_name(const struct io_file *file)
{
	uint64_t hash = (uint32_t)file->fd;
	const char *c;

	if (file->path)
		for (c = file->path; *c; c++)
			hash = (hash ^ (unsigned char)*c) * 0x100000001b3ULL;
	return mix(hash + !file->path);
}

static bool same_name(const struct io_file *a, const struct io_file *b)
{
	if (a->fd != b->fd || !a->path != !b->path)
		return false;
	return !a->path || a->path == b->path || !strcmp(a->path, b->path);
}

static uint64_t hash_inode(const struct io_file *file)
{
	return mix(file->inode ^ file->device << 40);
}

static bool same_inode(const struct io_file *a, const struct io_file *b)
{
	return a->inode == b->inode && a->device == b->device;
}

static uint32_t *find(const struct index *index, const struct io_file *files, const struct io_file *key, hash_fn hash,
		      same_fn same)
{
	uint32_t i = (uint32_t)hash(key) & index->mask;

	while (index->slot[i] != NONE && !same(&files[index->slot[i]], key))
		i = (i + 1) & index->mask;
	return &index->slot[i];
}

static int make_index(struct index *ret, uint32_t slots)
{
	size_t bytes = (size_t)slots * sizeof(*ret->slot);

	ret->slot = malloc(bytes);
	if (!ret->slot)
		return -ENOMEM;
	memset(ret->slot, 0xff, bytes);
	ret->mask = slots - 1;
	return 0;
}

/* Twice the room, both in the index and in the list. */
static int grow(struct io_files *files, struct index *index)
{
	uint32_t slots = 2 * (index->mask + 1), i;
	struct index larger;
	struct io_file *list;

	if (slots < FIRST_SLOTS)
		return -ENOMEM;
	list = reallocarray(files->file, slots / 2, sizeof(*list));
	if (!list)
		return -ENOMEM;
	files->file = list;
	if (make_index(&larger, slots))
		return -ENOMEM;
	for (i = 0; i < files->count; i++)
		*find(&larger, list, &list[i], hash_name, same_name) = i;
	free(index->slot);
	*index = larger;
	return 0;
}

static int kind_error(mode_t mode, bool device_fits)
{
	if (S_ISREG(mode) || (device_fits && S_ISBLK(mode)))
		return 0;
	if (S_ISDIR(mode))
		return -EISDIR;
	return S_ISFIFO(mode) || S_ISSOCK(mode) ? -ESPIPE : -EINVAL;
}

static void note_stat(struct io_file *file, const struct stat *stat)
{
	file->known = true;
	file->device = stat->st_dev;
	file->inode = stat->st_ino;
	file->bytes = (uint64_t)stat->st_size;
	if (S_ISBLK(stat->st_mode)) { /* one device may have several nodes, and has no size of this kind */
		file->device = UINT64_MAX;
		file->inode = stat->st_rdev;
		file->bytes = UINT64_MAX;
	}
}

static void look_at_descriptor(struct io_file *file)
{
	int flags = fcntl(file->fd, F_GETFL);
	struct stat stat;

	if (flags < 0 || fstat(file->fd, &stat) < 0) {
		file->err = -errno;
		return;
	}
	file->err = kind_error(stat.st_mode, true);
	if (!file->err && flags & O_PATH)
		file->err = -EBADF;
	file->direct = flags & O_DIRECT;
	if (file->written && flags & O_APPEND) /* would write elsewhere than it says */
		file->err = -EINVAL;
	note_stat(file, &stat);
}

/* Only to know which paths are the same file: what it is that is opened is looked at again then. */
static void look_at_path(struct io_file *file)
{
	struct stat stat;

	if (!fstatat(file->fd, file->path, &stat, 0) && S_ISREG(stat.st_mode))
		note_stat(file, &stat);
}

static int find_names(const struct accel_io_op *ops, uint32_t n, struct io_files *files)
{
	struct index index = { 0 };
	uint32_t i, *slot;
	int err;

	files->file = calloc(FIRST_SLOTS / 2, sizeof(*files->file));
	err = files->file ? make_index(&index, FIRST_SLOTS) : -ENOMEM;
	for (i = 0; i < n && !err; i++) {
		struct io_file key = { .path = ops[i].path, .fd = ops[i].fd, .order = ops[i].order };

		if (i && same_name(&files->file[files->of[i - 1]], &key)) {
			files->of[i] = files->of[i - 1];
		} else {
			slot = find(&index, files->file, &key, hash_name, same_name);
			if (*slot == NONE) {
				*slot = files->count;
				files->file[files->count++] = key;
			}
			files->of[i] = *slot;
			if (files->count > index.mask / 2) /* half of the slots, and all of the list */
				err = grow(files, &index);
		}
		if (ops[i].kind == ACCEL_IO_WRITE)
			files->file[files->of[i]].written = files->written = true;
	}
	free(index.slot);
	return err;
}

/* Different names may be of one file. */
static int find_same(struct io_files *files)
{
	uint32_t slots = FIRST_SLOTS, i, *slot;
	struct index index;

	while (slots / 2 < files->count)
		slots *= 2;
	if (make_index(&index, slots))
		return -ENOMEM;
	for (i = 0; i < files->count; i++) {
		struct io_file *file = &files->file[i];

		if (!file->known)
			continue;
		slot = find(&index, files->file, file, hash_inode, same_inode);
		if (*slot == NONE)
			*slot = i;
		file->same = *slot;
		files->file[*slot].written |= file->written;
	}
	for (i = 0; i < files->count; i++)
		files->file[i].written = files->file[files->file[i].same].written;
	free(index.slot);
	return 0;
}

int io_files_find(const struct accel_io_op *ops, uint32_t n, struct io_files *ret)
{
	struct io_files files = { .of = calloc(n, sizeof(*files.of)) };
	uint32_t i;
	int err;

	err = files.of ? find_names(ops, n, &files) : -ENOMEM;
	for (i = 0; i < files.count && !err; i++) {
		struct io_file *file = &files.file[i];

		file->same = i;
		if (!file->path)
			look_at_descriptor(file);
		else if (files.written)
			look_at_path(file);
	}
	if (!err && files.written)
		err = find_same(&files);
	if (err)
		io_files_free(&files);
	else
		*ret = files;
	return err;
}

void io_files_free(struct io_files *files)
{
	free(files->file);
	free(files->of);
	*files = (struct io_files){ 0 };
}

int io_file_open(const struct io_file *file, uint32_t kind)
{
	int flags = (kind == ACCEL_IO_WRITE ? O_WRONLY : O_RDONLY) | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	int fd = openat(file->fd, file->path, O_PATH | O_CLOEXEC), opened, err;
	char self[32];
	struct stat stat;

	if (fd < 0)
		return -errno;
	err = fstat(fd, &stat) < 0 ? -errno : kind_error(stat.st_mode, false);
	if (!err) {
		snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
		opened = open(self, flags);
		if (opened < 0)
			err = errno == ENOENT ? -EOPNOTSUPP : -errno;
		else
			err = opened;
	}
	close(fd);
	return err;
}
