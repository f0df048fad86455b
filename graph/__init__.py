"""The provenance graph: a projection of the ledger behind one port, on several stores."""
