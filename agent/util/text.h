/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Text that others chose, made safe to print. */
#ifndef TEXT_H
#define TEXT_H

#include <stddef.h>

/*
 * Copies text[0, len) to ret with every control character, and every byte that is not part of valid UTF-8, as \xNN.
 * Stops before the piece that would no longer fit. ret is always terminated (size > 0). Returns the length of ret.
 */
size_t text_escape(const char *text, size_t len, char *ret, size_t size);

#endif /* TEXT_H */
