"""The story from data to decision: complete, provable offline, inert."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from domain.errors import IntegrityError, LineproofError, NotFoundError
from domain.model import (
    LOGGED_MODEL_CREATED,
    MODEL_VERSION_CREATED,
    REGISTERED_MODEL_CREATED,
    REGISTERED_MODEL_UPDATED,
)
from domain.quarantine import QUARANTINE_HELD
from domain.verdict import POLICY_APPLIED, VERDICT_RECORDED
from governance.audit_bundle import audit_bundle, verified_bundle
from governance.audit_story import story_html, story_text
from governance.audit_subject import audited_node, story_seqs
from ledger.signing import generate_signer
from tests.governance.world import World

EVIL = "<script>alert(1)</script>"


def _story(world: World) -> dict[str, Any]:
    world.declare()
    world.batch("s")
    candidate = world.batch("c", tags={"note": EVIL, "long": "x" * 20_000})
    world.keeper().hold("run:c0", f"bad {EVIL}")
    verdict = world.ask(candidate, [f"s{i}" for i in range(5)])
    world.start("unrelated", {"accuracy": 0.1})
    size = world.catch_up()
    subject = audited_node(world.graph, "default", verdict.verdict_id, as_of=size)
    seqs = story_seqs(world.graph, "default", subject, as_of=size)
    bundle: dict[str, Any] = json.loads(json.dumps(audit_bundle(world.log, subject, seqs)))
    return bundle


def test_a_bundle_tells_everything_that_led_to_a_verdict_and_nothing_else(world: World) -> None:
    found = verified_bundle(_story(world), world.log.vkey)
    kinds = {entry.type for entry in found.entries}
    assert {POLICY_APPLIED, VERDICT_RECORDED, QUARANTINE_HELD, "run.started"} <= kinds
    started = {e.payload["run_id"] for e in found.entries if e.type == "run.started"}
    assert started == {f"{side}{i}" for side in "sc" for i in range(5)}
    text = story_text(found)
    assert "policy release came into force" in text
    assert f"{found.entries[-1].seq}" in text


def test_the_page_is_inert(world: World) -> None:
    page = story_html(verified_bundle(_story(world), world.log.vkey))
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "default-src 'none'" in page


CHANGES: list[Callable[[dict[str, Any]], object]] = [
    lambda b: b["lines"][0].update(entry=b["lines"][0]["entry"].replace("ann", "eve")),
    lambda b: b["lines"][0].update(leafIndex=b["lines"][1]["leafIndex"]),
    lambda b: b["lines"][0]["inclusion"].pop(),
    lambda b: b["lines"][0]["inclusion"].__setitem__(0, "AAAA"),
    lambda b: b["lines"].reverse(),
    lambda b: b["lines"].append(b["lines"][0]),
    lambda b: b.update(checkpoint=b["checkpoint"].replace("\n", "\n0", 1)),
    lambda b: next(x for x in b["lines"] if "payload" in x)["payload"].update(run_id="x"),
    lambda b: b.update(format="other"),
    lambda b: b.update(lines=None),
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_bundle_does_not_hold(
    world: World, change: Callable[[dict[str, Any]], object]
) -> None:
    bundle = _story(world)
    changed = copy.deepcopy(bundle)
    change(changed)
    with pytest.raises(LineproofError):
        verified_bundle(changed, world.log.vkey)


def test_another_key_is_not_believed(world: World) -> None:
    bundle = _story(world)
    other = generate_signer(world.log.origin).verifier.vkey
    with pytest.raises(IntegrityError):
        verified_bundle(bundle, other)


def test_what_is_not_there_has_no_story(world: World) -> None:
    _story(world)
    with pytest.raises(NotFoundError):
        audited_node(world.graph, "other", "c0", as_of=world.catch_up())


def _registered(world: World) -> None:
    """The model "shop" with one version, logged and made by run c0."""
    logged = {
        "model_id": "m-1",
        "experiment_id": "1",
        "name": "weights",
        "model_type": "",
        "source_run_id": "c0",
        "params": {},
        "tags": {},
    }
    world.append(LOGGED_MODEL_CREATED, logged)
    for kind, more in (
        (REGISTERED_MODEL_CREATED, {"name": "shop", "description": "", "tags": {}}),
        (
            MODEL_VERSION_CREATED,
            {
                "version": 1,
                "source": "models:/m-1",
                "run_id": "c0",
                "run_link": "",
                "model_id": "m-1",
                "description": "",
                "tags": {},
            },
        ),
        (REGISTERED_MODEL_UPDATED, {"aliases": {"champion": 1}}),
    ):
        world.append(kind, {"model": "id1", **more})


@pytest.mark.parametrize("name", ["shop", "model:shop", "shop/1"])
def test_a_registered_model_is_told_by_its_name(world: World, name: str) -> None:
    _story(world)
    _registered(world)
    size = world.catch_up()
    subject = audited_node(world.graph, "default", name, as_of=size)
    seqs = story_seqs(world.graph, "default", subject, as_of=size)
    bundle = json.loads(json.dumps(audit_bundle(world.log, subject, seqs)))
    found = verified_bundle(bundle, world.log.vkey)
    text = story_text(found)
    for line in (
        "run c0 (c0) was started",
        "run c0 logged the model weights m-1",
        "model shop was registered",
        "version 1 was registered from run c0: models:/m-1",
        "alias champion is version 1",
        "run:c0 was held",
        "policy release came into force",
    ):
        assert line in text
    assert "unrelated" not in text
    page = story_html(found)
    assert page.count("entry and proof") == len(found.entries)
    assert found.paths[0][0] in page


@pytest.mark.parametrize("name", ["shop/2", "shop/x", "model:none", "shop/1/1", ""])
def test_what_names_no_model_is_not_found(world: World, name: str) -> None:
    _story(world)
    _registered(world)
    with pytest.raises(NotFoundError):
        audited_node(world.graph, "default", name, as_of=world.catch_up())
