"""DSSE envelopes signed by the log's key. https://github.com/secure-systems-lab/dsse

What is signed starts with ``DSSEv1 `` and so can never be read as a checkpoint.
"""

import base64

from domain.canonical import JsonObject
from ledger.signing import Signer

PREFIX = b"DSSEv1"


def pre_authentication(payload_type: str, payload: bytes) -> bytes:
    """PAE: ``DSSEv1 <len> <type> <len> <payload>``, lengths in bytes."""
    kind = payload_type.encode()
    return b" ".join((PREFIX, str(len(kind)).encode(), kind, str(len(payload)).encode(), payload))


def sealed(payload_type: str, payload: bytes, signer: Signer) -> JsonObject:
    """The envelope; its key id is the signer's verifier key, as text."""
    signature = signer.sign(pre_authentication(payload_type, payload))
    return {
        "payloadType": payload_type,
        "payload": base64.b64encode(payload).decode("ascii"),
        "signatures": [
            {
                "keyid": signer.verifier.vkey,
                "sig": base64.b64encode(signature).decode("ascii"),
            }
        ],
    }
