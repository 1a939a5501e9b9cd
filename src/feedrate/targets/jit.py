"""How the kernel's functions are compiled, said once."""

from __future__ import annotations

import numba

compiled = numba.njit(nogil=True, cache=True, error_model="numpy")
"""Releases the GIL, is kept on disk, and divides by zero as numpy does, without a branch."""
