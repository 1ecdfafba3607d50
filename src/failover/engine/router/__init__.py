"""One virtual router at work: it feeds the state machine, and does, counts and reports what that asks for."""
