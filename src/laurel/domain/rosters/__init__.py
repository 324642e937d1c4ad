"""Issuing to many: a list of names read, checked, and worked through by a job that can be watched."""
