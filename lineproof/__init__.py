"""The application: settings, wiring, the ASGI app, the command line and the explorer."""
