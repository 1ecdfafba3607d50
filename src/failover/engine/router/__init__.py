"""One virtual router: it feeds the state machine, and performs, counts and reports the actions."""
