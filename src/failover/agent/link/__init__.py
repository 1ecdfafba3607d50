"""The agent's end of the channel to its engine: reads messages, mirrors the engine's state, sends commands."""
