"""One round of sealing, as the command and the clock do it: seal what is new, then anchor it."""

from __future__ import annotations

from audit.seal import anchors, sealer


def once() -> int:
    """How many events were sealed; 0 also while another sealer is at work."""
    total = 0
    while (sealed := sealer.seal()) is not None:
        total += sealed
        if sealed < sealer.BATCH:
            anchors.publish()
            break
    return total
