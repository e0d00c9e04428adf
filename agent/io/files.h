/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The files of a list of operations, each of them once. */
#ifndef IO_FILES_H
#define IO_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "accel_io.h"

struct io_file {
	const char *path; /* NULL: by descriptor; not owned */
	int fd; /* with a path: of the folder */
	int err; /* -errno that all of its operations get; 0: it is fit for use */
	bool direct; /* O_DIRECT */
	bool written; /* an operation of the list writes it, through this entry or another of the same file */
	bool known; /* device, inode and bytes are */
	uint32_t same; /* the first entry that is the same file; of use if known */
	uint64_t device, inode, bytes;
	uint64_t order; /* see accel_io_op */
};

struct io_files {
	struct io_file *file;
	uint32_t count;
	uint32_t *of; /* the file of each operation */
	bool written; /* any of them */
};

/*
 * Finds the files of n operations, looks at those with descriptors, and at all if something is written. Returns 0 or
 * -ENOMEM. Free with io_files_free().
 */
int io_files_find(const struct accel_io_op *ops, uint32_t n, struct io_files *ret);
void io_files_free(struct io_files *files);

/*
 * Opens a regular file for one kind of operation: whatever the path is exchanged for at the same time, nothing else is
 * opened, since opening a device or a FIFO can do something by itself. Returns the descriptor (close it) or -errno:
 * -EISDIR, -ESPIPE (FIFO, socket), -EINVAL (device), -EOPNOTSUPP (there is no /proc).
 */
int io_file_open(const struct io_file *file, uint32_t kind);

#endif /* IO_FILES_H */
