"""A worker ends when its parent does, however the parent ends: nobody else would stop it."""

import ctypes
import os
import signal
import sys
import threading
import time

_PR_SET_PDEATHSIG = 1
_PERIOD_S = 1.0


def end_with_parent(parent: int) -> None:
    """End this process as soon as the process `parent` is no longer its parent.

    On Linux the kernel sends SIGKILL in that moment (prctl(2), PR_SET_PDEATHSIG: when the thread
    that started this process ends). Elsewhere a thread looks once a second.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    else:
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()
    # The parent may have gone before the kernel was asked.
    if os.getppid() != parent:
        os._exit(1)


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_PERIOD_S)
    os._exit(1)
