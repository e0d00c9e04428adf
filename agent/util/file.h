/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Reading small pseudo files whole, and writing output files that appear whole or not at all. */
#ifndef FILE_H
#define FILE_H

#include <stddef.h>
#include <stdio.h>

/*
 * Reads the whole of a small file (path as openat takes it). *ret_text holds *ret_len bytes, any of which may be NUL,
 * and one more NUL after them; the caller frees it. Returns 0, -EFBIG for more than max_bytes, -ENOMEM or -errno.
 */
int read_file_at(int dirfd, const char *path, size_t max_bytes, char **ret_text, size_t *ret_len);

/*
 * Reads at most size bytes from the start of a file into ret. Returns 0, with *ret_len the number of bytes, or -errno
 * (ret is undefined then).
 */
int read_file_start_at(int dirfd, const char *path, char *ret, size_t size, size_t *ret_len);

/*
 * Writes all of data[0, size) to fd. Returns 0 or -errno; then some of it may have been written.
 */
int write_fully(int fd, const void *data, size_t size);

/*
 * Puts /dev/null in the place of descriptors first to last, which are of stdin, stdout and stderr: who is at their other
 * end waits for a process no longer. What cannot be done is left as it is.
 */
void leave_stdio(int first, int last);

/*
 * Opens /dev/null for each of stdin, stdout and stderr that is closed: nothing that is opened later takes its place.
 * Writing there still fails.
 */
void occupy_stdio(void);

struct output_file {
	FILE *stream; /* write here */
	int dirfd; /* of the folder that holds both files; -1: stream writes to the target itself */
	char *name; /* of the target in dirfd, owned */
	char temporary[40]; /* its stand-in until commit */
};

/*
 * Starts to write path. A regular file, or one that does not exist, is replaced only by output_file_commit(), through a
 * temporary file beside it (0644 less the umask); a symbolic link is itself replaced, never followed. Character
 * devices, FIFOs, and /dev/stdout, /dev/stderr and /dev/fd/N are written directly. Returns 0 or -errno; then ret needs
 * no cleaning up. After 0, call commit or abort once.
 */
int output_file_open(struct output_file *ret, const char *path);

/*
 * Brings everything to the disk and puts the file in place. Returns 0, or -errno of the first write that failed; then
 * the target is as it was before. Releases what out owns in either case.
 */
int output_file_commit(struct output_file *out);

/*
 * Drops what was written and releases what out owns. What went directly to a device or FIFO cannot be taken back.
 */
void output_file_abort(struct output_file *out);

#endif /* FILE_H */
