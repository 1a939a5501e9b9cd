"""How the kernel's functions are compiled, said once."""

from __future__ import annotations

import numba

compiled = numba.njit(nogil=True, error_model="numpy")
"""Releases the GIL, and divides by zero as numpy does, without a branch.

Not kept on disk by itself: `page` keeps what it is entered by, with everything that calls inside.
"""

fused = numba.njit(nogil=True, error_model="numpy", fastmath={"contract", "nsz"})
"""The same, and may round a product and a sum at once."""

entered = numba.njit(nogil=True, error_model="numpy", cache=True)
"""The same as `compiled`, and kept on disk."""
