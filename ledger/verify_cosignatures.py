"""Verification of the lines that witnesses added to a checkpoint.

A line of a known witness must verify: a wrong one is no accident of theirs, for it was added here.
Lines of witnesses that nobody has named are listed, and say nothing.
"""

from ledger import note
from ledger.cosignature import cosignatures
from ledger.manifest import Manifest
from ledger.verify_report import VerifyReport
from ledger.witness_policy import WitnessPolicy


def check_cosignatures(
    text: str, path: str, manifest: Manifest, policy: WitnessPolicy | None, report: VerifyReport
) -> None:
    """Judge every line of the note ``text`` that is not the log's own.

    ``policy`` names the known witnesses; the log's own signature was verified before.
    """
    own = {(key.name, key.key_id) for key in manifest.verifiers}
    witnesses = [] if policy is None else [witness.verifier for witness in policy.witnesses]
    known = {(witness.name, witness.key_id): witness for witness in witnesses}
    valid = cosignatures(text, witnesses)
    for line in note.split_note(text)[1]:
        name, signature = note.parse_signature(line)
        key = name, signature[:4]
        if key in own:
            continue
        if key not in known:
            report.strangers.add(f"{name}+{signature[:4].hex()}")
        elif f"{line}\n" == valid.get(known[key]):
            report.cosigned.add(name)
        else:
            report.add(None, path, f"the cosignature of {name} is wrong")
