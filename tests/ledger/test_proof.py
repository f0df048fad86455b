"""tlog-proof files: made, read and checked with nothing but a key."""

from pathlib import Path

import pytest

from domain.errors import ErrorCode, IntegrityError
from ledger.proof import TlogProof, format_proof, parse_proof, verify_proof
from ledger.signing import generate_signer
from tests.ledger.builders import fill, open_log


@pytest.fixture(scope="module")
def proven(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, bytes, str]:
    """(proof file, entry bytes, vkey) of entry 5 of 300."""
    log = open_log(tmp_path_factory.mktemp("proof"))
    fill(log, 300)
    entry = next(iter(log.read(5, 6)))
    result = log.prove(5), entry.data, log.vkey
    log.close()
    return result


def test_every_entry_of_a_log_can_be_proven(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    fill(log, 300)
    for entry in log.read(0, 300):
        if entry.seq % 37 == 0 or entry.seq == 299:
            assert verify_proof(log.prove(entry.seq), entry.data, log.vkey).size == 300
    log.close()


def test_a_proof_reads_back_with_its_extra_data(proven: tuple[str, bytes, str]) -> None:
    proof = parse_proof(proven[0])
    text = format_proof(proof.index, proof.path, proof.checkpoint, extra=b"context")
    assert text.startswith("c2sp.org/tlog-proof@v1\nextra Y29udGV4dA==\nindex 5\n")
    assert parse_proof(text) == TlogProof(5, proof.path, proof.checkpoint, b"context")
    assert verify_proof(text, proven[1], proven[2]).size == 300


def test_what_is_not_the_proof_is_refused(proven: tuple[str, bytes, str]) -> None:
    text, entry, vkey = proven
    lines = text.split("\n")
    forgeries = [
        text.replace("index 5\n", "index 6\n"),
        text.replace("index 5\n", "index 05\n"),
        text.replace("index 5\n", ""),
        text.replace("@v1", "@v2"),
        text.replace("\n300\n", "\n301\n"),
        "\n".join([*lines[:2], *lines[3:]]),
        "\n".join([*lines[:2], lines[2][1:], *lines[3:]]),
        text.replace("index", "extra !\nindex"),
        text.partition("\n\n")[0],
        "",
    ]
    for forgery in forgeries:
        with pytest.raises(IntegrityError):
            verify_proof(forgery, entry, vkey)
    with pytest.raises(IntegrityError) as caught:
        verify_proof(text, entry + b" ", vkey)
    assert caught.value.code == ErrorCode.PROOF_INVALID
    with pytest.raises(IntegrityError) as caught:
        verify_proof(text, entry, generate_signer("lineproof.local/ledger").verifier.vkey)
    assert caught.value.code == ErrorCode.CHECKPOINT_INVALID
