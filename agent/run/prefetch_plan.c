// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/* The same search for a profile that a replay makes, and nothing more. */
#include "run/prefetch_plan.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "profile/profile.h"
#include "run/identity.h"
#include "util/log.h"

static void say_profile(const struct profile *p)
{
	uint64_t pages = 0;
	uint32_t i;

	for (i = 0; i < p->nranges; i++)
		pages += p->ranges[i].pages;
	if (p->history.disabled)
		log_info("prefetch: %s: its profile did not pay, and is only tried now and then; the run would be "
			 "recorded",
			 p->key.command);
	else
		log_info("prefetch: %s: would read ahead what of %" PRIu32
			 " files, %.1f MiB, is not in memory, and record "
			 "the run",
			 p->key.command, p->nfiles, (double)pages * PROFILE_PAGE / (1 << 20));
}

void prefetch_plan_say(const char *profiles, char *const command[])
{
	const char *slash = strrchr(command[0], '/'), *why = "it is that of another program";
	struct identity identity;
	struct profile_key key;
	struct profile profile;
	int err = identity_of_command(command, &identity);

	if (err) {
		log_info("prefetch: %s: nothing: %s", command[0], strerror(-err));
		return;
	}
	key = identity_key(&identity, slash ? slash + 1 : command[0]);
	err = sys_view_program(&identity.view, &key.program_size, &key.program_mtime_ns);
	if (!err)
		err = profile_look(profiles, profile_id(&key), &profile, &why);
	if (!err && profile_key_equal(&profile.key, &key))
		say_profile(&profile);
	else if (!err || err == -EPERM || err == -EBADMSG)
		log_info("prefetch: %s: its profile cannot be used: %s", key.command, why);
	else
		log_info("prefetch: %s: there is no profile; the run would be recorded", key.command);
	if (!err)
		profile_close(&profile);
	identity_clear(&identity);
}
