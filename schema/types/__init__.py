"""GraphQL types, one file for each noun.

The domain's enumerations are registered before any type can refer to them.
"""

from schema.types.enums import register_enums

register_enums()
