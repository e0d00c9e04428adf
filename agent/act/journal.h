/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What was there before the agent changed it, on disk before each change, so that it can be undone by whoever is left. */
#ifndef JOURNAL_H
#define JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#define JOURNAL_DIR "/run/accel-agent" /* gone after a boot, as are the changes */
#define JOURNAL_VALUE 256 /* bytes of a value, its NUL included */

struct journal;

/*
 * Starts a journal of this process in directory (made if it is not there: owner only; no part of it is followed through
 * a link, and it must belong to us). The journal's file is locked (flock) for as long as it is open, so that
 * journal_recover() of another process can tell that its owner lives. The file itself is made by the first entry.
 * Returns 0, -EPERM (the directory belongs to somebody else or others may write it), -ENOMEM or -errno.
 */
int journal_open(const char *directory, struct journal **ret);

/*
 * Each writes one entry and waits until it is on the disk (fdatasync); only then may the caller change anything. Return
 * 0 or -errno; on an error the caller changes nothing.
 *
 * journal_value: file (a name without '/') in the folder directory, whose cgroup id is id, held old and will hold ours.
 * Called again for the same file with another ours, old stays the first one: all of ours count as ours.
 * journal_file: the same for a file that is in no cgroup, by its path ("/sys/kernel/rcu_expedited").
 * journal_group: directory will be made for an app whose processes come from home (id home_id). Undone by moving every
 * process that is in it then to home (or, where that is gone, to the nearest group above it that is left), and removing
 * it. home "" says that there is nothing to move back to: the group is removed only if it is empty.
 * journal_controller: controller will be enabled in directory's cgroup.subtree_control (v2). Undone by disabling it; that
 * somebody else has come to need it (EBUSY) is JOURNAL_FOREIGN, no failure.
 */
int journal_value(struct journal *journal, const char *directory, uint64_t id, const char *file, const char *old,
		  const char *ours);
int journal_file(struct journal *journal, const char *path, const char *old, const char *ours);
int journal_group(struct journal *journal, const char *directory, const char *home, uint64_t home_id);
int journal_controller(struct journal *journal, const char *directory, uint64_t id, const char *controller);

enum journal_outcome {
	JOURNAL_RESTORED, /* the old value was written back, the group removed */
	JOURNAL_WAS_RESTORED, /* nothing to do: the old value is there already, the group is gone */
	JOURNAL_FOREIGN, /* somebody else wrote another value since, or it is another group of that name: hands off */
	JOURNAL_FAILED, /* err says why */
};

/* Told of each entry that is undone. what is its file or group, safe to print; old and found are "" for groups. */
typedef void (*journal_tell)(void *context, enum journal_outcome outcome, int err, const char *what, const char *old,
			     const char *found);

/*
 * Undoes all entries, the last one first: a value is written back only if what is there is one of ours. Then the file
 * is removed, unless an entry failed. tell may be NULL. Returns 0, or -errno of the first entry that failed.
 */
int journal_undo(struct journal *journal, journal_tell tell, void *context);

/*
 * Undoes the entries of one file, or of one group, only; they stay in the journal (and do no harm there: see
 * JOURNAL_WAS_RESTORED). Returns 0, -ENOENT if there is no such entry, -EBUSY if somebody else wrote another value, or
 * -errno.
 */
int journal_undo_value(struct journal *journal, const char *directory, const char *file);
int journal_undo_group(struct journal *journal, const char *directory);

/*
 * Leaves everything as it is: from now on, only journal_recover() with kept = true undoes it.
 */
int journal_keep(struct journal *journal);

/*
 * Frees the journal. What was neither undone nor kept is left to journal_recover(). Accepts NULL.
 */
void journal_close(struct journal *journal);

/*
 * Undoes every journal in directory whose owner is gone; with kept, also those that journal_keep() left. Journals of
 * agents that run are not touched: *ret_live is their number. Entries that are damaged (a crash of the machine: cut off
 * at the end, or a checksum that is wrong) are left out. Returns the number of journals that were undone, or -errno;
 * -ENOENT is no error: nothing was ever changed.
 */
int journal_recover(const char *directory, bool kept, journal_tell tell, void *context, unsigned int *ret_live);

#endif /* JOURNAL_H */
