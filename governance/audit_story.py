"""A verified bundle told from data to decision, every line with its leaf index."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from html import escape
from types import MappingProxyType
from typing import Final

from domain.canonical import JsonObject, JsonValue
from governance.audit_bundle import AuditBundle
from governance.inert import all_visible, visible
from ledger.entry import Entry

_Said = Callable[[JsonObject], str]


def _text(payload: JsonObject, *names: str) -> str:
    return visible(" ".join(str(payload.get(name, "")) for name in names).strip())


def _count(value: JsonValue) -> int:
    return len(value) if isinstance(value, Mapping | list | tuple) else 0


def _logged(payload: JsonObject) -> str:
    parts = ", ".join(
        f"{_count(payload.get(name))} {name}"
        for name in ("params", "metrics", "tags", "uses")
        if _count(payload.get(name))
    )
    return f"run {_text(payload, 'run_id')} logged {parts or 'nothing'}"


def _verdict(payload: JsonObject) -> str:
    statement = payload.get("statement")
    reason = statement.get("reason") if isinstance(statement, Mapping) else ""
    return (
        f"verdict {_text(payload, 'verdict_id')}: {_text(payload, 'outcome')} under the policy "
        f"{_text(payload, 'policy_name')}: {visible(str(reason))}"
    )


def _subjects(payload: JsonObject) -> str:
    subjects = payload.get("subjects")
    items = subjects if isinstance(subjects, list | tuple) else ()
    names = ", ".join(_text(one, "name") for one in items if isinstance(one, Mapping))
    return f"{names} {'was' if len(items) == 1 else 'were'}"


def _aliases(payload: JsonObject) -> str:
    aliases = payload.get("aliases")
    named = aliases.items() if isinstance(aliases, Mapping) else ()
    said = [f"alias {visible(str(alias))} is version {number}" for alias, number in sorted(named)]
    return ", ".join(said) or _text(payload, "name", "description") or "its aliases or tags"


_SENTENCES: Final[Mapping[str, _Said]] = MappingProxyType(
    {
        "approvers.set": lambda p: (
            f"{p.get('threshold')} of {_count(p.get('keys'))} approvers sign"
        ),
        "artifact.signed": lambda p: f"{_subjects(p)} signed: {_text(p, 'signature_id')}",
        "experiment.created": lambda p: f"experiment {_text(p, 'name')} was made",
        "logged_model.created": lambda p: (
            f"run {_text(p, 'source_run_id')} logged the model {_text(p, 'name', 'model_id')}"
        ),
        "model_version.created": lambda p: (
            f"version {p.get('version')} was registered from run {_text(p, 'run_id')}: "
            f"{_text(p, 'source')}"
        ),
        "model_version.updated": lambda p: (
            f"version {p.get('version')} changed: {_text(p, 'stage', 'description')}"
        ),
        "policy.applied": lambda p: f"policy {_text(p, 'name')} came into force: {p.get('digest')}",
        "quarantine.condemned": lambda p: f"{_text(p, 'root')} was condemned: {_text(p, 'reason')}",
        "quarantine.held": lambda p: (
            f"{_text(p, 'root')} was held with {p.get('count')} nodes: {_text(p, 'reason')}"
        ),
        "quarantine.released": lambda p: f"{_text(p, 'root')} was released: {_text(p, 'reason')}",
        "registered_model.created": lambda p: f"model {_text(p, 'name')} was registered",
        "registered_model.updated": lambda p: f"the registered model changed: {_aliases(p)}",
        "run.inputs_logged": lambda p: (
            f"run {_text(p, 'run_id')} used {_count(p.get('uses'))} inputs"
        ),
        "run.logged": _logged,
        "run.outputs_logged": lambda p: (
            f"run {_text(p, 'run_id')} generated {_count(p.get('generates'))} artifacts"
        ),
        "run.started": lambda p: f"run {_text(p, 'run_id')} ({_text(p, 'name')}) was started",
        "run.updated": lambda p: f"run {_text(p, 'run_id')} became {_text(p, 'status', 'name')}",
        "signature.revoked": lambda p: (
            f"signature {_text(p, 'signature_id')} was revoked: {_text(p, 'reason')}"
        ),
        "verdict.recorded": _verdict,
        "waiver.submitted": lambda p: f"waiver {_text(p, 'waiver_id')} was submitted",
        "waiver.revoked": lambda p: f"waiver {_text(p, 'waiver_id')} was revoked",
    }
)
"""Entry type to what it says; others say their type and what they are about."""


def sentence(entry: Entry) -> str:
    """One entry in words; names are inert."""
    said = _SENTENCES.get(entry.type)
    if said is None:
        about = _text(entry.payload, "run_id", "experiment_id", "root", "name")
        return f"{visible(entry.type)} {about}".strip()
    return said(entry.payload)


def story_text(bundle: AuditBundle) -> str:
    """For a terminal; ends with a newline."""
    checkpoint = bundle.checkpoint
    lines = [
        f"Audit of {visible(bundle.subject)}",
        f"Proven in {checkpoint.origin} at {checkpoint.size} entries, root {checkpoint.root.hex()}",
        "",
        *(f"{entry.seq:>8}  {_time(entry.at)}  {sentence(entry)}" for entry in bundle.entries),
    ]
    return "\n".join(lines) + "\n"


def story_html(bundle: AuditBundle) -> str:
    """One self-contained page: no script, nothing loaded, names as inert text."""
    checkpoint = bundle.checkpoint
    rows = "\n".join(
        f"<tr><td>{entry.seq}</td><td>{_time(entry.at)}</td><td>{escape(entry.type)}</td>"
        f"<td>{escape(sentence(entry))}<details><summary>entry and proof</summary>"
        f"<pre>{escape(all_visible(entry.data.decode('utf-8')))}</pre>"
        f"<pre>{escape(chr(10).join(path))}</pre></details></td></tr>"
        for entry, path in zip(bundle.entries, bundle.paths, strict=True)
    )
    title = escape(f"Audit of {visible(bundle.subject)}")
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>body{{font:15px/1.5 system-ui,sans-serif;margin:2rem;max-width:70rem}}
td,th{{padding:.2rem .8rem .2rem 0;text-align:left;vertical-align:top}}
pre{{white-space:pre-wrap;word-break:break-all}}</style></head>
<body><h1>{title}</h1>
<p>Proven in {escape(checkpoint.origin)} at {checkpoint.size} entries, root
<code>{checkpoint.root.hex()}</code>.</p>
<table><tr><th>Leaf</th><th>Time</th><th>Entry</th><th>What it says</th></tr>
{rows}
</table>
<details><summary>checkpoint</summary><pre>{escape(checkpoint.text)}</pre></details>
</body></html>
"""


def _time(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
