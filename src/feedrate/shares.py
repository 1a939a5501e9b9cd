"""Where the time of one image goes: stages in milliseconds and shares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from feedrate.tables import STAGES


def stage_table(stages: Mapping[str, Any]) -> pd.DataFrame:
    """The clocked run as a table.

    Args:
        stages: Content of ``results/stages/{dataset}.json``.

    Returns:
        Columns ``stage ms share loader_share``, in the order of the pipeline: milliseconds an
        image, the share of all stages, and the share without the consumer (NaN for `consume`).
    """
    per_image = stages["per_image_ms"]
    table = pd.DataFrame({"stage": STAGES, "ms": [float(per_image.get(s, 0)) for s in STAGES]})
    loading = table["ms"].where(table["stage"] != "consume")
    return table.assign(share=table["ms"] / table["ms"].sum(), loader_share=loading / loading.sum())


def reference_stages(trials: pd.DataFrame) -> pd.DataFrame:
    """The stages inside the workers of the reference trials that count.

    Returns:
        Columns ``stage ms low high trials``: median milliseconds an image and the middle 90 %.
    """
    chosen = trials[(trials["side"] == "reference") & ~trials["discarded"].astype(bool)]
    rows = []
    for stage in STAGES:
        if f"stages_{stage}_s" not in chosen:
            continue
        ms = 1e3 * chosen[f"stages_{stage}_s"] / chosen["images"]
        low, high = ms.quantile([0.05, 0.95])
        rows.append(
            {"stage": stage, "ms": ms.median(), "low": low, "high": high, "trials": len(ms)}
        )
    return pd.DataFrame(rows)
