"""How much one request may say. MLflow's own limits, so that its clients meet no surprise."""

from typing import Final

MAX_METRICS_PER_BATCH: Final = 1_000
MAX_PARAMS_PER_BATCH: Final = 100
MAX_TAGS_PER_BATCH: Final = 100
MAX_ENTITIES_PER_BATCH: Final = 1_000
MAX_INPUTS_PER_REQUEST: Final = 1_000

MAX_KEY: Final = 250
"""Characters of a metric's, parameter's or tag's key."""
MAX_PARAM_VALUE: Final = 6_000
MAX_TAG_VALUE: Final = 8_000
MAX_EXPERIMENT_NAME: Final = 500
MAX_EXPERIMENT_TAG_VALUE: Final = 20_000
MAX_RUN_NAME: Final = 250
MAX_USER: Final = 256
MAX_LOCATION: Final = 2_048

MAX_DATASET_NAME: Final = 500
MAX_DATASET_DIGEST: Final = 128
"""MLflow allows 36; a whole ``sha256:<hex>`` needs 71, and it is what makes an identity strong."""
MAX_DATASET_SOURCE_TYPE: Final = 36
MAX_DATASET_SOURCE: Final = 65_535
MAX_DATASET_SCHEMA: Final = 1_048_575
MAX_DATASET_PROFILE: Final = 16_777_215
MAX_INPUT_TAG_KEY: Final = 255
MAX_INPUT_TAG_VALUE: Final = 500

MAX_REGISTERED_NAME: Final = 256
MAX_ALIAS: Final = 255
MAX_DESCRIPTION: Final = 5_000
MAX_REGISTRY_TAG_KEY: Final = 250
MAX_REGISTRY_TAG_VALUE: Final = 100_000
