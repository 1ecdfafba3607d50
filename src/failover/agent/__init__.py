"""The agent: everything beside the protocol. It may block, crash or be started again without the engine noticing.

It knows the engine by messages alone (`failover.messages`) and holds no network capability.
"""
