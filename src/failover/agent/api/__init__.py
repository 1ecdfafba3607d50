"""The control API: HTTP on the control socket, answered from what the agent knows."""
