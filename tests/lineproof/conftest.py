"""Commands configure the process's logs; no test leaves that behind."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog


@pytest.fixture(autouse=True)
def _restore_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    root.handlers, root.level = handlers, level


@pytest.fixture(autouse=True, scope="session")
def _remember_elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Fixtures of modules ask servers, too, before ``remembered`` is there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LINEPROOF_STATE", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(autouse=True)
def remembered(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where commands remember checkpoints: not in the home of whoever runs the tests."""
    state = tmp_path_factory.mktemp("state")
    monkeypatch.setenv("LINEPROOF_STATE", str(state))
    return state / "checkpoints"
