"""What is searched for among the made events: each kind of filter, each kind of words."""

from __future__ import annotations

FILTERS: dict[str, list[str]] = {
    "latest": [""],
    "actor, hot": ["actor:user1", "actor:user2", "actor:user3"],
    "actor, rare": ["actor:user1990", "actor:user1850", "actor:user1700"],
    "actor, beginning": ["actor:user19*", "actor:user1999*", "actor:u*"],
    "resource": [f"resource:project{n % 500}/dataset-{n}" for n in (1, 77, 5003, 150001)],
    "resource, a project": ["resource:project7", "resource:project499"],
    "verb, common": ["verb:file.download", "verb:grant.open"],
    "verb, rare": ["verb:role.retire"],
    "verb, a noun": ["verb:grant", "verb:access_request", "verb:role"],
    "class": ["class:authorization", "class:data_access"],
    "outcome": ["outcome:denied", "outcome:failed"],
    "door": ["door:admin", "door:cli", "door:web"],
    "purpose": ["purpose:care", "purpose:research"],
    "key": ["key:k7", "key:k13930", "key:k12950"],
    "ip": ["ip:10.0.0.131", "ip:10.3.250.0/24", "ip:10.0.0.0/8"],
    "since until": ["since:2d", "since:300d until:299d"],
    "actor and verb and 30 days": [
        "actor:user1 verb:grant.open since:400d until:370d",
        "actor:user1500 verb:grant.open since:400d until:370d",
    ],
    "who did what on what between": [
        "actor:user1 verb:grant resource:project7 since:400d until:200d",
        "actor:user1500 verb:file resource:project7 since:600d until:10d",
    ],
    "rare actor and rare verb": ["actor:user1990 verb:role.retire"],
    "nothing found": ["actor:nobody", "key:none", "verb:none.such"],
    "changed, a field": ["changed:state", "changed:classification"],
    "changed, a value": ["changed:classification=restricted", 'changed:"state=is 5"'],
}
WORDS: dict[str, list[str]] = {
    "a phrase in a quarter of all": ['"quarterly review"'],
    "words in between": ["w50", "w500", "w4000", '"ward 17"'],
    "two words": ["case w20", "w300 ward"],
    "a beginning": ["quart*", "w499*"],
    "no match": ["zzznomatch"],
    "common and 7 days": ["quarterly since:100d until:93d"],
    "common and a rare actor": ["quarterly actor:user1990", "quarterly actor:user1"],
    "without": ["case -w1", "-quarterly"],
    "part of a name": ["object:taset-1777", "object:user1999"],
}


def tickets(rows: int) -> list[str]:
    """Numbers that one event each speaks of."""
    return [f"{n}" for n in (rows // 40 * 20 + 4, rows // 60 * 20 + 4)]
