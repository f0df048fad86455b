"""Facets in words, and the one line that records each of them."""

from collections.abc import Mapping
from types import MappingProxyType

from domain.facet import FACET_TAG_PREFIX, Facet

FACET_WORDS: Mapping[Facet, str] = MappingProxyType(
    {
        Facet.EVAL_DATA: "evaluation data",
        Facet.EVAL_CODE: "evaluation code",
        Facet.METRIC_DEF: "metric definition",
        Facet.TRAIN_DATA: "training data",
        Facet.TRAIN_CODE: "training code",
        Facet.PARAMS: "parameters",
        Facet.SEED: "seed",
        Facet.BASE_MODEL: "base model",
        Facet.ENVIRONMENT: "environment",
        Facet.HARDWARE: "hardware",
        Facet.WORKFLOW: "workflow",
    }
)


def recording_hint(facet: Facet) -> str:
    """The line that a client adds so that the facet is recorded from then on."""
    if facet is Facet.EVAL_DATA:
        return 'mlflow.log_input(dataset, context="evaluation")'
    return f'mlflow.set_tag("{FACET_TAG_PREFIX}{facet.lower()}", "sha256:…")'


def short(digest: str) -> str:
    """A digest as people read it: seven digits, without its algorithm."""
    bare = digest.removeprefix("sha256:")
    return bare[:7] if len(bare) > 12 and bare.isalnum() else bare[:40]
