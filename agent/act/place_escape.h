/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What holds the processes of a v2 group only as long as they are in it. */
#ifndef PLACE_ESCAPE_H
#define PLACE_ESCAPE_H

/*
 * Names a limit (the file of the group that has it), or a filter, that processes would leave behind if they left the
 * group at dirfd; not the one that kept names (NULL: none), which they will find again. Returns 0, with *ret_name NULL
 * if there is none, or -errno: it cannot be told.
 */
int place_escape(int dirfd, const char *kept, const char **ret_name);

#endif /* PLACE_ESCAPE_H */
