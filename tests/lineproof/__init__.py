"""Tests of the application: edge, command line, explorer."""
