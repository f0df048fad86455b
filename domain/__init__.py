"""The shared vocabulary of Lineproof: nouns, identities, errors. Standard library only."""
