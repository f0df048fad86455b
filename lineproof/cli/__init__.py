"""The command line: one file per command, heavy imports only where they are used."""
