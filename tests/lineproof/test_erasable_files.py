"""Files of erasable runs through MLflow's proxied artifact API."""

import hashlib
import json
import random
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from ledger.verify import verify_folder
from lineproof.cli.exit_codes import Exit
from lineproof.cli.main import main
from tests.lineproof.test_erasable_events import ALICE, SECRET, door, everything

API = "/api/2.0/mlflow/"
FILES = "/api/2.0/mlflow-artifacts/artifacts"
BODY = (SECRET * 20_000).encode()


def start(client: TestClient, subject: str | None) -> str:
    """A new run; the folder of its files."""
    tags = [] if subject is None else [{"key": "lineproof.erasable", "value": subject}]
    answer = client.post(f"{API}runs/create", json={"experiment_id": "0", "tags": tags})
    return f"0/{answer.json()['run']['info']['run_id']}/artifacts"


def put(client: TestClient, path: str, body: bytes = BODY, expected: int = 200) -> None:
    answer = client.put(f"{FILES}/{path}", content=body)
    assert answer.status_code == expected, answer.text


def get(client: TestClient, path: str, **headers: str) -> Any:
    return client.get(f"{FILES}/{path}", headers=headers)


def model_folder(client: TestClient, run_folder: str) -> str:
    """A logged model of the run; the folder of its files."""
    body = {"experiment_id": "0", "source_run_id": run_folder.split("/")[1]}
    answer = client.post(f"{API}logged-models", json=body)
    return f"0/models/{answer.json()['model']['info']['model_id']}/artifacts"


def test_sealed_files_read_back_and_are_gone_when_erased(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data"
    with door(data) as (client, _):
        mine, plain = start(client, ALICE), start(client, None)
        model = model_folder(client, mine)
        for folder in (mine, model, plain):
            put(client, f"{folder}/{'heart' if folder != plain else 'plain'}.txt", BODY[:-1])
        put(client, f"{mine}/other/heart-2.txt", b"")
        for path in (f"{mine}/heart.txt", f"{model}/heart.txt", f"{plain}/plain.txt"):
            assert get(client, path).content == BODY[:-1]
        listed = client.get(FILES, params={"path": mine}).json()["files"]
        assert [one["path"] for one in listed] == ["heart.txt", "other"]
        assert listed[0]["file_size"] == len(BODY) - 1
        assert get(client, f"{mine}/other/heart-2.txt").content == b""
        assert client.delete(f"{FILES}/{mine}/other").status_code == 200
        assert get(client, f"{mine}/other/heart-2.txt").status_code == 404
        put(client, f"{mine}/other.txt")
    # The plain run's file stands in the blobs; nothing else says the word, or a sealed file's name.
    (blob,) = (data / "blobs/sha256").rglob(hashlib.sha256(BODY[:-1]).hexdigest())
    blob.rename(tmp_path / "blob")
    stored = everything(data / "ledger") + everything(data / "blobs")
    for word in (SECRET, ALICE, "heart.txt", "heart-2.txt"):
        assert word.encode() not in stored, word
    (tmp_path / "blob").rename(blob)

    assert verify_folder(data).ok
    assert main(["erase", ALICE, "--data", str(data)]) == Exit.OK
    assert main(["ledger", "verify", str(data)]) == Exit.OK
    assert "erasable payloads are erased" in capsys.readouterr().out
    with door(data) as (client, _):
        for folder in (mine, model):
            gone = get(client, f"{folder}/heart.txt")
            assert (gone.status_code, gone.json()["lineproof_code"]) == (410, "ERASED")
            put(client, f"{folder}/heart.txt", expected=410)
            assert client.delete(f"{FILES}/{folder}/heart.txt").status_code == 410
        assert get(client, f"{plain}/plain.txt").content == BODY[:-1]
        assert get(client, f"{plain}/none.txt").status_code == 404


def test_ranges_of_a_sealed_file(tmp_path: Path) -> None:
    rng = random.Random(5)
    with door(tmp_path / "data") as (client, _):
        path = f"{start(client, ALICE)}/heart.txt"
        put(client, path)
        tag, size = get(client, path).headers["etag"], len(BODY)
        for _ in range(20):
            first = rng.randrange(size)
            last = rng.randrange(first, size + 9)
            part = get(client, path, Range=f"bytes={first}-{last}")
            assert part.status_code == 206
            assert part.content == BODY[first : last + 1]
            assert part.headers["content-range"] == f"bytes {first}-{min(last, size - 1)}/{size}"
        assert get(client, path, Range="bytes=-7").content == BODY[-7:]
        assert get(client, path, Range=f"bytes={size - 7}-").content == BODY[-7:]
        assert get(client, path, Range=f"bytes={size}-").status_code == 416
        for other in ("bytes=9-3", "bytes=0-1,4-5", "lines=1-2"):
            assert get(client, path, Range=other).content == BODY
        assert get(client, path, **{"Range": "bytes=0-1", "If-Range": '"old"'}).content == BODY
        assert get(client, path, **{"Range": "bytes=0-1", "If-Range": tag}).content == BODY[:2]
        head = client.head(f"{FILES}/{path}")
        assert (head.status_code, head.headers["content-length"]) == (200, str(size))
        assert head.content == b""


def test_the_entries_of_sealed_files_say_nothing(tmp_path: Path) -> None:
    with door(tmp_path / "data") as (client, services):
        path = f"{start(client, ALICE)}/heart.txt"
        put(client, path)
        (entry,) = [
            e for e in services.log.read(0, services.log.head().size) if e.type == "artifact.logged"
        ]
        assert entry.payload["path"] == path
        recorded = json.loads(entry.data)
        assert set(recorded["payload"]) == {"lineproof.sealed", "subject"}
        assert entry.payload["digest"] == f"sha256:{hashlib.sha256(BODY).hexdigest()}"
