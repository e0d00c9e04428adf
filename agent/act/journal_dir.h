/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The folder that journals are kept in, and the locks there. */
#ifndef JOURNAL_DIR_H
#define JOURNAL_DIR_H

#include <stdbool.h>

#define JOURNAL_PREFIX "journal-" /* of an agent that runs, or did not come to undo it */
#define JOURNAL_PREFIX_KEPT "kept-"
#define JOURNAL_PREFIX_ASIDE "aside-" /* makes no sense: nobody acts on it, and whoever looks finds it */
#define JOURNAL_NAME_MAX 64
#define JOURNAL_BOOT_MAX 10

/*
 * Opens directory (an absolute path), through no link; with make it is made, owner only, if it is not there. Returns 0,
 * -ENOENT, -EPERM (it belongs to somebody else, others may write it, or others may replace it because its parent is
 * theirs to write), or -errno.
 */
int journal_dir_open(const char *directory, bool make, int *ret_fd);

/*
 * The part of a journal's name that tells this boot from others, whose changes are gone: "-" and 8 characters; "" if the
 * kernel does not say.
 */
void journal_dir_boot(char ret[JOURNAL_BOOT_MAX]);

/*
 * Whether the journal of that name was written before this boot. A name that does not say was not.
 */
bool journal_dir_outlived(const char *name, const char *boot);

/*
 * Whether a state file is ours alone: regular, our own, and nobody else may write it.
 */
bool journal_dir_owns(int fd);

/*
 * Whether name in the folder dir is still the file that fd is open on.
 */
bool journal_dir_names(int dir, const char *name, int fd);

/*
 * Takes the exclusive lock of the file or folder fd, which the end of all descriptors of this open() gives back. Waits
 * at most wait_ms. Returns 0, -EWOULDBLOCK or -errno.
 */
int journal_dir_lock(int fd, unsigned int wait_ms);

#endif /* JOURNAL_DIR_H */
