"""Typed objects where we compute on them. Importing this package loads nothing heavy."""
