/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Threads that do one thing together and are gone after it. */
#ifndef IO_CREW_H
#define IO_CREW_H

#define CREW_MAX 256

/*
 * Calls work(context, number) in that many threads, number 0 being the caller's own, and returns when all have
 * returned. Fewer if the system gives no more, but never none. The threads take no signals.
 */
void crew_run(unsigned int threads, void (*work)(void *context, unsigned int number), void *context);

#endif /* IO_CREW_H */
