"""``lineproof quarantine heal``: what a root spoiled is run again from its fixed inputs.

Only the jobs whose runs descend from the root, each once, after those that make what it uses. What
a job's command is, and where it runs, stands in a ``dvc.yaml`` of this machine; a server's words
are never run.
"""

import argparse
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import cast

from domain.canonical import JsonObject
from domain.errors import UsageError
from lineproof.cli.answers import list_of, texts_of
from lineproof.cli.asking import ask
from lineproof.cli.exit_codes import Exit
from lineproof.cli.files import read_text
from lineproof.cli.options import add_backend
from lineproof.settings import Settings


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of a ``dvc.yaml``."""

    name: str
    commands: tuple[str, ...]
    deps: tuple[str, ...]

    def does(self, job: str) -> tuple[bool, bool, bool]:
        """Whether runs of ``job`` are its: by name, by a command, by what it depends on."""
        last = PurePosixPath(job).name
        words = [word for command in self.commands for word in command.split()]
        by_command, by_deps = (
            last in {PurePosixPath(path).name for path in paths} for paths in (words, self.deps)
        )
        return self.name in (job, last), by_command, by_deps


def define(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("root", metavar="ROOT", help="run:ID, artifact:ID, or NAME@DIGEST")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--plan", action="store_true", help="print the plan; nothing is run")
    what.add_argument(
        "--run", dest="carry_out", action="store_true", help="run the stages of the affected jobs"
    )
    parser.add_argument(
        "--stages",
        metavar="FILE",
        type=Path,
        default=Path("dvc.yaml"),
        help="where the stages stand; they run in its folder (default: dvc.yaml)",
    )
    add_backend(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print the plan, or carry it out."""
    plan = ask(settings, "quarantine.heal", {"root": arguments.root})
    if arguments.plan:
        return _show(plan)
    without = [step["run"] for step in list_of(plan, "steps") if step["job"] is None]
    if without:
        raise UsageError(
            f"{len(without)} runs, such as {without[0]}, are of no job, so nothing says how to run "
            "them again.",
            hint="See --plan, and run them by hand.",
        )
    jobs = texts_of(plan, "jobs")
    stages = read_stages(arguments.stages)
    # A script goes by several names where it was started from several folders: one stage.
    chosen = list(dict.fromkeys(stage_of(job, stages) for job in jobs))
    for stage in chosen:
        print(f"run  {stage.name}", flush=True)
        for command in stage.commands:
            done = subprocess.run(["sh", "-c", command], cwd=arguments.stages.parent, check=False)
            if done.returncode:
                print(
                    f"failed  {stage.name}  exit code {done.returncode}: {command}", file=sys.stderr
                )
                return Exit.FAILED
    print(f"schedule {plan['scheduleDigest']}")
    return _judge(settings, chosen, plan)


def read_stages(path: Path) -> list[Stage]:
    """The stages of a ``dvc.yaml``; ``UsageError`` when it is none."""
    from ingest.files.plain_yaml import parse_yaml_object

    found = parse_yaml_object(read_text(path), str(path)).get("stages")
    if not isinstance(found, dict):
        raise UsageError(f"{path} has no stages.", hint="Name a dvc.yaml with --stages.")
    stages = cast("dict[object, object]", found)
    return [_stage(str(name), fields) for name, fields in stages.items()]


def stage_of(job: str, stages: Sequence[Stage]) -> Stage:
    """The one stage of a job; ``UsageError`` when there is none, several, or one with templates."""
    ways = [[stage for stage in stages if stage.does(job)[way]] for way in range(3)]
    found = next((fitting for fitting in ways if fitting), ways[-1])
    if len(found) != 1:
        names = ", ".join(stage.name for stage in found) or "none"
        raise UsageError(
            f"The job {job!r} is of one stage in no clear way: {names}.",
            hint="A stage is a job's when it has its name, runs its script, or depends on it.",
        )
    (stage,) = found
    if not stage.commands or any("${" in command for command in stage.commands):
        raise UsageError(
            f"The stage {stage.name!r} has no plain command.",
            hint=f"Run `dvc repro {stage.name}` by hand, then ask the gate.",
        )
    return stage


def _stage(name: str, fields: object) -> Stage:
    members = cast("dict[object, object]", fields) if isinstance(fields, dict) else {}
    return Stage(name, _texts(members.get("cmd")), _texts(members.get("deps")))


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    items = cast("list[object]", value) if isinstance(value, list) else []
    return tuple(str(item) for item in items)


def _show(plan: JsonObject) -> int:
    for number, step in enumerate(list_of(plan, "steps"), 1):
        inputs = ", ".join(texts_of(step, "replaces")) or "nothing"
        print(f"{number}  {step['run']}  {step['name']}  replace: {inputs}")
    for number, job in enumerate(texts_of(plan, "jobs"), 1):
        print(f"stage {number}  {job}")
    print(f"schedule {plan['scheduleDigest']}")
    return Exit.OK


def _judge(settings: Settings, stages: Sequence[Stage], plan: JsonObject) -> int:
    """What the new runs are: clear, or held again; a stage without one cannot be judged."""
    runs = list_of(ask(settings, "quarantine.healed", {"after": plan["treeSize"]}), "runs")
    code = Exit.OK
    for stage in stages:
        made = [each for each in runs if any(stage.does(str(each["job"])))]
        if not made:
            print(f"missing  {stage.name}  it recorded no run", file=sys.stderr)
            code = max(code, Exit.CANNOT_JUDGE)
    for each in runs:
        state = "clear" if each["heldBy"] is None else f"held by {each['heldBy']}"
        print(f"{state}  {each['run']}  {each['job']}")
        code = code if each["heldBy"] is None else max(code, Exit.FAILED)
    return code
