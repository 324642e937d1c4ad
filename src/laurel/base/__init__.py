"""The ground floor: errors, ids, times, limits and text. Imports nothing of ours."""
