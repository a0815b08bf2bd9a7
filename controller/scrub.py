"""Memory that was freed is overwritten: what the program let go of can no longer be read from it.

Neither Python nor the C library wipes what it frees. Here every block either of them could hand out next is taken,
zeroed and given back. Nothing is done about what the program still holds: the keys of people who are not erased.
"""

from __future__ import annotations

import ctypes
import gc
from typing import Final

M_PERTURB: Final = -6
M_ARENA_MAX: Final = -8
"""mallopt(3)."""
FILL: Final = 0xA5

BYTES_OBJECT: Final = 33
"""What a bytes object takes beside its content."""
SMALL_STEP, SMALL_END = 16, 512
"""Python's own allocator: blocks by 16 bytes, up to 512 (Objects/obmalloc.c)."""
SMALL_TAKEN: Final = 8 << 20
"""Bytes taken of each of its sizes: more than it has free between blocks that are in use."""
CACHED_STEP, CACHED_END, CACHED_TAKEN = 16, 1040, 64
"""The C library's cache of small blocks for each thread: seven of a size (malloc/malloc.c, tcache)."""


def overwrite_what_is_freed() -> None:
    """Have the C library overwrite what is freed from now on, and keep one heap for all threads. Called at a start."""
    libc = ctypes.CDLL(None)
    libc.mallopt(M_ARENA_MAX, 1)
    libc.mallopt(M_PERTURB, FILL)


def scrub() -> None:
    """Overwrite what is free now. Takes a quarter of a second: call it in a thread."""
    gc.collect()
    for size in range(3 * SMALL_STEP, SMALL_END + 1, SMALL_STEP):
        _take(size, SMALL_TAKEN // size)
    for size in range(SMALL_END + CACHED_STEP, CACHED_END + 1, CACHED_STEP):
        _take(size, CACHED_TAKEN)
    ctypes.CDLL(None).malloc_trim(0)


def _take(size: int, count: int) -> None:
    """Hold so many zeroed blocks of a size at the same time, then give them back."""
    taken = [bytes(size - BYTES_OBJECT) for _ in range(count)]
    taken.clear()
