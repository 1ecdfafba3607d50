"""What is sent and changed, and when: rounds of the loop, beats, prepared bytes."""
