"""Consumer kit on the broker, in its own words: each module turns one ecosystem's topics into the messages of ours.

Nothing of it bears a boot or a number, so nothing of it is an event: what it says is a state, and a state told twice is
one fact. What it says of a moment (a shock, a press) counts only live, never from the broker's memory.
"""
