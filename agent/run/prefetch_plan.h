/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What a dry run has to say of prefetching. */
#ifndef PREFETCH_PLAN_H
#define PREFETCH_PLAN_H

/*
 * Says, by log_info(), what would be read ahead for a command, and that its run would be recorded. command is argv,
 * NULL-terminated.
 */
void prefetch_plan_say(const char *profiles, char *const command[]);

#endif /* PREFETCH_PLAN_H */
