"""`python -m cpctl` is `cpctl`."""

from cpctl.main import main

main()
