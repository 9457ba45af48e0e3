"""Full tiles of 256 hashes (C2SP tlog-tiles), so that a proof reads a handful of rows.

Each with its root beside it: the next level is made of those. Whoever uses a path checks it.
"""

from __future__ import annotations

from typing import Any

from django.db import connection

from audit.seal.merkle import cut, node_hash, root_of, split

TILE = 256
LEAVES = "select hash from audit_leaf where seq >= %s and seq < %s order by seq"
BELOW = "select root from audit_tile where level = %s and place >= %s and place < %s order by place"
ONE = "select hashes from audit_tile where level = %s and place = %s"
# A place and level that no trail will reach would overflow the sum.
BEYOND = """
select level, place from audit_tile
 where case when level > 6 then true else place >= %s / (256 ^ (level + 1))::bigint end
 order by 1, 2 limit 1
"""
ADD = "insert into audit_tile (level, place, hashes, root) values (%s, %s, %s, %s)"


def rows(sql: str, *values: Any) -> list[bytes]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [row[0] for row in cursor.fetchall()]


def hashes(level: int, first: int, end: int) -> list[bytes]:
    """Of one level: leaves, or the roots of the full tiles below."""
    return rows(BELOW, level - 1, first, end) if level else rows(LEAVES, first, end)


def extend(start: int, new: list[bytes]) -> None:
    """Store every tile that these leaves, which begin at `start`, made full."""
    level = 0
    while new:
        first = start // TILE * TILE
        row = hashes(level, first, start) + new
        full = [row[at : at + TILE] for at in range(0, len(row) - TILE + 1, TILE)]
        roots = [root_of(tile) for tile in full]
        with connection.cursor() as cursor:
            for step, (tile, root) in enumerate(zip(full, roots, strict=True)):
                cursor.execute(ADD, [level, first // TILE + step, b"".join(tile), root])
        level, start, new = level + 1, first // TILE, roots


def beyond(size: int) -> list[tuple[int, int]]:
    """The first tile that a tree of this size does not fill: it would stand in the sealer's way."""
    with connection.cursor() as cursor:
        cursor.execute(BEYOND, [size])
        return list(cursor.fetchall())


class Reader:
    """Roots of any part of the tree; each tile is read once."""

    def __init__(self) -> None:
        self.read: dict[tuple[int, int], list[bytes]] = {}

    def subtree(self, first: int, end: int) -> bytes:
        size = end - first
        if size.bit_count() == 1:
            return self.perfect(first, size.bit_length() - 1)
        middle = first + cut(size)
        return node_hash(self.subtree(first, middle), self.subtree(middle, end))

    def perfect(self, first: int, height: int) -> bytes:
        """Of 2^height leaves; `first` is a multiple of that."""
        level, rest = divmod(height, 8)
        place = first >> 8 * level
        row = self.tile(level, place // TILE)[place % TILE :][: 1 << rest]
        if len(row) < 1 << rest:
            raise LookupError(f"the tree lacks hashes of level {level} from {place} on")
        while len(row) > 1:
            row = [node_hash(row[at], row[at + 1]) for at in range(0, len(row), 2)]
        return row[0]

    def tile(self, level: int, place: int) -> list[bytes]:
        if (level, place) not in self.read:
            whole = rows(ONE, level, place)
            self.read[level, place] = (
                split(whole[0]) if whole else hashes(level, place * TILE, (place + 1) * TILE)
            )
        return self.read[level, place]
