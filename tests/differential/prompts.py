"""Prompts, which MLflow keeps as registered models with a tag."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from mlflow import MlflowClient


def prompts(client: MlflowClient, _folder: Path) -> Iterator[tuple[str, Callable[[], Any]]]:
    def shown(prompt: Any) -> Any:
        return prompt and [prompt.name, prompt.version, prompt.template, prompt.commit_message]

    def register(template: str) -> Any:
        return shown(client.register_prompt("ask", template, commit_message="why"))

    yield "register", lambda: register("Say {{what}}")
    yield "second", lambda: register("Tell {{what}}")
    yield "load", lambda: shown(client.load_prompt("prompts:/ask/1"))
    yield "alias", lambda: client.set_prompt_alias("ask", "live", 2)
    yield "load by alias", lambda: shown(client.load_prompt("prompts:/ask@live"))
    yield "missing", lambda: shown(client.load_prompt("prompts:/nobody/1", allow_missing=True))
    yield "tag", lambda: client.set_prompt_tag("ask", "team", "a")
    yield "search", lambda: [(one.name, one.tags) for one in client.search_prompts()]
    yield "search a tag", lambda: len(client.search_prompts("tags.team = 'b'"))
    yield "no model", lambda: [m.name for m in client.search_registered_models("name = 'ask'")]
    yield "not a model", lambda: client.get_registered_model("ask").name
    yield "unalias", lambda: client.delete_prompt_alias("ask", "live")
    yield "delete version", lambda: client.delete_prompt_version("ask", "2")
    yield "deleted", lambda: shown(client.load_prompt("prompts:/ask/2", allow_missing=True))
