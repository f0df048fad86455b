"""OpenLineage 2-0-2 events to entries: read, resolved against what is known, planned."""
