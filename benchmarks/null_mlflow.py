"""A server that answers MLflow's client at once and keeps nothing: what the client itself costs.

``python -m benchmarks.null_mlflow PORT`` knows the calls of ``bench_mlflow.client_runs`` alone.
"""

import json
import sys
from typing import Any

import uvicorn

INFO = {
    "run_uuid": "0" * 32,
    "run_id": "0" * 32,
    "experiment_id": "0",
    "run_name": "run",
    "status": "RUNNING",
    "start_time": 1,
    "artifact_uri": "mlflow-artifacts:/0/0/artifacts",
    "lifecycle_stage": "active",
}
ANSWERS = {
    "create": {"run": {"info": INFO, "data": {}, "inputs": {}, "outputs": {}}},
    "update": {"run_info": INFO},
}


async def application(scope: Any, receive: Any, send: Any) -> None:
    """ASGI: read the body, answer by the last step of the path."""
    while (await receive()).get("more_body"):
        pass
    body = json.dumps(ANSWERS.get(scope["path"].rpartition("/")[2], {})).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


if __name__ == "__main__":
    uvicorn.run(application, port=int(sys.argv[1]), lifespan="off", log_level="warning")
