"""The Merkle tree of RFC 9162 §2.1 (RFC 6962): a growing edge, proofs, and checking them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from hashlib import sha256

WIDTH = 32  # bytes of a hash
EMPTY = sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


@dataclass
class Edge:
    """A tree of `size` leaves as the roots of its perfect subtrees, largest first."""

    size: int = 0
    roots: list[bytes] = field(default_factory=list)

    @classmethod
    def read(cls, size: int, frontier: bytes) -> Edge:
        if len(frontier) != WIDTH * size.bit_count():
            raise ValueError(f"{size} leaves have {size.bit_count()} perfect subtrees")
        return cls(size, split(frontier))

    def append(self, found: bytes) -> None:
        size, roots = self.size, self.roots
        while size & 1:
            found = sha256(b"\x01" + roots.pop() + found).digest()
            size >>= 1
        roots.append(found)
        self.size += 1

    def root(self) -> bytes:
        if not self.roots:
            return EMPTY
        *rest, found = self.roots
        for left in reversed(rest):
            found = node_hash(left, found)
        return found

    def frontier(self) -> bytes:
        return b"".join(self.roots)


def split(hashes: bytes) -> list[bytes]:
    return [hashes[at : at + WIDTH] for at in range(0, len(hashes), WIDTH)]


def root_of(hashes: Iterable[bytes]) -> bytes:
    edge = Edge()
    for one in hashes:
        edge.append(one)
    return edge.root()


def cut(size: int) -> int:
    """The largest power of two below `size`: where the tree divides."""
    return 1 << (size - 1).bit_length() - 1


Subtree = Callable[[int, int], bytes]  # the root over the leaves from, up to


def inclusion(subtree: Subtree, index: int, size: int) -> list[bytes]:
    """The audit path of one leaf, lowest neighbour first."""
    path, first, end = [], 0, size
    while end - first > 1:
        middle = first + cut(end - first)
        if index < middle:
            path.append(subtree(middle, end))
            end = middle
        else:
            path.append(subtree(first, middle))
            first = middle
    return path[::-1]


def consistency(subtree: Subtree, old: int, size: int) -> list[bytes]:
    """Proof that the tree of `old` leaves is the beginning of the tree of `size`."""

    def walk(part: int, first: int, end: int, whole: bool) -> list[bytes]:
        if part == end - first:
            return [] if whole else [subtree(first, end)]
        middle = cut(end - first)
        if part <= middle:
            rest = subtree(first + middle, end)
            return [*walk(part, first, first + middle, whole), rest]
        left = subtree(first, first + middle)
        return [*walk(part - middle, first + middle, end, False), left]

    return walk(old, 0, size, True) if 0 < old < size else []


def turns(place: int, last: int, path: list[bytes]) -> list[tuple[bytes, bool]] | None:
    """Each step with whether it stands on the left; None for a path of another length."""
    found = []
    for step in path:
        if last == 0:
            return None
        left = bool(place & 1) or place == last
        found.append((step, left))
        while left and place and not place & 1:
            place, last = place >> 1, last >> 1
        place, last = place >> 1, last >> 1
    return found if last == 0 else None


def is_included(leaf: bytes, index: int, size: int, path: list[bytes], root: bytes) -> bool:
    """RFC 9162 §2.1.3.2."""
    steps = turns(index, size - 1, path) if index < size else None
    if steps is None:
        return False
    found = leaf
    for step, left in steps:
        found = node_hash(step, found) if left else node_hash(found, step)
    return found == root


def is_prefix(old: int, size: int, old_root: bytes, root: bytes, path: list[bytes]) -> bool:
    """RFC 9162 §2.1.4.2; every tree begins with the empty one."""
    if old in (0, size):
        return not path and (old == 0 or old_root == root)
    first, *rest = [old_root, *path] if old.bit_count() == 1 else path or [b""]
    place, last = old - 1, size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    steps = turns(place, last, rest) if 0 < old < size else None
    if steps is None:
        return False
    before = after = first
    for step, left in steps:
        if left:
            before = node_hash(step, before)
        after = node_hash(step, after) if left else node_hash(after, step)
    return before == old_root and after == root
