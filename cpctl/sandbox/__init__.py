"""A complete platform on this machine: the contract's reference implementation, and what every test talks to.

It imports nothing of cpctl outside this package: client and sandbox are two readings of one contract.
"""
