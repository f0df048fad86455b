"""MLflow's REST calls: from a request's fields and the state of the graph to ledger drafts."""
