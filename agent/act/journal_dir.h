/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The names of journals. */
#ifndef JOURNAL_DIR_H
#define JOURNAL_DIR_H

#include <stdbool.h>

#define JOURNAL_PREFIX "journal-" /* of an agent that runs, or did not come to undo it */
#define JOURNAL_PREFIX_KEPT "kept-"
#define JOURNAL_PREFIX_ASIDE "aside-" /* makes no sense: nobody acts on it, and whoever looks finds it */
#define JOURNAL_NAME_MAX 64
#define JOURNAL_BOOT_MAX 10

/*
 * The part of a journal's name that tells this boot from others, whose changes are gone: "-" and 8 characters; "" if the
 * kernel does not say.
 */
void journal_dir_boot(char ret[JOURNAL_BOOT_MAX]);

/*
 * Whether the journal of that name was written before this boot. A name that does not say was not.
 */
bool journal_dir_outlived(const char *name, const char *boot);

#endif /* JOURNAL_DIR_H */
