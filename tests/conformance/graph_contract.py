"""What every graph store must do. Subclass ``GraphContract``; ``--graph`` chooses the stores."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import StaleError
from graph.dump import dump_digest
from graph.model import LINEAGE, AttributeChange, EdgeType, NodeKind
from graph.port import (
    Condition,
    Direction,
    GraphStore,
    NodeQuery,
    Operator,
)
from ledger.entry import Entry
from ledger.projection import Cursor
from tests.conformance.entries import (
    HOSTILE,
    cursor,
    entry,
    experiment_created,
    histories,
    numbered,
    run_logged,
    run_started,
    use,
)
from tests.conformance.graph_reads import everything, explored, fill, ids, remembered, runs


class GraphContract:
    """Each test takes ``graph_store``, an empty store of the kind under test."""

    # The projection

    def test_an_empty_store_stands_at_zero(self, graph_store: GraphStore) -> None:
        assert graph_store.name == "graph"
        assert graph_store.cursor() == Cursor()
        assert list(graph_store.dump()) == []

    def test_the_cursor_is_kept_as_it_was_given(self, graph_store: GraphStore) -> None:
        new = Cursor(3, (b"\x00" * 32, bytes(range(32))))
        entries = numbered([("run.started", "default", run_started(f"r{n}")) for n in range(3)])
        graph_store.apply(entries, old=Cursor(), new=new)
        assert graph_store.cursor() == new

    @pytest.mark.parametrize("wrong", [cursor(1), Cursor(2, (b"\x01" * 32,))])
    def test_a_moved_cursor_is_stale_and_changes_nothing(
        self, graph_store: GraphStore, wrong: Cursor
    ) -> None:
        entries = numbered([("run.started", "default", run_started(f"r{n}")) for n in range(3)])
        fill(graph_store, entries[:2])
        before = dump_digest(graph_store)
        with pytest.raises(StaleError):
            graph_store.apply(entries[2:], old=wrong, new=cursor(3))
        assert graph_store.cursor() == cursor(2)
        assert dump_digest(graph_store) == before

    def test_a_failing_entry_leaves_the_store_as_it_was(self, graph_store: GraphStore) -> None:
        fill(graph_store, [entry(0, "run.started", run_started("r1"))])
        rest = [entry(1, "run.started", run_started("r2")), entry(2, "run.deleted", {})]
        with pytest.raises(KeyError):
            graph_store.apply(rest, old=cursor(1), new=cursor(3))
        assert graph_store.cursor() == cursor(1)
        assert ids(graph_store) == ["run:r1"]

    def test_of_many_writers_at_one_position_one_wins(self, graph_store: GraphStore) -> None:
        entries = [entry(0, "run.started", run_started("r1"))]

        def write(_: int) -> bool:
            try:
                graph_store.apply(entries, old=Cursor(), new=cursor(1))
            except StaleError:
                return False
            return True

        with ThreadPoolExecutor(4) as pool:
            assert sorted(pool.map(write, range(8))) == [False] * 7 + [True]
        assert list(graph_store.dump()) == list(remembered(entries).dump())

    def test_reads_beside_a_writer_see_whole_batches(self, graph_store: GraphStore) -> None:
        """Each batch changes all runs to one status, so a read that mixes two batches shows."""
        names = [f"r{n}" for n in range(5)]
        fill(graph_store, numbered([("run.started", "default", run_started(n)) for n in names]))

        def seen(_: int) -> int:
            nodes = graph_store.find(runs())
            return len({node.attributes["status"] for node in nodes})

        with ThreadPoolExecutor(2) as pool:
            looks = pool.map(seen, range(40))
            for start in range(5, 55, 5):
                batch = [
                    entry(start + n, "run.updated", {"run_id": name, "status": f"S{start}"})
                    for n, name in enumerate(names)
                ]
                graph_store.apply(batch, old=cursor(start), new=cursor(start + 5))
            assert set(looks) == {1}

    def test_reset_forgets_everything(self, graph_store: GraphStore) -> None:
        fill(graph_store, numbered([("run.started", "default", run_started("r1"))]))
        graph_store.reset()
        assert graph_store.cursor() == Cursor()
        assert list(graph_store.dump()) == []

    @explored
    @given(entries=histories(), cuts=st.lists(st.integers(0, 20), max_size=3))
    def test_catching_up_in_pieces_is_rebuilding_from_zero(
        self, graph_store: GraphStore, entries: list[Entry], cuts: list[int]
    ) -> None:
        fill(graph_store, entries, cuts)
        pieces = list(graph_store.dump())
        assert pieces == sorted(pieces)
        assert pieces == list(remembered(entries).dump())
        fill(graph_store, entries)
        assert list(graph_store.dump()) == pieces

    @explored
    @given(entries=histories(), data=st.data())
    def test_a_read_as_of_is_a_read_of_the_prefix(
        self, graph_store: GraphStore, entries: list[Entry], data: st.DataObject
    ) -> None:
        fill(graph_store, entries)
        as_of = data.draw(st.integers(0, len(entries) + 1))
        prefix = remembered([one for one in entries if one.seq < as_of])
        assert everything(graph_store, as_of) == everything(prefix, None)
        assert everything(graph_store, None) == everything(remembered(entries), None)

    @explored
    @given(entries=histories())
    def test_histories_are_those_of_memory(
        self, graph_store: GraphStore, entries: list[Entry]
    ) -> None:
        fill(graph_store, entries)
        memory = remembered(entries)
        for node in ("run:r1", "run:r2", "experiment:default/0", "run:nobody"):
            assert list(graph_store.history(node)) == list(memory.history(node))

    # Attributes

    def test_an_attribute_holds_until_another_value(self, graph_store: GraphStore) -> None:
        said = [
            ("run.started", "default", run_started("r1", tags={"t": "a"})),
            ("run.logged", "default", run_logged("r1", tags={"t": "a"})),
            ("run.logged", "default", run_logged("r1", tags={"t": "b"})),
            ("run.tag_deleted", "default", {"run_id": "r1", "key": "t"}),
            ("run.logged", "default", run_logged("r1", tags={"t": "a"})),
        ]
        fill(graph_store, numbered(said))
        changes = [c for c in graph_store.history("run:r1") if c.name == "tags.t"]
        assert changes == [
            AttributeChange("tags.t", "a", 0, 2),
            AttributeChange("tags.t", "b", 2, 3),
            AttributeChange("tags.t", "a", 4, None),
        ]
        seen = [
            graph_store.nodes(["run:r1"], as_of=n)["run:r1"].attributes.get("tags.t")
            for n in range(1, 6)
        ]
        assert seen == ["a", "a", "b", None, "a"]
        for n, value in enumerate(seen, start=1):
            absent = ids(graph_store, Condition("tags.t", Operator.IS_NULL), as_of=n)
            equal = ids(graph_store, Condition("tags.t", Operator.EQ, "a"), as_of=n)
            assert absent == ([] if value else ["run:r1"])
            assert equal == (["run:r1"] if value == "a" else [])

    def test_text_and_integer_are_different_values(self, graph_store: GraphStore) -> None:
        said = [("run.started", "default", run_started("r1", start_time=5, tags={"n": "5"}))]
        fill(graph_store, numbered(said))
        assert graph_store.nodes(["run:r1"])["run:r1"].attributes["start_time"] == 5
        equal, unequal = Operator.EQ, Operator.NE
        assert ids(graph_store, Condition("start_time", equal, 5)) == ["run:r1"]
        assert ids(graph_store, Condition("start_time", equal, "5")) == []
        assert ids(graph_store, Condition("start_time", unequal, "5")) == ["run:r1"]
        assert ids(graph_store, Condition("tags.n", equal, 5)) == []
        assert ids(graph_store, Condition("tags.n", Operator.GE, 0)) == []
        assert ids(graph_store, Condition("start_time", Operator.LT, "a")) == []
        assert ids(graph_store, Condition("start_time", Operator.LIKE, "5")) == []
        assert ids(graph_store, Condition("start_time", Operator.IN, ("5", 6))) == []
        assert ids(graph_store, Condition("start_time", Operator.NOT_IN, ("5", 6))) == ["run:r1"]

    @pytest.mark.parametrize("sign", [1, -1])
    def test_integers_beyond_any_store_still_compare(
        self, graph_store: GraphStore, sign: int
    ) -> None:
        fill(graph_store, numbered([("run.started", "default", run_started("r1"))]))
        huge = sign * 10**30
        below = ["run:r1"] if sign > 0 else []
        assert ids(graph_store, Condition("start_time", Operator.LT, huge)) == below
        assert ids(graph_store, Condition("start_time", Operator.EQ, huge)) == []
        assert ids(graph_store, Condition("start_time", Operator.IN, (huge, 1))) == ["run:r1"]
        assert len(graph_store.find(runs(after=(huge, "")))) == len([0] if sign < 0 else [])
        assert ids(graph_store, as_of=huge) == below

    @pytest.mark.parametrize(
        ("operator", "pattern", "expected"),
        [
            (Operator.LIKE, "Ab%", {"Abc", "Ab%"}),
            (Operator.LIKE, "ab%", set()),
            (Operator.ILIKE, "aB%", {"Abc", "Ab%"}),
            (Operator.LIKE, "A__", {"Abc", "Ab%"}),
            (Operator.LIKE, "_", {"É", "\U0001f600"}),
            (Operator.ILIKE, "é", set()),
            (Operator.LIKE, "%\n%", {"x\ny"}),
            (Operator.LIKE, "x_y", {"x\ny"}),
            (Operator.LIKE, "[A]bc", set()),
            (Operator.LIKE, "[*]?", {"[*]?"}),
            (Operator.LIKE, "%*]%", {"[*]?"}),
            (Operator.LIKE, "\\Qa\\E%", {"\\Qa\\E."}),
            (Operator.LIKE, "%", {"Abc", "Ab%", "É", "\U0001f600", "x\ny", "[*]?", "\\Qa\\E."}),
        ],
    )
    def test_like_is_a_pattern_of_two_signs(
        self, graph_store: GraphStore, operator: Operator, pattern: str, expected: set[str]
    ) -> None:
        names = ["Abc", "Ab%", "É", "\U0001f600", "x\ny", "[*]?", "\\Qa\\E."]
        said = [
            ("run.started", "default", run_started(str(n), name=x)) for n, x in enumerate(names)
        ]
        fill(graph_store, numbered(said))
        found = graph_store.find(runs([Condition("name", operator, pattern)]))
        assert {str(node.attributes["name"]) for node in found} == expected

    @explored
    @given(
        names=st.lists(st.text(alphabet="aA%_b\U0001f600", max_size=6), max_size=4),
        pattern=st.text(alphabet="aA%_b\U0001f600", max_size=6),
        operator=st.sampled_from((Operator.LIKE, Operator.ILIKE)),
    )
    def test_every_pattern_matches_as_in_memory(
        self, graph_store: GraphStore, names: list[str], pattern: str, operator: Operator
    ) -> None:
        said = [
            ("run.started", "default", run_started(str(n), name=x)) for n, x in enumerate(names)
        ]
        fill(graph_store, numbered(said))
        condition = Condition("name", operator, pattern)
        assert ids(graph_store, condition) == ids(remembered(numbered(said)), condition)

    def test_text_compares_by_code_point(self, graph_store: GraphStore) -> None:
        names = ["Z", "a", "é", "\uffff", "\U00010000"]
        said = [
            ("run.started", "default", run_started(str(n), name=x)) for n, x in enumerate(names)
        ]
        fill(graph_store, numbered(said))
        for place, name in enumerate(names):
            less = ids(graph_store, Condition("name", Operator.LT, name))
            assert less == [f"run:{n}" for n in range(place)]

    # Finding

    def test_find_pages_in_order_of_position_then_id(self, graph_store: GraphStore) -> None:
        said = [("run.started", "default", run_started(f"r{n:02}")) for n in range(7)]
        fill(graph_store, numbered(said))
        for descending in (False, True):
            whole = list(graph_store.find(runs(descending=descending)))
            assert [n.seq for n in whole] == sorted(range(7), reverse=descending)
            paged: list[object] = []
            after = None
            while page := graph_store.find(runs(descending=descending, after=after, limit=3)):
                paged += page
                after = (page[-1].seq, page[-1].id)
            assert paged == whole

    def test_nodes_of_one_entry_are_ordered_by_id(self, graph_store: GraphStore) -> None:
        uses = [use(name) for name in ("b", "a", "c")]
        fill(graph_store, numbered([("run.started", "default", run_started("r1", uses=uses))]))
        query = NodeQuery("default", NodeKind.ARTIFACT)
        forth = [node.id for node in graph_store.find(query)]
        assert len(forth) == 3
        assert forth == sorted(forth)
        back = NodeQuery("default", NodeKind.ARTIFACT, descending=True, after=(0, forth[2]))
        assert [node.id for node in graph_store.find(back)] == [forth[1], forth[0]]

    def test_count_ignores_the_page(self, graph_store: GraphStore) -> None:
        said = [("run.started", "default", run_started(f"r{n}")) for n in range(4)]
        fill(graph_store, numbered(said))
        query = runs([Condition("user", Operator.EQ, "ada")], after=(2, "run:r2"), limit=1)
        assert graph_store.count(query) == 4
        assert graph_store.count(query, as_of=2) == 2
        assert graph_store.find(runs(limit=0)) == []

    def test_projects_do_not_see_each_other(self, graph_store: GraphStore) -> None:
        said = [("run.started", p, run_started(f"r-{p}")) for p in ("default", "other")]
        fill(graph_store, numbered(said))
        assert ids(graph_store) == ["run:r-default"]

    # Edges

    def test_an_edge_is_added_once(self, graph_store: GraphStore) -> None:
        one, two = use("d", facet="TRAIN_DATA"), use("d", role="evaluation")
        said = [
            ("run.started", "default", run_started("r1", uses=[one])),
            ("run.inputs_logged", "default", {"run_id": "r1", "uses": [use("d"), two]}),
        ]
        fill(graph_store, numbered(said))
        edges = graph_store.outgoing(["run:r1"], types=[EdgeType.USED])["run:r1"]
        assert [(e.role, e.facet, e.seq) for e in edges] == [
            ("evaluation", "", 1),
            ("training", "TRAIN_DATA", 0),
        ]
        back = graph_store.incoming([edges[0].target], as_of=1)
        assert back == {edges[0].target: (edges[1],)}

    def test_an_edge_needs_both_ends(self, graph_store: GraphStore) -> None:
        said = [("run.started", "default", run_started("r1", parent_run_id="later"))]
        said.append(("run.started", "default", run_started("later")))
        fill(graph_store, numbered(said))
        edges = graph_store.outgoing(["run:r1"], types=[EdgeType.WAS_INFORMED_BY])
        assert edges == {"run:r1": ()}

    def test_what_is_said_of_nobody_is_nothing(self, graph_store: GraphStore) -> None:
        said = [("run.logged", "default", run_logged("r1", params={"lr": "1"}))]
        said.append(("run.started", "default", run_started("r1")))
        fill(graph_store, numbered(said))
        assert "params.lr" not in graph_store.nodes(["run:r1"])["run:r1"].attributes

    def test_the_experiment_of_a_run(self, graph_store: GraphStore) -> None:
        said = [
            ("experiment.created", "default", experiment_created("0")),
            ("run.started", "default", run_started("r1")),
        ]
        fill(graph_store, numbered(said))
        edges = graph_store.incoming(["experiment:default/0"])["experiment:default/0"]
        assert [(e.source, e.type, e.seq) for e in edges] == [("run:r1", EdgeType.IN_EXPERIMENT, 1)]

    # Closure

    def test_a_cycle_ends(self, graph_store: GraphStore) -> None:
        said = [("run.started", "default", run_started(f"r{n}")) for n in range(4)]
        said += [
            ("run.logged", "default", run_logged(f"r{n}", parent_run_id=f"r{(n + 1) % 4}"))
            for n in range(4)
        ]
        fill(graph_store, numbered(said))
        for depth in (None, 100):
            whole = graph_store.closure(
                ["run:r0"], direction=Direction.UPSTREAM, types=LINEAGE, depth=depth
            )
            assert whole.distance == {"run:r0": 0, "run:r1": 1, "run:r2": 2, "run:r3": 3}
            assert len(whole.edges) == 4
            assert not whole.truncated
        for as_of, reached in ((None, 4), (5, 2), (4, 1)):
            found = graph_store.reachable(
                ["run:r0", "run:none"], direction=Direction.UPSTREAM, types=LINEAGE, as_of=as_of
            )
            assert found == {f"run:r{number}" for number in range(reached)}

    def test_a_closure_as_of_crosses_no_later_edge(self, graph_store: GraphStore) -> None:
        said = [("run.started", "default", run_started(f"r{n}")) for n in range(3)]
        said += [
            ("run.logged", "default", run_logged("r0", parent_run_id="r1")),
            ("run.logged", "default", run_logged("r1", parent_run_id="r2")),
        ]
        fill(graph_store, numbered(said))
        for depth in (None, 9):
            reached = [
                list(
                    graph_store.closure(
                        ["run:r0"],
                        direction=Direction.UPSTREAM,
                        types=LINEAGE,
                        depth=depth,
                        as_of=as_of,
                    ).distance
                )
                for as_of in (0, 3, 4, 5)
            ]
            assert reached == [[], ["run:r0"], ["run:r0", "run:r1"], ["run:r0", "run:r1", "run:r2"]]

    def test_a_limit_keeps_the_nearest(self, graph_store: GraphStore) -> None:
        uses = [use(name) for name in "abcd"]
        said = [("run.started", "default", run_started("r1", uses=uses))]
        fill(graph_store, numbered(said))
        part = graph_store.closure(["run:r1"], direction=Direction.UPSTREAM, types=LINEAGE, limit=3)
        artifacts = sorted(n.id for n in graph_store.find(NodeQuery("default", NodeKind.ARTIFACT)))
        assert [node.id for node in part.nodes] == ["run:r1", *artifacts[:2]]
        assert [edge.target for edge in part.edges] == artifacts[:2]
        assert part.truncated

    def test_many_paths_are_walked_once(self, graph_store: GraphStore) -> None:
        """Thirty diamonds in a row: a billion paths, and still an answer."""
        said = [("run.started", "default", run_started("r0"))]
        for n in range(30):
            made = [use(f"a{n}-{side}", role="model") for side in "xy"]
            said.append(("run.outputs_logged", "default", {"run_id": f"r{n}", "generates": made}))
            said.append(("run.started", "default", run_started(f"r{n + 1}", uses=made)))
        fill(graph_store, numbered(said))
        for depth in (None, 60):
            whole = graph_store.closure(
                ["run:r30"], direction=Direction.UPSTREAM, types=LINEAGE, depth=depth
            )
            assert len(whole.nodes) == 91
            assert whole.distance["run:r0"] == 60

    # Hostile and empty questions

    def test_hostile_names_are_names(self, graph_store: GraphStore) -> None:
        values = {name: name for name in HOSTILE}
        said = [("run.started", "default", run_started("r1", tags=values))]
        said.append(("run.logged", "default", run_logged("r1", params=values)))
        fill(graph_store, numbered(said))
        for name in HOSTILE:
            for prefix in ("tags", "params"):
                condition = Condition(f"{prefix}.{name}", Operator.EQ, name)
                assert ids(graph_store, condition) == ["run:r1"]
            assert graph_store.nodes([name]) == {}
            assert graph_store.find(NodeQuery(name, NodeKind.RUN)) == []
        assert graph_store.count(runs()) == 1

    def test_nothing_asked_is_nothing_answered(self, graph_store: GraphStore) -> None:
        fill(graph_store, numbered([("run.started", "default", run_started("r1"))]))
        assert graph_store.nodes([]) == {}
        assert graph_store.outgoing([]) == {}
        assert graph_store.outgoing(["run:r1"], types=[]) == {"run:r1": ()}
        nothing = graph_store.closure([], direction=Direction.UPSTREAM, types=LINEAGE)
        assert nothing.nodes == nothing.edges == ()
        alone = graph_store.closure(["run:r1"], direction=Direction.UPSTREAM, types=[])
        assert [node.id for node in alone.nodes] == ["run:r1"]
        assert ids(graph_store, Condition("status", Operator.IN, ())) == []
        assert ids(graph_store, Condition("status", Operator.NOT_IN, ())) == ["run:r1"]
        assert graph_store.nodes(["run:r1"], as_of=0) == {}
