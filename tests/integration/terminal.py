# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
"""terminal.py KEYS DELAY COMMAND...: runs COMMAND on a terminal of its own, types KEYS after DELAY seconds, prints what the
terminal shows, and exits with the command's status (128+N for signal N)."""
import os
import pty
import select
import signal
import sys
import time

LIMIT_SECONDS = 60


def main():
    keys = sys.argv[1].encode().decode("unicode_escape").encode()
    type_at = time.monotonic() + float(sys.argv[2])
    give_up = time.monotonic() + LIMIT_SECONDS
    pid, terminal = pty.fork()
    if pid == 0:
        # whoever runs the tests in the background ignores these; who sits at a terminal does not
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.signal(signal.SIGQUIT, signal.SIG_DFL)
        os.execvp(sys.argv[3], sys.argv[3:])
    while time.monotonic() < give_up:
        if keys and time.monotonic() >= type_at:
            os.write(terminal, keys)
            keys = b""
        if terminal not in select.select([terminal], [], [], 0.05)[0]:
            continue
        try:
            data = os.read(terminal, 4096)
        except OSError:  # the last one closed it
            break
        if not data:
            break
        os.write(1, data)
    else:
        os.kill(pid, 9)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


status = main()
sys.exit(status if status >= 0 else 128 - status)
