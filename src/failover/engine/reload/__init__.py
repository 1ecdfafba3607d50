"""Reloads the configuration: a separate process reads it, and the engine applies only what has changed."""
