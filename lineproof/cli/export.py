"""``lineproof export``: the project's record in the forms that other tools read."""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from domain.canonical import JsonValue
from domain.errors import BackendError, ErrorCode, UsageError
from domain.metric import parse_decimal
from graph.model import NodeKind, entity_id
from lineproof.cli.backend import Backend, open_backend
from lineproof.cli.exit_codes import Exit
from lineproof.cli.options import add_backend
from lineproof.exports.graph import ExportedGraph, read_graph
from lineproof.exports.networks import graphml, node_link
from lineproof.exports.openlineage import openlineage_events
from lineproof.exports.prov import prov_document
from lineproof.settings import Settings

SUMMARY = "Export as PROV-JSON, OpenLineage events, GraphML, node-link JSON or Parquet."

_TEXTS: Final[dict[str, Callable[[ExportedGraph], Iterator[str]]]] = {
    "graphml": graphml,
    "node-link": lambda graph: _json(node_link(graph)),
    "openlineage": lambda graph: (
        json.dumps(event, sort_keys=True) + "\n" for event in openlineage_events(graph)
    ),
    "prov": lambda graph: _json(prov_document(graph)),
}
_TABLES: Final = ("parquet", "runs")
KINDS: Final = (*sorted(_TEXTS), *_TABLES)


def define(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("kind", metavar="KIND", choices=KINDS, help=", ".join(KINDS))
    parser.add_argument(
        "--to", metavar="PATH", type=Path, help="write here (tables: required; default: stdout)"
    )
    parser.add_argument("--filter", metavar="FILTER", help="runs: only those that it lets through")
    add_backend(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Write the export."""
    target: Path | None = arguments.to
    if arguments.kind in _TABLES and target is None:
        raise UsageError("A Parquet file needs a path.", hint="Add --to points.parquet.")
    if arguments.filter is not None and arguments.kind != "runs":
        raise UsageError("--filter goes with 'runs' alone.", hint="Leave it out.")
    backend = open_backend(settings)
    try:
        graph = read_graph(backend, settings.project)
        if arguments.kind == "parquet" and target is not None:
            return _write_points(backend, graph, target)
        if arguments.kind == "runs" and target is not None:
            return _write_runs(backend, graph, target, arguments.filter or "")
    finally:
        backend.close()
    lines = _TEXTS[arguments.kind](graph)
    if target is None:
        sys.stdout.writelines(lines)
        return Exit.OK
    try:
        with target.open("w", encoding="utf-8") as file:
            file.writelines(lines)
    except OSError as error:
        raise _unwritable(target, error) from error
    return Exit.OK


def _write_points(backend: Backend, graph: ExportedGraph, target: Path) -> int:
    from analytics.metric_files import write_points

    try:
        written = write_points(target, _rows(backend, graph))
    except OSError as error:
        raise _unwritable(target, error) from error
    print(f"{written} points")
    return Exit.OK


def _write_runs(backend: Backend, graph: ExportedGraph, target: Path, filter_text: str) -> int:
    from analytics.run_table import RunRow, write_runs

    rows = {
        entity_id(node.id): RunRow(entity_id(node.id), node.attributes)
        for node in graph.nodes
        if node.kind is NodeKind.RUN
    }
    for run_id, key, value, step, at in _rows(backend, graph):
        rows[run_id].add(key, (step, at, parse_decimal(value)))
    try:
        written = write_runs(target, rows.values(), filter_text)
    except OSError as error:
        raise _unwritable(target, error) from error
    print(f"{written} runs")
    return Exit.OK


def _rows(backend: Backend, graph: ExportedGraph) -> Iterator[tuple[str, str, str, int, int]]:
    """(run, key, value as text, step, milliseconds) of every run, by age."""
    for node in graph.nodes:
        if node.kind is not NodeKind.RUN:
            continue
        run_id = entity_id(node.id)
        answer = backend.ask("points.page", {"runId": run_id, "asOf": graph.tree_size})
        points = answer.get("points")
        if not isinstance(points, list):
            raise BackendError("The answer has no points.")
        for row in points:
            yield _row(run_id, row)


def _row(run_id: str, row: JsonValue) -> tuple[str, str, str, int, int]:
    if isinstance(row, list) and len(row) == 4:
        key, value, step, time = row
        if isinstance(step, int) and isinstance(time, int):
            return run_id, str(key), str(value), step, time
    raise BackendError("The answer's points are not as promised.")


def _json(value: JsonValue) -> Iterator[str]:
    yield json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False)
    yield "\n"


def _unwritable(target: Path, error: OSError) -> UsageError:
    return UsageError(f"{target} cannot be written: {error.strerror}.", code=ErrorCode.INVALID_PATH)
