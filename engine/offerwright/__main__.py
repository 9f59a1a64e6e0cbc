"""`python -m offerwright` is the command `offerwright`."""

from offerwright.cli import main

main()
