/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/*
 * slowdisk FOLDER IMAGE MICROSECONDS: a FUSE file system on FOLDER with one file, "disk", which is IMAGE with a latency:
 * each read takes that long, and as many as there are threads go on at the same time. A loop device on top of it is a
 * disk as networks and busy servers have them, at this machine's own speed otherwise. Runs until FOLDER is unmounted.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define THREADS 64 /* reads at a time */
#define DATA_BYTES (256U << 10) /* of one request */
#define NODE 2
#define FOREVER 1000000 /* seconds that the kernel may remember what it was told */

static int fuse, image;
static struct timespec latency;

static void answer(uint64_t unique, int error, const void *data, size_t bytes)
{
	struct fuse_out_header head = { .len = (uint32_t)(sizeof(head) + bytes), .error = error, .unique = unique };
	struct iovec parts[] = { { &head, sizeof(head) }, { (void *)data, bytes } };

	if (writev(fuse, parts, bytes ? 2 : 1) < 0 && errno != ENOENT) /* ENOENT: the request was interrupted */
		perror("slowdisk: writev");
}

static void fill_attr(uint64_t node, struct fuse_attr *ret)
{
	struct stat st;

	memset(ret, 0, sizeof(*ret));
	ret->ino = node;
	ret->mode = node == NODE ? S_IFREG | 0600 : S_IFDIR | 0700;
	ret->nlink = 1;
	ret->blksize = 4096;
	if (node == NODE && !fstat(image, &st)) {
		ret->size = (uint64_t)st.st_size;
		ret->blocks = ret->size / 512;
	}
}

static void start(const struct fuse_in_header *in, const struct fuse_init_in *ask)
{
	struct fuse_init_out out = {
		.major = FUSE_KERNEL_VERSION,
		.minor = 31,
		.max_readahead = ask->max_readahead,
		.flags = FUSE_ASYNC_READ | FUSE_BIG_WRITES | FUSE_ASYNC_DIO | FUSE_MAX_PAGES,
		.max_background = 4 * THREADS,
		.congestion_threshold = 4 * THREADS,
		.max_write = DATA_BYTES,
		.max_pages = DATA_BYTES / 4096,
		.time_gran = 1,
	};

	answer(in->unique, 0, &out, sizeof(out));
}

static void look_up(const struct fuse_in_header *in, const char *name)
{
	struct fuse_entry_out out = { .nodeid = NODE, .entry_valid = FOREVER, .attr_valid = FOREVER };

	if (in->nodeid != FUSE_ROOT_ID || strcmp(name, "disk") != 0) {
		answer(in->unique, -ENOENT, NULL, 0);
		return;
	}
	fill_attr(NODE, &out.attr);
	answer(in->unique, 0, &out, sizeof(out));
}

static void get_attr(const struct fuse_in_header *in)
{
	struct fuse_attr_out out = { .attr_valid = FOREVER };

	fill_attr(in->nodeid, &out.attr);
	answer(in->unique, 0, &out, sizeof(out));
}

static void read_some(const struct fuse_in_header *in, const struct fuse_read_in *ask, char *data)
{
	size_t bytes = ask->size < DATA_BYTES ? ask->size : DATA_BYTES;
	ssize_t n;

	clock_nanosleep(CLOCK_MONOTONIC, 0, &latency, NULL);
	n = pread(image, data, bytes, (off_t)ask->offset);
	answer(in->unique, n < 0 ? -errno : 0, data, n < 0 ? 0 : (size_t)n);
}

static void write_some(const struct fuse_in_header *in, const struct fuse_write_in *ask)
{
	ssize_t n = pwrite(image, ask + 1, ask->size, (off_t)ask->offset);
	struct fuse_write_out out = { .size = n < 0 ? 0 : (uint32_t)n };

	answer(in->unique, n < 0 ? -errno : 0, &out, n < 0 ? 0 : sizeof(out));
}

static void serve_one(const struct fuse_in_header *in, char *data)
{
	const struct fuse_open_out opened = { .open_flags = FOPEN_DIRECT_IO };
	const void *ask = in + 1;

	switch (in->opcode) {
	case FUSE_INIT:
		start(in, ask);
		break;
	case FUSE_LOOKUP:
		look_up(in, ask);
		break;
	case FUSE_GETATTR:
	case FUSE_SETATTR:
		get_attr(in);
		break;
	case FUSE_OPEN:
	case FUSE_OPENDIR:
		answer(in->unique, 0, &opened, sizeof(opened));
		break;
	case FUSE_READ:
		read_some(in, ask, data);
		break;
	case FUSE_WRITE:
		write_some(in, ask);
		break;
	case FUSE_FLUSH:
	case FUSE_FSYNC:
	case FUSE_RELEASE:
	case FUSE_RELEASEDIR:
		answer(in->unique, 0, NULL, 0);
		break;
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		break; /* no answer is wanted */
	default:
		answer(in->unique, -ENOSYS, NULL, 0);
	}
}

static void *serve(void *unused)
{
	size_t room = DATA_BYTES + 65536;
	char *request = malloc(room), *data = malloc(DATA_BYTES);
	ssize_t n = 0;

	(void)unused;
	prctl(PR_SET_TIMERSLACK, 1);
	while (request && data) {
		n = read(fuse, request, room);
		if (n >= (ssize_t)sizeof(struct fuse_in_header))
			serve_one((const struct fuse_in_header *)request, data);
		else if (n < 0 && errno != EINTR && errno != ENOENT && errno != EAGAIN)
			break; /* ENODEV: unmounted */
	}
	free(request);
	free(data);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[THREADS];
	char options[64];
	long us;
	int i;

	if (argc != 4 || (us = atol(argv[3])) < 0)
		return 2;
	latency = (struct timespec){ us / 1000000, us % 1000000 * 1000 };
	image = open(argv[2], O_RDWR | O_CLOEXEC);
	fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (image < 0 || fuse < 0) {
		perror("slowdisk: open");
		return 1;
	}
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0", fuse);
	if (mount("slowdisk", argv[1], "fuse", MS_NOSUID | MS_NODEV, options)) {
		perror("slowdisk: mount");
		return 1;
	}
	for (i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, serve, NULL))
			return 1;
	puts("slowdisk: mounted");
	fflush(stdout);
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
