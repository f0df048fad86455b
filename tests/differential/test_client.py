"""Each call of each scenario: the same answer from both servers, or a difference on the list."""

from pathlib import Path

import pytest
from mlflow import MlflowClient

from tests.differential.answers import Answers, differences
from tests.differential.calls import SCENARIOS, Scenario
from tests.differential.conftest import Servers
from tests.differential.differences import DIFFERENCES

pytestmark = [
    pytest.mark.filterwarnings("default"),
    pytest.mark.filterwarnings("ignore:.*deprecated since:FutureWarning"),
]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_both_servers_answer_alike(
    scenario: Scenario, servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    answers = []
    for side, url in (("ours", servers.ours), ("theirs", servers.theirs)):
        monkeypatch.setenv("MLFLOW_TRACKING_URI", url)
        folder = tmp_path / side
        folder.mkdir()
        plain = Answers()
        calls = scenario(MlflowClient(url), folder)
        answers.append({name: plain.of_call(call) for name, call in calls})
    ours, theirs = answers
    assert list(ours) == list(theirs)
    name = scenario.__name__
    found = {call: differences(ours[call], theirs[call], call) for call in ours}
    differing = {call for call in ours if found[call]}
    listed = {call for (of, call) in DIFFERENCES if of == name}
    lines = [line for call in sorted(differing - listed) for line in found[call]]
    assert not lines, "answers differ that are not on the list:\n" + "\n".join(lines)
    assert listed - differing == set(), "on the list, but the answers are the same"
