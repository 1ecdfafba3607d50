"""The engine's side of its agent: the channel, what is sent over it and when, and the agent's process."""
