"""The graph in a Neo4j database: for graphs beyond one file, and for Cypher."""

from graph.neo4j.store import Neo4jGraph

__all__ = ["Neo4jGraph"]
