"""``lineproof witness key``: a witness's key, made on first use."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from domain.errors import ErrorCode, UsageError
from lineproof.cli.exit_codes import Exit
from lineproof.settings import Settings

if TYPE_CHECKING:
    from ledger.signing import Signer

SUMMARY = "Print the verifier key of a witness, for the witness policies of others."
KEY_FILE = "witness.key"


def define(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_witness(parser)
    parser.set_defaults(run=run)


def add_witness(parser: argparse.ArgumentParser) -> None:
    """Which witness: its folder and its name."""
    parser.add_argument(
        "--folder", metavar="DIR", type=Path, required=True, help="the witness's own folder"
    )
    parser.add_argument(
        "--key-name", metavar="NAME", help="its name, to make its key, such as team.example/witness"
    )


def run(arguments: argparse.Namespace, _settings: Settings) -> int:
    """Print the key."""
    print(witness_signer(arguments.folder, arguments.key_name).verifier.vkey)
    return Exit.OK


def witness_signer(folder: Path, name: str | None) -> "Signer":
    """The witness's key; made when there is none yet and ``name`` says how to call it.

    Raises ``UsageError`` (CONFIG_INVALID) when there is none, or it has another name.
    """
    from ledger.durable import DurableFolder, OsFs, read_file, typed_errors
    from ledger.signing import COSIGNATURE, generate_signer, parse_signer

    text = read_file(folder / KEY_FILE)
    if text is not None:
        signer = parse_signer(text.decode("utf-8", "replace"), COSIGNATURE)
        if name not in (None, signer.verifier.name):
            raise UsageError(
                f"The witness in {folder} is {signer.verifier.name}, not {name}.",
                code=ErrorCode.CONFIG_INVALID,
                hint="A witness keeps its name; use another folder for another one.",
            )
        return signer
    if name is None:
        raise UsageError(
            f"There is no witness in {folder} yet.",
            code=ErrorCode.CONFIG_INVALID,
            hint="Name it with --key-name, and its key is made.",
        )
    signer = generate_signer(name, COSIGNATURE)
    with typed_errors():
        folder.mkdir(parents=True, exist_ok=True)
    durable = DurableFolder(folder, folder / ".staging", OsFs())
    durable.prepare()
    durable.replace({KEY_FILE: signer.key_file.encode()}, mode=0o600)
    return signer
