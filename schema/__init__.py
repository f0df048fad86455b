"""The GraphQL schema over the resolvers."""
