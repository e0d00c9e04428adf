/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Messages for people, on stderr: one line each. */
#ifndef LOG_H
#define LOG_H

enum log_level {
	LOG_LEVEL_ERR, /* --quiet */
	LOG_LEVEL_WARN,
	LOG_LEVEL_INFO, /* the default */
	LOG_LEVEL_DEBUG, /* --verbose */
};

/*
 * Sets the least important level that is still printed.
 */
void log_set_level(enum log_level level);

/*
 * Print "accel-agent: MESSAGE\n" to stderr in one write, if the level is printed. Control characters and bytes that are
 * not UTF-8 come out as \xNN, so that names chosen by others can neither drive a terminal nor forge a line. Messages
 * of more than about 4000 bytes are cut. errno is kept.
 */
void log_err(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif /* LOG_H */
