/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Messages for people, on stderr: one line each. */
#include "util/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "util/text.h"

#define PREFIX "accel-agent: "

static enum log_level max_level = LOG_LEVEL_INFO;

void log_set_level(enum log_level level)
{
	max_level = level;
}

static void __attribute__((format(printf, 2, 0))) log_line(enum log_level level, const char *format, va_list args)
{
	char message[4096], line[sizeof(PREFIX) + sizeof(message) + 1] = PREFIX;
	int saved_errno = errno;
	size_t used = sizeof(PREFIX) - 1;
	int len;

	if (level > max_level)
		return;
	len = vsnprintf(message, sizeof(message), format, args);
	if (len < 0)
		return;
	used += text_escape(message, strlen(message), line + used, sizeof(line) - used - 1);
	line[used++] = '\n';
	/* stderr is unbuffered: one fwrite is one write, so that lines of several processes do not mix */
	fwrite(line, 1, used, stderr);
	errno = saved_errno;
}

void log_err(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_line(LOG_LEVEL_ERR, format, args);
	va_end(args);
}

void log_warn(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_line(LOG_LEVEL_WARN, format, args);
	va_end(args);
}

void log_info(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_line(LOG_LEVEL_INFO, format, args);
	va_end(args);
}

void log_debug(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_line(LOG_LEVEL_DEBUG, format, args);
	va_end(args);
}
