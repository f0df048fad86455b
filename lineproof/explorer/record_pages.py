"""Addresses of the pages about the record: experiments, runs, comparisons and audits.

A page shows what is committed when it is asked for. Nothing on it changes anything, and none has a
script. The addresses that MLflow's client prints lead here, by way of the start page.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from domain.ids import DEFAULT_PROJECT
from governance.audit_bundle import verified_bundle
from governance.audit_story import story_html
from lineproof import audits
from lineproof.compared.answer import answer_of
from lineproof.compared.page import page as comparison_page
from lineproof.comparisons import compare
from lineproof.explorer.experiment_pages import experiment_page, experiments_page
from lineproof.explorer.run_page import run_page

if TYPE_CHECKING:
    from lineproof.services import Services

PLAIN = (
    "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
ALONE = PLAIN.replace("'self'", "'unsafe-inline'")
"""Of pages that are also written to a file, so that they hold their style themselves."""


def routes(services: "Services") -> list[BaseRoute]:
    """The pages below ``/explorer/``."""

    def at(path: str, policy: str, render: Callable[[str, str, dict[str, str]], str]) -> Route:
        def answer(request: Request) -> Response:
            project: str = request.scope["lineproof.project"]
            prefix = "" if project == DEFAULT_PROJECT else f"/projects/{project}"
            markup = render(project, prefix, request.path_params)
            return HTMLResponse(markup, headers={"Content-Security-Policy": policy})

        return Route(f"/explorer/{path}", answer)

    def comparison(project: str, _prefix: str, ids: dict[str, str]) -> str:
        sides = {side: {"runs": [ids[side]]} for side in ("baseline", "candidate")}
        return comparison_page(answer_of(compare(services, {**sides}, project=project)))

    def audit(project: str, _prefix: str, ids: dict[str, str]) -> str:
        bundle = audits.bundle(services, {"subject": ids["subject"]}, project, "explorer")
        return story_html(verified_bundle(bundle, services.log.vkey))

    return [
        at("experiments", PLAIN, lambda p, prefix, _: experiments_page(services, p, prefix)),
        at(
            "experiments/{id}",
            PLAIN,
            lambda p, prefix, ids: experiment_page(services, p, prefix, ids["id"]),
        ),
        at("runs/{id}", PLAIN, lambda p, prefix, ids: run_page(services, p, prefix, ids["id"])),
        at("compare/{baseline}/{candidate}", ALONE, comparison),
        at("audit/{subject:path}", ALONE, audit),
    ]
