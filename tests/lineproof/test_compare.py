"""``lineproof compare``, ``why`` and ``lineage``: on a folder, over HTTP, in every format."""

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from lineproof import comparisons
from lineproof.app import create_app
from lineproof.cli.exit_codes import Exit
from lineproof.cli.main import main
from lineproof.compared.answer import answer_of
from lineproof.compared.graph_svg import graph_svg
from lineproof.compared.interval_svg import interval_svg
from lineproof.compared.page import page
from lineproof.compared.style import Style
from lineproof.compared.table import table
from lineproof.compared.why import why
from lineproof.policies import declare
from lineproof.services import Services
from lineproof.settings import settings_from
from lineproof.wiring import open_services
from tests.lineproof.planted_runs import GOOD, POLICY, WORSE, plant_runs

A, B = ",".join(GOOD), ",".join(WORSE)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compare") / "data"
    services = _open(folder)
    plant_runs(services.log)
    declare(services, POLICY, project="default", source="test")
    services.close()
    return folder


@pytest.fixture
def services(data: Path) -> Iterator[Services]:
    opened = _open(data)
    yield opened
    opened.close()


def _open(data: Path) -> Services:
    return open_services(settings_from({"LINEPROOF_DATA": str(data)}))


def _request(**more: Any) -> dict[str, Any]:
    sides = {"baseline": {"runs": list(GOOD)}, "candidate": {"runs": list(WORSE)}}
    return {**sides, "policy": "release", **more}


def _answer(services: Services, **more: Any) -> Any:
    return answer_of(comparisons.compare(services, _request(**more), project="default"))


def test_the_table_names_the_cause(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", A, B, "--policy", "release", "--data", str(data)]) == Exit.OK
    printed = capsys.readouterr().out
    assert "Baseline   10 runs (runs)" in printed
    row = next(line for line in printed.splitlines() if line.startswith("accuracy"))
    assert "-0.05" in row
    assert row.endswith("FAIL")
    assert "param kind good → worse" in printed
    assert "SOLE for accuracy" in printed
    assert "\x1b" not in printed


def test_why_says_what_moved_and_what_it_is_blamed_on(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["why", "accuracy", "group:good0", "params.kind = 'worse'", "--data", str(data)]
    assert main(argv) == Exit.OK
    printed = capsys.readouterr().out
    assert printed.startswith("accuracy: 0.95045 ± 0.0003 → 0.90045 ± 0.0003, delta -0.05")
    assert "SOLE: param kind good → worse" in printed
    assert main(["why", "acuracy", A, B, "--data", str(data)]) == Exit.CANNOT_JUDGE
    assert "Recorded: accuracy." in capsys.readouterr().err


def test_json_is_the_answer_that_a_server_gives(
    services: Services, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with TestClient(create_app(services), base_url="http://127.0.0.1:8420") as client:
        response = client.post("/compare", json=_request())
    capsys.readouterr()
    argv = ["compare", A, B, "--policy", "release", "--format", "json", "--data", str(data)]
    assert main(argv) == Exit.OK
    assert json.loads(capsys.readouterr().out) == response.json()


def test_dvc_json_has_dvcs_form(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", A, B, "--format", "dvc-json", "--data", str(data)]) == Exit.OK
    found = json.loads(capsys.readouterr().out)["lineproof"]["accuracy"]
    assert list(found) == ["old", "new", "diff"]
    assert list(found.values()) == pytest.approx([0.95045, 0.90045, -0.05])


def test_markdown_has_a_row_for_each_metric(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["compare", A, B, "--policy=release", "--format", "markdown", "--data", str(data)]
    assert main(argv) == Exit.OK
    printed = capsys.readouterr().out
    assert re.search(r"^\| accuracy \| .* \| FAIL \|$", printed, re.M)
    assert "param kind good → worse" in printed


def test_the_page_needs_nothing_else_and_runs_nothing(services: Services) -> None:
    shown = page(_answer(services))
    assert "<script" not in shown
    assert not re.search(r'(?:src|href)="', shown)
    assert "default-src 'none'" in shown
    assert shown.count("<svg") == 2


def test_the_pictures_are_well_formed_and_show_both_sides(services: Services) -> None:
    answer = _answer(services)
    intervals = ET.fromstring(interval_svg(answer))
    assert intervals.find(".//{*}line[@class='interval worse']") is not None
    assert intervals.find(".//{*}rect[@class='margin']") is not None
    drawn = ET.fromstring(graph_svg(answer))
    sides = {each.get("class") for each in drawn.findall("{*}g")}
    assert {"baseline", "candidate cause"} <= sides


def test_names_cannot_command_a_terminal_or_a_page(services: Services) -> None:
    answer = _answer(services)
    evil = "<script>x</script>\x1b[2J\u202e"
    answer["comparison"]["causes"][0]["label"] = evil
    answer["comparison"]["deltas"][0]["key"]["name"] = evil
    for node in answer["diffGraph"]["nodes"]:
        node["label"] = evil
    assert "\x1b" not in table(answer, Style(colour=False))
    assert "\x1b" not in why(answer, evil, Style(colour=False))
    assert "<script" not in page(answer)
    ET.fromstring(graph_svg(answer).replace("\x1b", ""))


def test_colour_changes_no_word(services: Services) -> None:
    answer = _answer(services)
    plain, coloured = (table(answer, Style(colour=colour)) for colour in (False, True))
    assert coloured != plain
    assert re.sub(r"\x1b\[\d+m", "", coloured) == plain


def test_a_past_position_answers_the_same_for_ever(services: Services) -> None:
    first = comparisons.compare(services, _request(), project="default")
    size = first["comparison"]["as_of"]  # type: ignore[index,call-overload]
    plant_runs(services.log, project="other")
    again = comparisons.compare(services, _request(asOf=size), project="default")
    assert json.dumps(again) == json.dumps(first)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"asOf": -1}, "INVALID_ARGUMENT"),
        ({"asOf": 10**9}, "INVALID_ARGUMENT"),
        ({"maxNodes": 0}, "INVALID_ARGUMENT"),
        ({"maxNodes": True}, "INVALID_ARGUMENT"),
        ({"candidate": None}, "INVALID_ARGUMENT"),
        ({"policy": "none"}, "NOT_FOUND"),
        ({"unknown": 1}, "INVALID_ARGUMENT"),
        ({"candidate": {"runs": ["nobody"]}}, "NOT_FOUND"),
    ],
)
def test_a_wrong_request_is_a_typed_error(
    services: Services, change: dict[str, Any], code: str
) -> None:
    with TestClient(create_app(services), base_url="http://127.0.0.1:8420") as client:
        response = client.post("/compare", json=_request(**change))
    assert (response.status_code in (400, 404), response.json()["code"]) == (True, code)


def test_a_body_that_is_no_json_type_is_refused(services: Services) -> None:
    with TestClient(create_app(services), base_url="http://127.0.0.1:8420") as client:
        response = client.post("/lineage", content="{}", headers={"content-type": "text/plain"})
    assert response.status_code == 415


def test_lineage_shows_the_run_itself(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lineage", "good0", "--data", str(data)]) == Exit.OK
    assert capsys.readouterr().out == "run good0  run:good0\n"
    assert main(["lineage", "good0", "--to", "run:good1", "--data", str(data)]) == Exit.OK
    assert capsys.readouterr().out == "It is not upstream.\n"
    assert main(["lineage", "nobody", "--data", str(data)]) == Exit.CANNOT_JUDGE
    assert main(["lineage", "good0", "--kinds=cat", "--data", str(data)]) == Exit.USAGE
    assert main(["lineage", "good0", "--depth=101", "--data", str(data)]) == Exit.USAGE
