"""The programs in clients/ run in an environment of their own; they are no tests."""

collect_ignore = ["clients"]
