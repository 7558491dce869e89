"""Merge a picture's existing caption with a new one."""

from __future__ import annotations

from typing import Literal

Policy = Literal["ignore", "copy", "prepend", "append"]


def merge(existing: str, new: str, *, policy: Policy, joiner: str = ", ") -> str:
    """Join the caption a picture had and a new one as the policy says.

    Args:
        existing: The text beside the source; empty when there is none, then `new` is all.
        new: What a captioner wrote; empty when there is none.
        policy: "copy" lets the existing text stand instead of the new one; "prepend" and "append"
            put it before and after.
        joiner: What stands between the two.
    """
    order = {
        "ignore": (new,),
        "copy": (existing or new,),
        "prepend": (existing, new),
        "append": (new, existing),
    }
    return joiner.join(text.strip() for text in order[policy] if text.strip())
