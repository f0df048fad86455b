"""A verdict as a SLSA Verification Summary in an in-toto Statement v1.

https://slsa.dev/spec/v1.1/verification_summary, https://in-toto.io/Statement/v1
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from domain.canonical import JsonObject, canonical_digest
from domain.verdict import Outcome
from governance.in_toto import STATEMENT_TYPE
from governance.produced import Product
from governance.statement import as_json
from governance.verdict import VerdictRecord

PREDICATE_TYPE: Final = "https://slsa.dev/verification_summary/v1"
PASSED_LEVEL: Final = "LINEPROOF_GATE_PASSED"


def verification_summary(
    verdict: VerdictRecord, artifacts: Iterable[Product], *, origin: str, at: int
) -> JsonObject:
    """The in-toto statement: the verdict itself and every artifact that the candidate produced.

    ``artifacts`` are identified by content (SHA-256); ``at`` is when the verdict was recorded, ms.
    """
    statement = verdict.statement
    digest = canonical_digest(as_json(statement)).removeprefix("sha256:")
    passed = verdict.outcome in (Outcome.PASS, Outcome.WARN)
    subject = [
        _subject(f"lineproof:verdict:{verdict.verdict_id}", digest),
        *(_subject(product.name, product.digest) for product in sorted(artifacts)),
    ]
    policy = statement["policy"]
    return {
        "_type": STATEMENT_TYPE,
        "subject": subject,
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "verifier": {"id": f"https://{origin}"},
            "timeVerified": datetime.fromtimestamp(at // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "resourceUri": f"lineproof:verdict:{verdict.verdict_id}",
            "policy": {
                "uri": f"lineproof:policy:{policy['name']}",
                "digest": {"sha256": policy["digest"].removeprefix("sha256:")},
            },
            "verificationResult": "PASSED" if passed else "FAILED",
            "verifiedLevels": [PASSED_LEVEL] if passed else [],
        },
    }


def _subject(name: str, digest: str) -> JsonObject:
    return {"name": name, "digest": {"sha256": digest.removeprefix("sha256:")}}
