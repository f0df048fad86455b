"""Facets: the independent causes that a run records, and how strongly each is identified."""

from enum import IntEnum, StrEnum


class Facet(StrEnum):
    """What can differ between two runs."""

    EVAL_DATA = "EVAL_DATA"
    EVAL_CODE = "EVAL_CODE"
    METRIC_DEF = "METRIC_DEF"
    TRAIN_DATA = "TRAIN_DATA"
    TRAIN_CODE = "TRAIN_CODE"
    PARAMS = "PARAMS"
    SEED = "SEED"
    BASE_MODEL = "BASE_MODEL"
    ENVIRONMENT = "ENVIRONMENT"
    HARDWARE = "HARDWARE"
    WORKFLOW = "WORKFLOW"


class Strength(IntEnum):
    """How much an identity proves; equality is as strong as its weaker side.

    CONTENT: a full SHA-256 over the bytes. MANIFEST: a digest that lists contents (DVC md5, git
    tree, OCI digest). SAMPLED: a digest over part of the bytes (MLflow's). NAMED: a name and a
    version. UNKNOWN: nothing was recorded.
    """

    UNKNOWN = 0
    NAMED = 1
    SAMPLED = 2
    MANIFEST = 3
    CONTENT = 4


DEFAULT_REPLICATE_KEYS = ("random_seed", "random_state", "seed")
"""Parameters that may differ inside one run group unless a policy says otherwise."""

FACET_TAG_PREFIX = "lineproof.facet."
"""A tag ``lineproof.facet.<name>`` states a facet that the client records nowhere else."""
