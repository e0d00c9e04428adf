/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/*
 * Walks trees down to their regular files. Follows no links below the paths that were given, enters no file system
 * that lies on no disk, and no folder twice. Memory grows with the folders, not with the files.
 */
#ifndef WALK_H
#define WALK_H

#include <stddef.h>
#include <stdint.h>

struct leftovers;
struct walk;
struct walk_folder;

/* A regular file, as far as its folder knows. */
struct walk_file {
	struct walk_folder *folder; /* NULL: name is a path that was given */
	const char *name; /* good until the next call */
	uint64_t dev; /* of the folder; 0: not known */
	uint64_t inode; /* as the folder tells: good for sorting, not for telling files apart */
};

/*
 * Starts at paths, which must live as long as the walk. What is passed over is counted in leftovers. Returns NULL: out
 * of memory. Free with walk_free(), after every folder that was kept was released.
 */
struct walk *walk_new(char *const *paths, size_t npaths, struct leftovers *leftovers);
void walk_free(struct walk *walk);

/*
 * The next file. Returns 1, 0 at the end, or -ENOMEM.
 */
int walk_next(struct walk *walk, struct walk_file *ret);

/*
 * Keep a file's folder for longer than until the next call; NULL is fine. Each keeps a descriptor open.
 */
void walk_keep(struct walk_folder *folder);
void walk_release(struct walk *walk, struct walk_folder *folder);

/*
 * Folders that are open.
 */
size_t walk_open_folders(const struct walk *walk);

/*
 * Opens a file of the walk for reading, without waiting for anybody, without following a link that has taken its place,
 * and without a trace in its access time if that may be. What was opened need not be a regular file any more. Returns a
 * descriptor or -errno.
 */
int walk_open_file(const struct walk_folder *folder, const char *name);

/*
 * Writes the path of a file of the walk, as far as it fits.
 */
void walk_path(const struct walk_folder *folder, const char *name, char *ret, size_t size);

#endif /* WALK_H */
