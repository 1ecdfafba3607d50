"""The state machine (RFC 9568 §6.4): states, events, actions, and what leads from one state to another."""
