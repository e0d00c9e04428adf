/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Says on stderr what was put back, and what could not be. */
#ifndef UNDONE_H
#define UNDONE_H

#include "act/journal.h"

/*
 * Each is a journal_tell, without a context: of our own changes, which are put back quietly, and of those that an agent
 * left which was killed.
 */
void undone_tell(void *context, enum journal_outcome outcome, int err, const char *what, const char *old,
		 const char *found);
void undone_tell_left(void *context, enum journal_outcome outcome, int err, const char *what, const char *old,
		      const char *found);

#endif /* UNDONE_H */
