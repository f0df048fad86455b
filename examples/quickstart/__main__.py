"""The whole job on real runs: train, record, compare, judge, prove, replay, tamper.

Nothing is canned: MLflow's client logs real scikit-learn training to a real server, and every
number printed comes from that. ``python -m examples.quickstart [--graph sqlite|neo4j]``.
"""

import argparse
import concurrent.futures
import contextlib
import json
import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from examples.quickstart import table
from examples.quickstart.server import gate, lineproof, neo4j, serving
from examples.quickstart.workspace import SEEDS, VARIANTS, Workspace

POLICY = Path(__file__).parent / "lineproof.yaml"
JOBS = (("refactor",), ("baseline", "alpha", "damaged"), ("both", "newtest"))
"""Variants that one process trains; they share a commit."""
AT_ONCE = 2


def main() -> None:
    """Tell the story once and leave the data folder behind."""
    parser = argparse.ArgumentParser(prog="quickstart", description=__doc__)
    parser.add_argument("--graph", choices=("sqlite", "neo4j"), default="sqlite")
    asked = parser.parse_args()
    started = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="lineproof-quickstart-"))
    data = folder / "data"
    say(f"Lineproof quickstart. Everything stands in {folder}")
    with contextlib.ExitStack() as stack:
        graph = stack.enter_context(neo4j()) if asked.graph == "neo4j" else "sqlite"
        with serving(data, graph) as server:
            say(f"1  Serving on {server.url}, graph on {asked.graph}")
            train(folder, server.url)
            verdicts = judge(server.url)
            prove(folder, server.url, data, verdicts["damaged"])
        replay(data, graph)
    tamper(folder, data)
    what_next(data, time.monotonic() - started)


def train(folder: Path, url: str) -> None:
    """Declare the policy, then log every variant's runs through MLflow's client."""
    lineproof("policy", "apply", str(POLICY), "--url", url)
    say("   The policy is in the ledger before the first run: no result could have shaped it")
    workspace = Workspace(folder / "team")
    workspace.prepare()
    say(
        f"2  Training {len(VARIANTS)} variants x {SEEDS} seeds on digits, logged by MLflow's client"
    )
    story = {variant.name: variant.story for variant in VARIANTS}
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        jobs = [pool.submit(run_job, workspace, names, url, story) for names in JOBS]
        for job in jobs:
            job.result()


def run_job(workspace: Workspace, names: Sequence[str], url: str, story: dict[str, str]) -> None:
    """Train the named variants in one process; say each when it is done."""
    process = workspace.start([one for one in VARIANTS if one.name in names], url)
    assert process.stdout is not None
    for line in process.stdout:
        name = line.strip()
        if name in story:
            say(f"   {name:<9} {story[name]}")
    if process.wait() != 0:
        raise SystemExit(f"Training failed; see {workspace.folder}/{'-'.join(names)}.log")


def judge(url: str) -> dict[str, dict]:
    """Ask the gate for every candidate against the baseline."""
    say("3  May it ship?  lineproof gate --policy release --candidate \"tags.variant = '…'\" …")
    say(table.header())
    verdicts = {}
    for variant in VARIANTS[1:]:
        code, verdict = gate(url, f"tags.variant = '{variant.name}'", "tags.variant = 'baseline'")
        verdicts[variant.name] = verdict
        for line in table.row(variant.name, code, verdict):
            say(line)
    return verdicts


def prove(folder: Path, url: str, data: Path, verdict: dict) -> None:
    """Prove the verdict to somebody who has two files and a public key."""
    key = lineproof("ledger", "key", "--data", str(data))[1].strip()
    files = {"verdict.json": json.dumps(verdict)}
    leaf = str(verdict["leafIndex"])
    files["verdict.tlog-proof"] = lineproof("ledger", "prove", leaf, "--url", url)[1]
    for name, text in files.items():
        (folder / name).write_text(text)
    _, printed = lineproof(
        "gate", "verify", str(folder / "verdict.json"), "--proof",
        str(folder / "verdict.tlog-proof"), "--key", key,
    )  # fmt: skip
    say("4  Proof of the verdict on 'damaged', checked offline: lineproof gate verify …")
    show(printed)


def replay(data: Path, graph: str) -> None:
    """Delete every projection; the ledger alone gives back each verdict, byte for byte."""
    for store in dict.fromkeys((graph, "sqlite")):
        delete_projections(data, store)
        _, printed = lineproof("replay", "verdict", "--all", "--data", str(data), graph=store)
        name = "sqlite" if store == "sqlite" else "neo4j"
        say(f"   Every projection deleted, all verdicts derived again ({name}):")
        show(printed)


def delete_projections(data: Path, graph: str) -> None:
    """Everything but the ledger, its keys and its blobs."""
    shutil.rmtree(data / "tables", ignore_errors=True)
    for path in sorted([*data.glob("graph.db*"), *data.glob("deltas.db*")]):
        path.unlink()
    if graph != "sqlite":
        from graph.neo4j.store import Neo4jGraph

        store = Neo4jGraph(graph)
        store.reset()
        store.close()


def tamper(folder: Path, data: Path) -> None:
    """Flip one bit of one entry in a copy of the ledger."""
    copy = folder / "tampered"
    shutil.copytree(data, copy)
    bundle = copy / "ledger" / "static" / "tile" / "entries" / "000"
    damaged = bytearray(bundle.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    bundle.write_bytes(bytes(damaged))
    show(lineproof("ledger", "verify", str(data))[1])
    code, printed = lineproof("ledger", "verify", str(copy), expect=(4,))
    say(f"   One bit flipped in a copy: lineproof ledger verify exits {code}")
    show(printed)


def what_next(data: Path, seconds: float) -> None:
    """Where to go from here."""
    say(f"""5  Done in {seconds:.0f} s. Next:
   .venv/bin/lineproof serve --data {data}
       then open the printed address: pages on these runs, GraphiQL with worked queries
   .venv/bin/lineproof --help
   docs/README.md""")


def show(text: str) -> None:
    """Indent what a command printed."""
    for line in text.strip().splitlines():
        say("   | " + line)


def say(line: str) -> None:
    """Print at once."""
    print(line, flush=True)


if __name__ == "__main__":
    main()
