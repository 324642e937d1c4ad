"""Learner profiles and goals: what people say about their learning. What they have earned is not here: awards are."""
