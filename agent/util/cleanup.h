/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Locals that release themselves when they go out of scope: cleanup_free char *text = NULL; */
#ifndef CLEANUP_H
#define CLEANUP_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define cleanup_free __attribute__((cleanup(cleanup_free_at)))
#define cleanup_close __attribute__((cleanup(cleanup_close_at)))
#define cleanup_file __attribute__((cleanup(cleanup_file_at)))
#define cleanup_dir __attribute__((cleanup(cleanup_dir_at)))

/*
 * The functions behind the attributes: each gets the address of the variable, which may hold NULL (a descriptor: less
 * than 0). Set it to that to keep what it owns.
 */
static inline void cleanup_free_at(void *p)
{
	void *owned;

	memcpy(&owned, p, sizeof(owned)); /* the variable's type is not void * */
	free(owned);
}

static inline void cleanup_close_at(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void cleanup_file_at(FILE **file)
{
	if (*file)
		fclose(*file);
}

static inline void cleanup_dir_at(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

#endif /* CLEANUP_H */
