"""What other systems kept, taken over: events from files, and credentials issued elsewhere."""
