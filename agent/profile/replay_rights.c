/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Nobody is to have root read for him what he may not read himself. */
#include "profile/replay_rights.h"

#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "sys/view.h"

#define BIT(capability) (1ULL << (capability))
#define READS_ALL (BIT(CAP_DAC_OVERRIDE) | BIT(CAP_DAC_READ_SEARCH))

/*
 * CAP_FOWNER opens no file. Without it the kernel tells nobody but a file's owner what of it is in memory, so that all of
 * it would be read again and again; and each file would get a new time of access. Root's own right to read everything is
 * kept where the app has it as well, for all files and not only for those of its user namespace.
 */
uint64_t replay_rights_kept(const struct sys_view *view)
{
	uint64_t kept = BIT(CAP_FOWNER);

	if (!view->credentials.uid && view->own_users)
		kept |= view->credentials.capabilities & READS_ALL;
	return kept;
}

int replay_rights_take(const struct replay_job *job)
{
	int err = sys_credentials_take(&job->view->credentials, replay_rights_kept(job->view));

	if (err)
		return err;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != job->agent) /* it went before it would have been noticed */
		_exit(1);
	return 0;
}
