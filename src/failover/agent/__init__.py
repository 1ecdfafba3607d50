"""The agent: a child process of the engine for everything but the protocol, that is the control API and the log.

It may block, crash or be restarted without any effect on the engine. It knows the engine only by messages
(`failover.messages`) and has no capabilities.
"""
