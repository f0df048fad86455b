"""The projections come up to the ledger beside the requests, however many entries were written."""

import time
from pathlib import Path

import pytest

from ledger.entry import Draft
from lineproof import keeping_up
from lineproof.services import Services
from tests.lineproof.test_openlineage import opened

PATIENCE = 20.0


def draft(key: str) -> Draft:
    return Draft("note.made", "default", "tester", "test", key, {})


@pytest.mark.parametrize("written", [1, keeping_up.MANY + 1])
def test_they_come_up_once_the_writers_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    monkeypatch.setattr(keeping_up, "SECONDS", 0.02)
    with opened(tmp_path) as services:
        services.log.append([draft(f"e{number}") for number in range(written)])
        with keeping_up.keeping_up(services):
            wait_until_up(services.log.head().size, services)


def test_they_fall_behind_busy_writers_only_so_far(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping_up, "SECONDS", 0.02)
    monkeypatch.setattr(keeping_up, "MANY", -1)
    monkeypatch.setattr(keeping_up, "BEHIND", 10)
    with opened(tmp_path) as services, keeping_up.keeping_up(services):
        services.log.append([draft(f"e{number}") for number in range(9)])
        time.sleep(0.2)
        assert services.graph.cursor().size == 0
        services.log.append([draft("e9")])
        wait_until_up(10, services)


def wait_until_up(size: int, services: Services) -> None:
    until = time.monotonic() + PATIENCE
    while services.graph.cursor().size < size or services.metrics.cursor().size < size:
        assert time.monotonic() < until, "the projections stay behind"
        time.sleep(0.01)
