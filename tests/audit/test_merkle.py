"""The tree against the vectors of RFC 6962's reference, and every proof of every small tree."""

from __future__ import annotations

import os
from hashlib import sha256

import pytest
from django.db import connection

from audit.seal import tiles
from audit.seal.merkle import (
    EMPTY,
    Edge,
    consistency,
    inclusion,
    is_included,
    is_prefix,
    leaf_hash,
    root_of,
)

# Certificate Transparency's own test data: inputs, and the root after each.
INPUTS = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
SIZES = [*range(1, 40), 255, 256, 257, 1000]


def hashes(number: int) -> list[bytes]:
    return [sha256(f"{number}".encode() + os.urandom(4)).digest() for _ in range(number)]


def test_the_vectors():
    edge = Edge()
    assert edge.root() == EMPTY
    for data, root in zip(INPUTS, ROOTS, strict=True):
        edge.append(leaf_hash(bytes.fromhex(data)))
        assert edge.root().hex() == root
        assert Edge.read(edge.size, edge.frontier()).root() == edge.root()


def test_a_frontier_of_another_size_is_refused():
    with pytest.raises(ValueError, match="perfect subtrees"):
        Edge.read(3, bytes(32))


@pytest.mark.parametrize("size", SIZES)
def test_every_leaf_is_proved_and_no_other(size):
    leaves = hashes(size)
    root = root_of(leaves)

    def subtree(first, end):
        return root_of(leaves[first:end])

    for index in range(size) if size < 40 else (0, 1, size // 2, size - 1):
        path = inclusion(subtree, index, size)
        assert is_included(leaves[index], index, size, path, root)
        assert not is_included(leaf_hash(b"another"), index, size, path, root)
        assert not is_included(leaves[index], size, size, path, root)
        if size > 1:
            assert not is_included(leaves[index], (index + 1) % size, size, path, root)
            assert not is_included(leaves[index], index, size, path[:-1], root)


@pytest.mark.parametrize("size", SIZES)
def test_every_beginning_is_proved_and_no_other(size):
    leaves = hashes(size)
    root = root_of(leaves)

    def subtree(first, end):
        return root_of(leaves[first:end])

    for old in range(1, size + 1) if size < 40 else (1, 128, 200, size):
        before = root_of(leaves[:old])
        path = consistency(subtree, old, size)
        assert is_prefix(old, size, before, root, path)
        assert not is_prefix(old, size, leaf_hash(b"x"), root, path)
        assert not is_prefix(old, size, before, leaf_hash(b"x"), path)
    assert is_prefix(0, size, EMPTY, root, [])
    assert not is_prefix(size + 1, size, root, root, [])


@pytest.mark.parametrize("sizes", [(1, 2, 255, 256, 257, 511, 512, 513, 900)])
def test_the_stored_tiles_are_the_tree(db, sizes):
    """Leaves in uneven batches; every beginning is proved from what is stored."""
    leaves = hashes(sizes[-1])
    with connection.cursor() as cursor:
        start = 0
        for size in sizes:
            for seq in range(start, size):
                cursor.execute(
                    "insert into audit_leaf (seq, event_id, at, uid, type, who_salt, who,"
                    " what_salt, what, hash)"
                    " values (%s, %s, now(), uuidv7(), '', '', %s, '', %s, %s)",
                    [seq, seq, leaves[0], leaves[0], leaves[seq]],
                )
            tiles.extend(start, leaves[start:size])
            start = size
    root = root_of(leaves)
    for old in (*sizes, 300, 640, 767):
        path = consistency(tiles.Reader().subtree, old, len(leaves))
        assert is_prefix(old, len(leaves), root_of(leaves[:old]), root, path)
        path = inclusion(tiles.Reader().subtree, old - 1, len(leaves))
        assert is_included(leaves[old - 1], old - 1, len(leaves), path, root)
