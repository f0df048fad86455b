"""Who may sign what: the approvers and signers of a project, and what changing them takes."""

from typing import Final, NotRequired, TypedDict

APPROVERS_SET: Final = "approvers.set"

CHANGE_VERSION: Final = 1
CHANGE_PREFIX: Final = b"lineproof.approvers/1\n"
"""Stands before the canonical change in what is signed, so that no signature serves for both."""
FIRST: Final = -1
"""What the first change of a project comes after."""


class Signature(TypedDict):
    """One signature."""

    key: str
    """The verifier key that made it."""
    signature: str
    """Base64, 64 bytes."""


class ApproversChange(TypedDict):
    """What is signed. It can be put in force once: it names the entry that it comes after."""

    version: int
    project: str
    after: int
    """The leaf index of the set that it replaces; ``FIRST`` when there is none."""
    threshold: int
    keys: list[str]
    signers: list[str]


class ApproversSet(TypedDict):
    """Payload of ``approvers.set``: the whole set from this entry on."""

    threshold: int
    """How many of the keys must sign."""
    keys: list[str]
    """Approvers, who sign waivers and changes of the set: ``<name>+<id>+<base64>``."""
    signers: NotRequired[list[str]]
    """Who sign artifacts."""
    revoked: list[str]
    """Keys that were in a set and must not sign any more."""
    change: NotRequired[ApproversChange]
    signatures: NotRequired[list[Signature]]
    """Of the approvers in force before; none for the first set."""
