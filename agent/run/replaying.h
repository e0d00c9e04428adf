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
 * Apps are waited for: their profiles are kept in memory from now on.
 */
void replaying_await(struct replaying *replaying);

/*
 * App 0 is about to be started as this command: what it read is brought while the agent itself gets ready.
 */
void replaying_command(struct replaying *replaying, char *const command[]);

/*
 * A process of an app is followed from now on. With the first one a run begins, unless it did with replaying_command(). Its
 * replay begins when something turns out not to be in memory, or when the app has run for a while: an app that starts from
 * memory, again and again, pays nothing. The replay joins the app's control groups.
 */
void replaying_started(struct replaying *replaying, unsigned int app, pid_t pid);

/*
 * An app missed its first page; before it is said to have started: of its program, which was about to be executed.
 */
void replaying_cold(struct replaying *replaying, unsigned int app);

/*
 * An app has ended: so does its replay, before the group that it is in is taken away. Waits for nothing.
 */
void replaying_ended(struct replaying *replaying, unsigned int app);

/*
 * Becomes readable when replaying_tick() has profiles to read again; -1: nothing tells, or it would not do so now, as an
 * app runs.
 */
int replaying_fd(const struct replaying *replaying);

/*
 * Ends replays of apps that have ended without a word; brings what comes next while the disk is idle.
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
	int64_t recorded_ns; /* of the profile that they are of */
	struct replay_judgement judgement;
	bool replayed; /* something was brought, or it says something: history has to know */
	bool gone; /* files are gone: the profile has to forget them */
};

/*
 * Judges the replay of an app's run that has ended, and fills ret; cost is what the run took, its bytes are what the app
 * had to read itself; tracer knows what it looked at, or is NULL. Reads the profile: for a process of its own, which
 * hands replaying_result() back. Returns false if there was none.
 */
bool replaying_lesson(struct replaying *replaying, unsigned int app, struct tracer *tracer,
		      const struct profile_cost *cost, struct replaying_lesson *ret);

/*
 * Whether there is anything to judge or to learn of an app's last run that missed nothing.
 */
bool replaying_is_news(const struct replaying *replaying, unsigned int app);

/*
 * Learns which command the run followed. Writes files: likewise.
 */
void replaying_sequence(const struct replaying *replaying, unsigned int app);

/*
 * The run is being judged elsewhere: its replay is not needed here any more; and what came of it.
 */
void replaying_release(struct replaying *replaying, unsigned int app);
void replaying_take(struct replaying *replaying, unsigned int app, const struct replayed *result);

/*
 * For the report: the last replay of an app.
 */
const struct replayed *replaying_result(const struct replaying *replaying, unsigned int app);

#endif /* REPLAYING_H */
