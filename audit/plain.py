"""What a title is made of: nothing that cannot be seen, or that turns its neighbours around."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError

# Control characters and line ends, zero-width ones that no script needs, and those of Unicode's
# bidirectional algorithm (UAX 9): with U+202E a name reads as another one, on every page and in
# every log. The joiners U+200C and U+200D stay: Persian and emoji are written with them.
UNSEEN = re.compile(
    "[\\x00-\\x1f\\x7f-\\x9f\\u00ad\\u061c\\u180e\\u200b\\u200e\\u200f\\u2028-\\u202e"
    "\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb\\U000e0000-\\U000e007f]"
)


def plain_line(text: str) -> None:
    if found := UNSEEN.search(text):
        raise ValidationError(
            f"U+{ord(found[0]):04X} cannot be seen, or turns what stands beside it: take it out.",
            code="unseen",
        )
