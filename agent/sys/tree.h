/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Opening what a path names, part by part and through no link: a path may be only what somebody else wrote down. */
#ifndef SYS_TREE_H
#define SYS_TREE_H

#include "util/parse.h"

/*
 * What comes after root in path, from its slash on. Returns NULL for a path that is not below root.
 */
const char *tree_below(const char *root, const char *path);

/*
 * Opens, with O_PATH, the folder below root ("": the running system) that these parts lead to. Returns the descriptor;
 * -EINVAL (a part that is empty, "." or "..") or -errno.
 */
int tree_open(const char *root, struct span below);

/*
 * Opens, with O_PATH, the folder that holds path's last part. *ret_name points into path. Returns 0; -EXDEV (it is not
 * below root); -errno.
 */
int tree_parent(const char *root, const char *path, int *ret_fd, const char **ret_name);

#endif /* SYS_TREE_H */
