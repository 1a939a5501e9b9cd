"""The judges of the ledger: evidence of one dataset in, a verdict and its sentence out.

Represents: one small function a kind of claim. Layer: 4. Depends on: evidence, tables, phrases.

Every judge has the signature ``(evidence, cell, parameters) -> Judgement``. A verdict follows from
where the whole interval lies, never from the centre alone; a figure without an interval (one
clocked run) says so in its sentence. Which judge decides a claim, and by which numbers, stands in
`config/claims.yaml`, before there are data.
"""

from __future__ import annotations

from feedrate.judges import arithmetic, conduct, effects, figures, orders
from feedrate.judges.common import Judge

JUDGES: dict[str, Judge] = {
    function.__name__: function
    for module in (effects, orders, figures, conduct, arithmetic)
    for function in module.JUDGES
}
