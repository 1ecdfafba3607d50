"""The control API: HTTP on the control socket. Status is answered from the agent's mirror of the engine's state."""
