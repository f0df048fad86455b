"""What clients send, turned into ledger entries."""
