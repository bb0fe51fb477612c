"""Stops one thread of a process, as a system call that never returns would: by ptrace, which stops single threads."""

import contextlib
import ctypes
import os
import pathlib

PTRACE_INTERRUPT = 0x4207
PTRACE_SEIZE = 0x4206
# Threads are children of another kind.
WALL = 0x40000000

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long


def thread_named(process_id, name):
    for folder in pathlib.Path(f"/proc/{process_id}/task").iterdir():
        if (folder / "comm").read_text().strip() == name:
            return int(folder.name)
    raise AssertionError(f"process {process_id} has no thread {name}")


def trace(request, thread):
    if libc.ptrace(request, thread, None, None) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


@contextlib.contextmanager
def stopped_thread(process_id, name):
    """The thread runs nothing more until its process ends. To be used in one thread of the test; yields a function that
    returns when the thread has ended, without which the process would stay a zombie."""
    thread = thread_named(process_id, name)
    trace(PTRACE_SEIZE, thread)
    trace(PTRACE_INTERRUPT, thread)
    os.waitpid(thread, WALL)
    yield lambda: os.waitpid(thread, WALL)
