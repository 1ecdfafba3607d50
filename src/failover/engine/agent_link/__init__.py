"""The engine's side of its agent: the channel, what is told through it and when, and the process at its other end."""
