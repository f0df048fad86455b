"""Signed notes and checkpoints: the specification's example, and every forgery refused."""

import base64
import hashlib

import pytest

from domain.errors import ErrorCode, IntegrityError, UsageError
from ledger.checkpoint import open_checkpoint, sign_checkpoint
from ledger.signing import Signer, generate_signer, open_note, parse_signer, parse_vkey

ORIGIN = "example.com/log"
SIGNER = Signer(ORIGIN, bytes(range(32)))
ROOT = hashlib.sha256(b"root").digest()
GOOD = sign_checkpoint(ORIGIN, 12, ROOT, SIGNER)
SPEC_VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
SPEC_NOTE = (
    "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONnc"
    "AlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)


def signed(body: str) -> str:
    return SIGNER.sign_note(body)


def root_text(root: bytes = ROOT) -> str:
    return base64.b64encode(root).decode()


def test_the_example_of_the_specification_verifies() -> None:
    verifier = parse_vkey(SPEC_VKEY)
    assert verifier.vkey == SPEC_VKEY
    assert open_note(SPEC_NOTE, [verifier]) == "This is an example message.\n"


def test_a_checkpoint_reads_back_and_is_deterministic() -> None:
    assert open_checkpoint(GOOD.text, [SIGNER.verifier], ORIGIN) == GOOD
    assert sign_checkpoint(ORIGIN, 12, ROOT, SIGNER).text == GOOD.text


def test_signatures_of_strangers_are_ignored_beside_a_known_one() -> None:
    stranger = Signer("witness.example", bytes(32)).sign_note(f"{ORIGIN}\n12\n{root_text()}\n")
    text = GOOD.text + stranger.split("\n\n")[1]
    assert open_checkpoint(text, [SIGNER.verifier], ORIGIN).size == 12


FORGERIES = {
    "size changed": GOOD.text.replace("\n12\n", "\n13\n"),
    "signature changed": GOOD.text[:-8] + "AAAA" + GOOD.text[-4:],
    "another key with the same name": sign_checkpoint(
        ORIGIN, 12, ROOT, Signer(ORIGIN, bytes(32))
    ).text,
    "another origin": signed(f"example.com/other\n12\n{root_text()}\n"),
    "leading zero": signed(f"{ORIGIN}\n012\n{root_text()}\n"),
    "negative": signed(f"{ORIGIN}\n-12\n{root_text()}\n"),
    "short root": signed(f"{ORIGIN}\n12\n{root_text(b'x')}\n"),
    "root not base64": signed(f"{ORIGIN}\n12\n{root_text()[:-1]}\n"),
    "two lines": signed(f"{ORIGIN}\n12\n"),
    "an empty line": signed(f"{ORIGIN}\n12\n{root_text()}\n\n"),
    "no signature": f"{ORIGIN}\n12\n{root_text()}\n",
    "cut": GOOD.text[:-1],
    "control character": signed(f"{ORIGIN}\n12\n{root_text()}\n\x07\n"),
    "signature line without dash": GOOD.text.replace("— ", "- "),
    "too many signatures": GOOD.text + GOOD.text.split("\n\n")[1] * 64,
    "empty": "",
}


@pytest.mark.parametrize("what", FORGERIES)
def test_forged_checkpoints_are_refused(what: str) -> None:
    with pytest.raises(IntegrityError) as caught:
        open_checkpoint(FORGERIES[what], [SIGNER.verifier], ORIGIN)
    assert caught.value.code == ErrorCode.CHECKPOINT_INVALID


def test_a_key_file_reads_back() -> None:
    signer = generate_signer(ORIGIN)
    again = parse_signer(signer.key_file)
    assert again.verifier == signer.verifier
    assert again.sign_note("x\n") == signer.sign_note("x\n")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a+b",
        SPEC_VKEY[:-4],
        SPEC_VKEY.replace("530d", "530e"),
        SPEC_VKEY.replace("+Ae", "+Be"),
        "name with space+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
    ],
)
def test_bad_keys_are_refused(text: str) -> None:
    for parse in (parse_vkey, parse_signer, lambda t: parse_signer("PRIVATE+KEY+" + t)):
        with pytest.raises(UsageError) as caught:
            parse(text)
        assert caught.value.code == ErrorCode.CONFIG_INVALID


def test_a_name_with_a_space_or_plus_cannot_be_a_key() -> None:
    for name in ("", "a b", "a+b", "a\nb"):
        with pytest.raises(UsageError):
            generate_signer(name)
