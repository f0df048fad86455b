"""The start page and GraphiQL, served from vendored files: no network beyond this server."""
