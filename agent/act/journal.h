/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/*
 * What was there before the agent changed it, on disk before each change, so that it can be undone by whoever is left.
 */
#ifndef JOURNAL_H
#define JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#define JOURNAL_DIR "/run/accel-agent" /* gone after a boot, as are the changes */
#define JOURNAL_VALUE 256 /* bytes of a value, its NUL included */
#define JOURNAL_GROUP_PREFIX "accel-" /* of the last part of every group that is made: nothing else is ever removed */

struct journal;

/*
 * Starts a journal of this process in directory (an absolute path; made if it is not there: owner only; no part of it
 * is followed through a link, and it must belong to us). The journal's file is claimed (state_claim()) for as long as it
 * is open, so that journal_recover() of another process can tell that its owner lives. The file itself is made by the
 * first entry. Returns 0, -EPERM (the directory belongs to somebody else, others may write it or replace it), -ENOMEM
 * or -errno.
 *
 * With journal_open_below(), everything that entries name must be below root; with a root other than "", which is a
 * test's, folders and files need not be on cgroupfs and sysfs.
 */
int journal_open(const char *directory, struct journal **ret);
int journal_open_below(const char *root, const char *directory, struct journal **ret);

/*
 * Each writes one entry; only then may the caller change anything. Nothing is synced to the disk: the file outlives the
 * agent in the page cache, and what undoes the cache (the machine goes down) undoes the changes as well. One
 * that says nothing new is not written again: calling before every write is cheap. Return 0 or -errno; on an error the
 * caller changes nothing. Besides -errno of writing: -EINVAL (no such file or group can be: paths must be absolute and
 * in their shortest form), -ESTALE (the group has another id; or our own file was removed by somebody), -ENOENT, -EXDEV
 * (no cgroup, or not of one hierarchy with home), -ENOTDIR or -ELOOP (a link is on the way, so it could not be undone),
 * -EEXIST (the group to be made is there already), -EFBIG (the journal is full: JOURNAL_MAX_BYTES).
 *
 * journal_value: file (a name without '/') in the folder directory, whose cgroup id is id, held old and will hold ours.
 * Called again for the same file with another ours, old stays the first one: all of ours count as ours. Both are as
 * reading the file gives them (its first line).
 * journal_file: the same for a file that is in no cgroup, by its path ("/sys/kernel/rcu_expedited"): below /sys or
 * /proc/sys.
 * journal_group: directory, whose last part starts with JOURNAL_GROUP_PREFIX, will be made for an app whose processes
 * come from home (id home_id). Undone by moving every process that is in it then to home (or, where that is gone or
 * takes none, to the nearest group above it that does), and removing it. home "" (home_id 0) says that there is nothing
 * to move back to: the group is removed only if it is empty. Groups that others made in it are left alone with all that
 * is in them; it can then not be removed (-EBUSY), and the next undo tries again.
 * journal_unit: of the systemd unit that the group directory belongs to by its name, the property that stands for file
 * held old and will hold ours (as systemd_read() gives them). Called again, it is as with journal_value. Undone through
 * systemd, whatever became of the group: what is set for a unit outlives it.
 * journal_scope: directory will be the group of a scope of systemd; as journal_group, but the scope is not removed:
 * that systemd does, once nobody is in it. Processes that find home gone stay in the scope, with which the undo fails
 * (-EBUSY) until they have ended.
 * journal_controller: controller will be enabled in directory's cgroup.subtree_control (v2). Undone by disabling it;
 * that somebody else has come to need it (EBUSY) is JOURNAL_FOREIGN, no failure.
 */
int journal_value(struct journal *journal, const char *directory, uint64_t id, const char *file, const char *old,
		  const char *ours);
int journal_file(struct journal *journal, const char *path, const char *old, const char *ours);
int journal_group(struct journal *journal, const char *directory, const char *home, uint64_t home_id);
int journal_controller(struct journal *journal, const char *directory, uint64_t id, const char *controller);
int journal_unit(struct journal *journal, const char *directory, const char *file, const char *old, const char *ours);
int journal_scope(struct journal *journal, const char *directory, const char *home, uint64_t home_id);

enum journal_outcome {
	JOURNAL_RESTORED, /* the old value was written back, the group removed */
	JOURNAL_WAS_RESTORED, /* nothing to do: the old value is there already, the group is gone */
	JOURNAL_FOREIGN, /* somebody else wrote another value since, or it is another group of that name: hands off */
	JOURNAL_FAILED, /* err says why */
};

/*
 * Told of each file or group that is undone. what is its path; old and found are "" for groups, and "-NAME" and "+NAME"
 * for controllers. All are safe to print. An entry or a whole journal that makes no sense is JOURNAL_FAILED with
 * -EBADMSG, and what is the journal's path.
 */
typedef void (*journal_tell)(void *context, enum journal_outcome outcome, int err, const char *what, const char *old,
			     const char *found);

/*
 * Undoes all entries, the last one first: a value is written back only if what is there is one of ours. Then the file
 * is removed, unless an entry failed. tell may be NULL. Returns 0, or -errno of the first entry that failed.
 */
int journal_undo(struct journal *journal, journal_tell tell, void *context);

/*
 * Undo the entries of one file (or of the property that stands for it), or of one group or scope, only; they stay in
 * the journal (and do no harm there: see JOURNAL_WAS_RESTORED). Returns 0, -ENOENT if there is no such entry, -EBUSY if
 * somebody else wrote another value, or -errno.
 */
int journal_undo_value(struct journal *journal, const char *directory, const char *file);
int journal_undo_group(struct journal *journal, const char *directory);

/*
 * Leaves everything as it is: from now on, only journal_recover() with kept = true undoes it. Further entries start
 * another file. Returns 0 or -errno.
 */
int journal_keep(struct journal *journal);

/*
 * Frees the journal. What was neither undone nor kept is left to journal_recover(). Accepts NULL.
 */
void journal_close(struct journal *journal);

/*
 * Undoes every journal in directory whose owner is gone, the newest first; with kept, also those that journal_keep()
 * left. Journals of agents that run are not touched: *ret_live is their number. Recoveries wait for each other. A last
 * entry that is cut off was never acted upon and is left out silently. Damaged entries are left out and told; that
 * journal, and files that are no journal of ours, are set aside once the rest is undone: renamed, and not looked at
 * again. A journal with an entry that failed stays for the next time, as does one of a version that is not ours
 * (-EPROTONOSUPPORT). Returns the number of journals that were undone (0: also if directory is not there, as nothing
 * was ever changed), or -errno.
 */
int journal_recover(const char *directory, bool kept, journal_tell tell, void *context, unsigned int *ret_live);
int journal_recover_below(const char *root, const char *directory, bool kept, journal_tell tell, void *context,
			  unsigned int *ret_live);

/*
 * Of a journal: what everything in it is below, and the name of its file; "": there is none yet. Both are the journal's.
 */
const char *journal_root(const struct journal *journal);
const char *journal_name(const struct journal *journal);

/*
 * journal_recover(), without what was kept, for the owner of a journal in directory, whose file is not even opened: to
 * close it would take our claim from it. Returns 0 or -errno.
 */
int journal_recover_others(const struct journal *own, const char *directory, journal_tell tell, void *context);

#endif /* JOURNAL_H */
