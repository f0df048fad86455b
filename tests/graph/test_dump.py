"""The canonical text of a graph and its digest."""

import hashlib

from graph.dump import attribute_line, dump_digest, edge_line, node_line
from graph.memory import MemoryGraph
from graph.model import AttributeChange, Edge, EdgeType, Node, NodeKind
from ledger.projection import Cursor
from tests.conformance.entries import cursor, entry, run_started


def test_lines_are_canonical_json() -> None:
    assert node_line(Node("run:é", NodeKind.RUN, "p", 3)) == '["node","run:é","RUN","p",3]'.encode()
    change = AttributeChange("status", "x", 1, None)
    assert attribute_line("run:1", change) == b'["attribute","run:1","status",1,null,"x"]'
    edge = Edge("a", EdgeType.USED, "b", "r", "", 2)
    assert edge_line(edge) == b'["edge","a","USED","b","r","",2]'


def test_the_digest_is_over_the_lines_in_order() -> None:
    store = MemoryGraph()
    assert dump_digest(store) == "sha256:" + hashlib.sha256(b"").hexdigest()
    store.apply([entry(0, "run.started", run_started("r1"))], old=Cursor(), new=cursor(1))
    text = b"".join(line + b"\n" for line in store.dump())
    assert dump_digest(store) == "sha256:" + hashlib.sha256(text).hexdigest()
