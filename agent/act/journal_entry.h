/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* One entry of a journal as a line of text, and back. Pure: no I/O. */
#ifndef JOURNAL_ENTRY_H
#define JOURNAL_ENTRY_H

#include <stddef.h>
#include <stdint.h>

/*
 * A line is "KIND ID PATH NAME OLD OURS HOME CHECKSUM": blanks, '%' and all that is not printable ASCII come as %XX, a
 * field that is empty as "-". The checksum is the CRC-32 of what stands before its blank, as 8 hexadecimal digits.
 */
enum journal_kind {
	JOURNAL_ENTRY_VALUE,
	JOURNAL_ENTRY_FILE,
	JOURNAL_ENTRY_GROUP,
	JOURNAL_ENTRY_CONTROLLER,
	JOURNAL_ENTRY_UNIT,
	JOURNAL_ENTRY_SCOPE,
};

/* Fields that a kind does not have are "" or 0; none is NULL. */
struct journal_entry {
	enum journal_kind kind;
	uint64_t id; /* cgroup id of path; GROUP and SCOPE: of home. FILE and UNIT have none */
	const char *path; /* VALUE, CONTROLLER, UNIT: the group; GROUP, SCOPE: the group that is made; FILE: the file */
	const char *name; /* VALUE: the file in the group; UNIT: that which the property stands for; CONTROLLER: it */
	const char *old, *ours; /* VALUE and FILE; UNIT: of the property */
	const char *home; /* GROUP, where it may be "", and SCOPE */
};

/*
 * Writes an entry as one line, newline included. The caller frees *ret_line, which is also terminated by a NUL. Returns
 * 0, -EINVAL (a field that this kind may not have, lacks or cannot hold: a path that is not absolute or has empty, "."
 * or ".." parts, a name with '/', a value of several lines, no id, a group whose name does not start with
 * JOURNAL_GROUP_PREFIX, a unit's group that no unit can have, a file that no property stands for), -ENAMETOOLONG or
 * -ENOMEM.
 */
int journal_entry_encode(const struct journal_entry *entry, char **ret_line, size_t *ret_len);

/*
 * Reads line[0, len), which has no newline. Decodes in place: ret points into line. Returns 0, or -EBADMSG: the
 * checksum is wrong, or it is no line that journal_entry_encode() could have written; line is undefined then.
 */
int journal_entry_decode(char *line, size_t len, struct journal_entry *ret);

#endif /* JOURNAL_ENTRY_H */
