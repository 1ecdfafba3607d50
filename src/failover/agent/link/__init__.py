"""The agent's end of the channel to its engine: what comes by it, what is known from it, what is asked through it."""
