"""Tags and campaigns: labels that achievements, challenges and rewards carry by their uid."""
