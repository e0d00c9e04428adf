/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What a replay did for an app, for the report. */
#ifndef MODEL_REPLAYED_H
#define MODEL_REPLAYED_H

#include <stdbool.h>
#include <stdint.h>

enum replayed_state {
	REPLAYED_NOTHING, /* no run began while the agent watched */
	REPLAYED_UNNEEDED, /* the app missed nothing, so nobody looked */
	REPLAYED_RUNNING,
	REPLAYED_NO_PROFILE, /* the command was not recorded yet */
	REPLAYED_DISABLED, /* earlier replays did not pay */
	REPLAYED_MEASURED, /* this run goes without, for later ones to be compared with */
	REPLAYED_FAILED,
	REPLAYED_DONE,
};

/* Shares are 0 to 1; NAN: unknown. */
struct replayed {
	enum replayed_state state;
	uint32_t files; /* looked at */
	uint32_t gone, refused,
		changed; /* part of them: not there; no regular file, or not to be opened; other ones now */
	uint64_t bytes; /* read from the disk for the app */
	uint64_t resident_bytes; /* that were there already */
	uint64_t failed_bytes; /* that could not be read */
	double seconds; /* that it took */
	double coverage; /* of what the app would have missed: the part that was brought */
	double accuracy; /* of what was brought: the part that the app used */
	double timely; /* of what was brought or came too late: the part that was in time */
	double gain; /* of the wall time of the last run without it: the waits that were saved */
	double waits_seconds, waits_seconds_without; /* part of the wall time: in this run, and in that one */
	const char *stopped; /* "done", "resident", "overtaken", "memory pressure", ... */
	bool disabled_now; /* it did not pay so often that the profile is disabled from now on */
	char engine[96]; /* how it read; "": nothing was to be read */
	char error[64]; /* REPLAYED_FAILED: why */
	char next_command[64]; /* whose files were brought meanwhile, because it mostly comes next; "": none */
	uint64_t next_bytes;
};

#endif /* MODEL_REPLAYED_H */
