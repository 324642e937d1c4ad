"""Runs jobs and the timetable, inside the server or beside it. What a job does is written in the domain."""
