// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/* Says on stderr what was put back, and what could not be. */
#include "act/undone.h"

#include <string.h>

#include "util/log.h"

void undone_tell(void *context, enum journal_outcome outcome, int err, const char *what, const char *old,
		 const char *found)
{
	(void)context;
	if (outcome == JOURNAL_RESTORED)
		log_debug("put back: %s%s%s", what, *old ? " = " : "", old);
	else if (outcome == JOURNAL_FOREIGN)
		log_warn("%s: somebody else changed it (%s); leaving it alone", what, found);
	else if (outcome == JOURNAL_FAILED)
		log_warn("%s: could not be put back: %s", what, strerror(-err));
}

void undone_tell_left(void *context, enum journal_outcome outcome, int err, const char *what, const char *old,
		      const char *found)
{
	if (outcome == JOURNAL_RESTORED)
		log_info("put back what an agent that was killed left: %s%s%s", what, *old ? " = " : "", old);
	else
		undone_tell(context, outcome, err, what, old, found);
}
