"""`python -m laurel.cli`: the same as the command `laurel`."""

from laurel.cli import main

main()
