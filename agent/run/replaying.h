/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Replays in a run: when an app starts, what it read last time is brought; when it ends, it is judged what that did. */
#ifndef REPLAYING_H
#define REPLAYING_H

#include "model/replayed.h"
#include "profile/replay_judge.h"
#include "run/watch.h"

struct replaying;

/*
 * Makes room for the apps of watch, whose tracer may come later; profiles are in directory. Both have to live as long.
 * Returns NULL if there is no memory. Free with replaying_close().
 */
struct replaying *replaying_open(struct watch *watch, const char *directory);

/*
 * Ends what goes on, and frees. Accepts NULL.
 */
void replaying_close(struct replaying *replaying);

/*
 * App 0 is about to be started as this command: what it read is brought while the agent itself gets ready.
 */
void replaying_command(struct replaying *replaying, const char *command);

/*
 * A process of an app is followed from now on. The first one of a run begins a replay, unless replaying_command() did;
 * the replay joins its control groups.
 */
void replaying_started(struct replaying *replaying, unsigned int app, pid_t pid);

/*
 * Ends replays of apps that have ended; brings what comes next while the disk is idle.
 */
void replaying_tick(struct replaying *replaying);

/*
 * Ends all replays: before the groups that they are in are taken back.
 */
void replaying_finish(struct replaying *replaying);

/*
 * Whether pid works for app here: no stranger in its groups.
 */
bool replaying_helps(const struct replaying *replaying, unsigned int app, pid_t pid);

/* What the profile has to learn of a run with a replay. */
struct replaying_lesson {
	const uint8_t *notes; /* PROFILE_MERGE_* for each file of the profile; owned by replaying, until the next run */
	uint32_t nnotes;
	struct replay_judgement judgement;
	uint64_t wall_ns;
	bool replayed; /* something was brought: history has to know */
	bool gone; /* files are gone: the profile has to forget them */
};

/*
 * Ends the replay of an app's last run, judges it, and fills ret; missed_bytes is what the app had to read itself. Returns
 * false if there was none.
 */
bool replaying_lesson(struct replaying *replaying, unsigned int app, uint64_t missed_bytes,
		      struct replaying_lesson *ret);

/*
 * For the report: the last replay of an app.
 */
const struct replayed *replaying_result(const struct replaying *replaying, unsigned int app);

#endif /* REPLAYING_H */
