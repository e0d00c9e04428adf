/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The folders that our own state is kept in, the files there, and locks on them. */
#ifndef SYS_STATE_H
#define SYS_STATE_H

#include <stdbool.h>

/*
 * Opens directory (an absolute path), through no link; with make it is made, owner only, if it is not there. Returns 0,
 * -ENOENT, -EPERM (it belongs to somebody else, others may write it, or others may replace it because its parent is
 * theirs to write), or -errno.
 */
int state_dir_open(const char *directory, bool make, int *ret_fd);

/*
 * Whether a state file is ours alone: regular, our own, and nobody else may write it.
 */
bool state_file_owns(int fd);

/*
 * Whether name in the folder dir is still the file that fd is open on.
 */
bool state_file_names(int dir, const char *name, int fd);

/*
 * Takes the exclusive lock of the file or folder fd, which the end of all descriptors of this open() gives back. Waits
 * at most wait_ms. Returns 0, -EWOULDBLOCK or -errno.
 */
int state_lock(int fd, unsigned int wait_ms);

/*
 * As state_lock(), for as long as this process lives: children that have inherited the descriptor hold the lock too, so
 * that a killed process can seem to live on in a child which has not come to close it. A record lock (fcntl(2)), which no
 * child inherits, tells them apart. fd must be open for writing. state_disclaim() gives both back, as does closing fd; to
 * close any other descriptor of the file in this process gives back the record lock.
 */
int state_claim(int fd, unsigned int wait_ms);
void state_disclaim(int fd);

/*
 * Takes the lock of a file whose process has died without giving it back. Returns 0, -EWOULDBLOCK (at once if who claimed
 * it lives, else after some seconds in which children of it did not close it) or -errno.
 */
int state_lock_left(int fd);

#endif /* SYS_STATE_H */
