"""A loader of somebody else's: timed as it is, and with other settings.

Represents: any function that returns an iterable of batches. Layer: 3. Depends on: the fork server,
intervals. Nothing of a dataset is converted, and nothing of the loader's code is changed.
"""

from __future__ import annotations

TORCH, OTHER = "torch.utils.data.DataLoader", "another iterable"
"""What somebody's loader is."""
