"""The proof of the trail: a Merkle tree over its events, signed checkpoints, anchors outside."""
