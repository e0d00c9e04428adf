/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Walks trees down to their regular files. */
#include "warm/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "warm/inode_set.h"
#include "warm/leftover.h"

#define LISTING_BYTES (256 * 1024) /* entries that one call fetches */

struct walk_folder {
	struct walk_folder *parent; /* NULL: name is a path that was given */
	struct walk_folder *next; /* of those that wait to be entered */
	uint64_t dev; /* once it is open; before that, its parent's */
	uint64_t inode; /* for sorting */
	unsigned int refs; /* one for each child, each file that is kept, and the list or the listing it is in */
	int fd; /* -1: not open yet */
	char name[];
};

struct walk {
	char *const *paths; /* not owned */
	size_t npaths, path; /* how many, and the next one */
	struct walk_folder *given, **given_end; /* folders among the paths, in their order */
	struct walk_folder *waiting; /* those found last first: then few are open at a time */
	struct walk_folder *current; /* whose listing is being read */
	struct walk_folder **children; /* folders in it */
	size_t nchildren, children_room;
	struct inode_set entered;
	struct leftovers *leftovers; /* not owned */
	size_t open;
	size_t at, filled; /* of listing */
	char listing[LISTING_BYTES] __attribute__((aligned(__alignof__(struct dirent64))));
};

struct walk *walk_new(char *const *paths, size_t npaths, struct leftovers *leftovers)
{
	struct walk *walk = malloc(sizeof(*walk));

	if (!walk)
		return NULL;
	memset(walk, 0, offsetof(struct walk, listing));
	walk->paths = paths;
	walk->npaths = npaths;
	walk->given_end = &walk->given;
	walk->leftovers = leftovers;
	return walk;
}

void walk_keep(struct walk_folder *folder)
{
	if (folder)
		folder->refs++;
}

void walk_release(struct walk *walk, struct walk_folder *folder)
{
	while (folder && !--folder->refs) {
		struct walk_folder *parent = folder->parent;

		if (folder->fd >= 0) {
			close(folder->fd);
			walk->open--;
		}
		free(folder);
		folder = parent;
	}
}

static void release_list(struct walk *walk, struct walk_folder *folder)
{
	struct walk_folder *next;

	for (; folder; folder = next) {
		next = folder->next;
		walk_release(walk, folder);
	}
}

void walk_free(struct walk *walk)
{
	if (!walk)
		return;
	while (walk->nchildren)
		walk_release(walk, walk->children[--walk->nchildren]);
	release_list(walk, walk->waiting);
	release_list(walk, walk->given);
	walk_release(walk, walk->current);
	inode_set_free(&walk->entered);
	free(walk->children);
	free(walk);
}

size_t walk_open_folders(const struct walk *walk)
{
	return walk->open;
}

void walk_path(const struct walk_folder *folder, const char *name, char *ret, size_t size)
{
	char path[PATH_MAX + NAME_MAX + 2];
	size_t at = sizeof(path) - 1, len;

	/* from the end to the start, which is what is lost of a path that is too long */
	path[at] = '\0';
	for (;;) {
		len = strlen(name);
		if (len > at)
			break;
		at -= len;
		memcpy(path + at, name, len);
		if (!folder)
			break;
		name = folder->name;
		folder = folder->parent;
		if (at && (!*name || name[strlen(name) - 1] != '/'))
			path[--at] = '/';
	}
	snprintf(ret, size, "%s", path + at);
}

static void pass_over(struct walk *walk, enum leftover_why why, const struct walk_folder *folder, const char *name)
{
	char path[PATH_MAX];

	walk_path(folder, name, path, sizeof(path));
	leftovers_add(walk->leftovers, why, path);
}

static void fail(struct walk *walk, const struct walk_folder *folder, const char *name, int err)
{
	char path[PATH_MAX];

	walk_path(folder, name, path, sizeof(path));
	leftovers_fail(walk->leftovers, path, err);
}

/* A link stands for what it leads to only where the user named it. */
static void pass_over_mode(struct walk *walk, mode_t mode, const struct walk_folder *folder, const char *name)
{
	pass_over(walk, leftover_of_mode(mode), folder, name);
}

/* Only who owns a file may read it without leaving a trace. Returns a descriptor or -errno. */
static int open_quietly(int dirfd, const char *name, int flags)
{
	int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOATIME | flags);

	if (fd < 0 && errno == EPERM)
		fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | flags);
	return fd < 0 ? -errno : fd;
}

/*
 * A path that was given may lead through links, and opening what is behind it now, a watchdog or a tape, could have
 * effects: it is looked at before it is opened.
 */
static int open_given(const char *path)
{
	cleanup_close int look = open(path, O_PATH | O_CLOEXEC);
	char name[64];
	struct stat st;
	int fd;

	if (look < 0 || fstat(look, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	snprintf(name, sizeof(name), "/proc/self/fd/%d", look);
	fd = open_quietly(AT_FDCWD, name, 0);
	return fd == -ENOENT ? open_quietly(AT_FDCWD, path, 0) : fd; /* no procfs */
}

int walk_open_file(const struct walk_folder *folder, const char *name)
{
	return folder ? open_quietly(folder->fd, name, O_NOFOLLOW) : open_given(name);
}

static struct walk_folder *new_folder(struct walk_folder *parent, const char *name, uint64_t inode)
{
	size_t len = strlen(name) + 1;
	struct walk_folder *folder = malloc(sizeof(*folder) + len);

	if (!folder)
		return NULL;
	*folder = (struct walk_folder){
		.parent = parent, .dev = parent ? parent->dev : 0, .inode = inode, .refs = 1, .fd = -1
	};
	memcpy(folder->name, name, len);
	walk_keep(parent);
	return folder;
}

/* Such file systems have no size. Neither need those have that user programs serve, nor those in memory. */
static bool is_pseudo(int fd)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return false;
	if (fs.f_type == EFIVARFS_MAGIC)
		return true;
	return !fs.f_blocks && fs.f_type != FUSE_SUPER_MAGIC && fs.f_type != TMPFS_MAGIC && fs.f_type != RAMFS_MAGIC;
}

/* Opens a folder and makes it the current one, unless something speaks against it. Returns 0 or -ENOMEM. */
static int enter(struct walk *walk, struct walk_folder *folder)
{
	const struct walk_folder *parent = folder->parent;
	struct stat st;
	int new;

	folder->fd = open_quietly(parent ? parent->fd : AT_FDCWD, folder->name,
				  O_DIRECTORY | (parent ? O_NOFOLLOW : 0));
	if (folder->fd < 0) {
		/* removed, or replaced by something else, since its parent was listed */
		if (parent && (folder->fd == -ENOENT || folder->fd == -ENOTDIR || folder->fd == -ELOOP))
			pass_over(walk, LEFTOVER_VANISHED, parent, folder->name);
		else
			fail(walk, parent, folder->name, folder->fd);
		walk_release(walk, folder);
		return 0;
	}
	walk->open++;
	if (fstat(folder->fd, &st) < 0) {
		fail(walk, parent, folder->name, -errno);
		walk_release(walk, folder);
		return 0;
	}
	if ((!parent || st.st_dev != parent->dev) && is_pseudo(folder->fd)) {
		pass_over(walk, LEFTOVER_PSEUDO, parent, folder->name);
		walk_release(walk, folder);
		return 0;
	}
	folder->dev = st.st_dev;
	new = inode_set_add(&walk->entered, st.st_dev, st.st_ino);
	if (new <= 0) { /* given twice, or mounted twice */
		walk_release(walk, folder);
		return new;
	}
	walk->current = folder;
	walk->at = walk->filled = 0;
	return 0;
}

static int compare_inodes(const void *a, const void *b)
{
	const struct walk_folder *x = *(struct walk_folder *const *)a, *y = *(struct walk_folder *const *)b;

	return (x->inode > y->inode) - (x->inode < y->inode);
}

/* The current folder is done: the folders in it come next, in the order in which they lie on the disk. */
static void leave(struct walk *walk)
{
	if (walk->nchildren)
		qsort(walk->children, walk->nchildren, sizeof(*walk->children), compare_inodes);
	while (walk->nchildren) {
		struct walk_folder *child = walk->children[--walk->nchildren];

		child->next = walk->waiting;
		walk->waiting = child;
	}
	walk_release(walk, walk->current);
	walk->current = NULL;
}

static int add_child(struct walk *walk, const char *name, uint64_t inode)
{
	if (walk->nchildren == walk->children_room) {
		size_t room = walk->children_room ? walk->children_room * 2 : 64;
		struct walk_folder **larger = reallocarray(walk->children, room, sizeof(struct walk_folder *));

		if (!larger)
			return -ENOMEM;
		walk->children = larger;
		walk->children_room = room;
	}
	walk->children[walk->nchildren] = new_folder(walk->current, name, inode);
	if (!walk->children[walk->nchildren])
		return -ENOMEM;
	walk->nchildren++;
	return 0;
}

/* The type that the listing tells, or, where it tells none, the inode. Returns 0, or -errno. */
static int type_of(const struct walk *walk, const struct dirent64 *entry, mode_t *ret)
{
	struct stat st;

	*ret = DTTOIF(entry->d_type);
	if (entry->d_type != DT_UNKNOWN)
		return 0;
	if (fstatat(walk->current->fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	*ret = st.st_mode;
	return 0;
}

/* Returns 1 with a file, 0 without, or -ENOMEM. */
static int take_entry(struct walk *walk, const struct dirent64 *entry, struct walk_file *ret)
{
	const char *name = entry->d_name;
	mode_t mode;
	int err;

	if (!strcmp(name, ".") || !strcmp(name, ".."))
		return 0;
	err = type_of(walk, entry, &mode);
	if (err == -ENOENT) {
		pass_over(walk, LEFTOVER_VANISHED, walk->current, name);
	} else if (err) {
		fail(walk, walk->current, name, err);
	} else if (S_ISREG(mode)) {
		*ret = (struct walk_file){ walk->current, name, walk->current->dev, entry->d_ino };
		return 1;
	} else if (S_ISDIR(mode)) {
		return add_child(walk, name, entry->d_ino);
	} else {
		pass_over_mode(walk, mode, walk->current, name);
	}
	return 0;
}

/* Goes on in the current folder, up to a file or its end. Returns 1 with a file, 0 at the end, or -ENOMEM. */
static int go_on(struct walk *walk, struct walk_file *ret)
{
	int found = 0;

	while (!found) {
		const struct dirent64 *entry = (const struct dirent64 *)(walk->listing + walk->at);

		if (walk->at == walk->filled) {
			ssize_t n = getdents64(walk->current->fd, walk->listing, sizeof(walk->listing));

			if (n < 0 && errno != ENOENT) /* ENOENT: the folder was removed */
				fail(walk, walk->current->parent, walk->current->name, -errno);
			if (n <= 0) {
				leave(walk);
				return 0;
			}
			walk->at = 0;
			walk->filled = (size_t)n;
			continue;
		}
		walk->at += entry->d_reclen;
		found = take_entry(walk, entry, ret);
	}
	return found;
}

/* Returns 1 with a file, 0 without, or -ENOMEM. */
static int take_path(struct walk *walk, const char *path, struct walk_file *ret)
{
	cleanup_close int fd = open(path, O_PATH | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0) {
		fail(walk, NULL, path, -errno);
	} else if (S_ISREG(st.st_mode) && is_pseudo(fd)) {
		pass_over(walk, LEFTOVER_PSEUDO, NULL, path);
	} else if (S_ISREG(st.st_mode)) {
		*ret = (struct walk_file){ NULL, path, st.st_dev, st.st_ino };
		return 1;
	} else if (S_ISDIR(st.st_mode)) {
		*walk->given_end = new_folder(NULL, path, st.st_ino);
		if (!*walk->given_end)
			return -ENOMEM;
		walk->given_end = &(*walk->given_end)->next;
	} else {
		pass_over_mode(walk, st.st_mode, NULL, path);
	}
	return 0;
}

/* The folder that comes next, or NULL at the end. */
static struct walk_folder *next_folder(struct walk *walk)
{
	struct walk_folder **list = walk->waiting ? &walk->waiting : &walk->given;
	struct walk_folder *folder = *list;

	if (folder)
		*list = folder->next;
	return folder;
}

int walk_next(struct walk *walk, struct walk_file *ret)
{
	int found = 0;

	while (!found) {
		struct walk_folder *folder;

		if (walk->current) {
			found = go_on(walk, ret);
			continue;
		}
		if (walk->path < walk->npaths) { /* files first: they may be met again in the trees */
			found = take_path(walk, walk->paths[walk->path++], ret);
			continue;
		}
		folder = next_folder(walk);
		if (!folder)
			return 0;
		found = enter(walk, folder);
	}
	return found;
}
