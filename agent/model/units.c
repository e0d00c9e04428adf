/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Numbers as people read them: three digits and a unit. */
#include "model/units.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Three digits: the decimals that a value of this size deserves. */
static int decimals(double value)
{
	if (value < 9.995)
		return 2;
	return value < 99.95 ? 1 : 0;
}

static const char *unknown(char ret[UNITS_LEN])
{
	snprintf(ret, UNITS_LEN, "unknown");
	return ret;
}

const char *units_seconds(char ret[UNITS_LEN], double seconds)
{
	uint64_t whole;

	if (!isfinite(seconds))
		return unknown(ret);
	if (seconds <= 0)
		snprintf(ret, UNITS_LEN, "0 s");
	else if (seconds < 0.0009995)
		snprintf(ret, UNITS_LEN, "%.0f us", seconds * 1e6);
	else if (seconds < 0.9995)
		snprintf(ret, UNITS_LEN, "%.*f ms", decimals(seconds * 1e3), seconds * 1e3);
	else if (seconds < 599.5)
		snprintf(ret, UNITS_LEN, "%.*f s", decimals(seconds), seconds);
	else if (seconds < 1e15) {
		whole = (uint64_t)(seconds + 0.5);
		if (whole < 3600)
			snprintf(ret, UNITS_LEN, "%u min %02u s", (unsigned int)(whole / 60),
				 (unsigned int)(whole % 60));
		else
			snprintf(ret, UNITS_LEN, "%llu h %02u min", (unsigned long long)(whole / 3600),
				 (unsigned int)(whole / 60 % 60));
	} else {
		snprintf(ret, UNITS_LEN, "%.3g s", seconds);
	}
	return ret;
}

const char *units_bytes(char ret[UNITS_LEN], uint64_t bytes)
{
	static const char *const names[] = { "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	double value = (double)bytes / 1024;
	size_t i = 0;

	if (bytes < 1024) {
		snprintf(ret, UNITS_LEN, "%u B", (unsigned int)bytes);
		return ret;
	}
	while (value >= 1023.5 && i < sizeof(names) / sizeof(names[0]) - 1) {
		value /= 1024;
		i++;
	}
	/* 512 MiB is said as it is; 1.5 GiB needs its decimal */
	snprintf(ret, UNITS_LEN, "%.*f %s", value == floor(value) || value >= 99.95 ? 0 : 1, value, names[i]);
	return ret;
}

const char *units_count(char ret[UNITS_LEN], uint64_t count)
{
	char digits[UNITS_LEN];
	size_t len, i, used = 0;

	len = (size_t)snprintf(digits, sizeof(digits), "%llu", (unsigned long long)count);
	for (i = 0; i < len && used + 2 < UNITS_LEN; i++) {
		if (i && (len - i) % 3 == 0)
			ret[used++] = ',';
		ret[used++] = digits[i];
	}
	ret[used] = '\0';
	return ret;
}

const char *units_percent(char ret[UNITS_LEN], double share)
{
	if (!isfinite(share))
		return unknown(ret);
	snprintf(ret, UNITS_LEN, "%.*f %%", share < 0.0995 ? 1 : 0, share * 100);
	return ret;
}

const char *units_cpus(char ret[UNITS_LEN], double cpus)
{
	char *end;

	if (!isfinite(cpus))
		return unknown(ret);
	snprintf(ret, UNITS_LEN, "%.*f", cpus < 0.995 ? 2 : 1, cpus);
	end = strstr(ret, ".0");
	if (end && !strcmp(end, ".0"))
		*end = '\0';
	return ret;
}
