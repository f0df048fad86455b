"""A comparison as one HTML file that needs nothing else: no script, no network."""

import html
from collections.abc import Sequence

from governance.inert import visible
from lineproof.compared import words
from lineproof.compared.answer import Answer, Side
from lineproof.compared.graph_svg import graph_svg
from lineproof.compared.interval_svg import interval_svg

_STYLE = """
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#656d76;--line:#d0d7de;--paper:#fff;
--good:#1a7f37;--bad:#cf222e;--base:#0969da;--cand:#bc4c00;--band:#eaeef2}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#8d96a0;--line:#30363d;--paper:#0d1117;
--good:#3fb950;--bad:#f85149;--base:#4493f8;--cand:#f0883e;--band:#21262d}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:62rem;
margin:2rem auto;padding:0 1rem}h1{font-size:1.3rem}h2{font-size:1.05rem;margin-top:2rem}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .6rem;
border-bottom:1px solid var(--line)}td{font-variant-numeric:tabular-nums}
p.soft,.soft{color:var(--soft)}
.better,.PASS,.VERIFIED{color:var(--good)}.worse,.FAIL,.BROKEN,.CONFLICT{color:var(--bad)}
svg{width:100%;height:auto;font:12px system-ui,sans-serif}svg text{fill:currentColor}
.zero{stroke:var(--soft);stroke-dasharray:3 3}.axis{fill:var(--soft)}.margin{fill:var(--band)}
.interval{stroke:currentColor;stroke-width:2}circle{fill:currentColor}.neutral{color:var(--soft)}
.scroll{overflow-x:auto}.graph{min-width:40rem}.graph rect{fill:var(--paper);stroke:var(--line)}
.graph .baseline rect{stroke:var(--base)}.graph .candidate rect{stroke:var(--cand)}
.graph .cause rect{stroke-width:3}.edge{fill:none;stroke:var(--line)}
.key span{margin-right:1.2rem}.key .b{color:var(--base)}.key .c{color:var(--cand)}
""".strip()

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def page(answer: Answer) -> str:
    """The whole comparison with both pictures; every name is escaped text."""
    comparison = answer["comparison"]
    title = f"Comparison {comparison['id'][:12]}"
    sections = [
        f"<h1>{title}</h1>",
        f"<p>Baseline {_side(comparison['baseline'])}; candidate {_side(comparison['candidate'])}."
        f" As of entry {comparison['as_of']}, {_text(comparison['analysis'])}.</p>",
        _comparability(answer),
        _metrics(answer),
        _causes(answer),
        _suggested(answer),
        _graph(answer),
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style></head>"
        f"<body>{''.join(sections)}</body></html>\n"
    )


def _side(side: Side) -> str:
    left_out = "".join(
        f" (left out {_text(each['run_id'][:12])}: {_text(each['reason'])})"
        for each in side["excluded"]
    )
    return _text(words.side_count(side)) + left_out


def _comparability(answer: Answer) -> str:
    found = answer["comparison"]["comparability"]
    rows = [
        (_text(check["facet"]), _status(check["level"]), _text(check["reason"]))
        for check in (*found["checks"], *found["budget_checks"])
    ]
    heads = ("Facet", "Level", "Reason")
    return f"<h2>Comparability: {_status(found['level'])}</h2>{_table(heads, rows)}"


def _metrics(answer: Answer) -> str:
    rows = [
        (
            _text(words.metric_name(delta)),
            _text(words.moments(delta["baseline"])),
            _text(words.moments(delta["candidate"])),
            _text(words.signed(words.moved(delta))),
            _text(words.interval(delta)),
            _status(words.says(answer, delta)),
        )
        for delta in answer["comparison"]["deltas"]
    ]
    heads = ("Metric", "Baseline", "Candidate", "Delta", "Interval", "Finding")
    note = '<p class="soft">Right of 0 is better where the metric has a direction; the band is the '
    note += "margin. Each metric has its own scale.</p>"
    return f"<h2>Metrics</h2>{interval_svg(answer)}{note}{_table(heads, rows)}"


def _causes(answer: Answer) -> str:
    names = words.labels(answer)
    rows = [
        (
            _text(cause["label"]),
            _text(cause["facet"]),
            _text(words.effects(cause)),
            _text(words.path(cause, names)),
        )
        for cause in answer["comparison"]["causes"]
    ]
    unexplained = "".join(
        f"<p><b>Unexplained</b> {_text(each['metric']['name'])}: {_text(each['reason'])}</p>"
        for each in answer["comparison"]["unexplained"]
    )
    if not rows:
        nothing = "<p>Nothing recorded upstream differs but the replicate keys.</p>"
        return f"<h2>What differs upstream</h2>{nothing}{unexplained}"
    table = _table(("Cause", "Facet", "Effect", "Way to it"), rows)
    return f"<h2>What differs upstream</h2>{table}{unexplained}"


def _suggested(answer: Answer) -> str:
    runs = answer["suggestedRuns"]
    if not runs:
        return ""
    items = "".join(f"<li>{_text('; '.join(run['changes']))}</li>" for run in runs)
    return f"<h2>Runs that would separate them</h2><p>As the baseline but for:</p><ol>{items}</ol>"


def _graph(answer: Answer) -> str:
    drawn = graph_svg(answer)
    if not drawn:
        return ""
    cut = " Only the nearest nodes are shown." if answer["diffGraph"]["truncated"] else ""
    key = (
        '<p class="key"><span class="b">baseline only</span><span class="c">candidate only</span>'
        f'<span class="soft">both; strong outline: a cause.{cut}</span></p>'
    )
    return f'<h2>Both ancestries</h2>{key}<div class="scroll">{drawn}</div>'


def _status(word: str) -> str:
    return f'<span class="{_text(word)}">{_text(word)}</span>'


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{name}</th>" for name in heads)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _text(text: str) -> str:
    return html.escape(visible(text))
