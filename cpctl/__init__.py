"""cpctl: command-line access to China's computing power."""

__version__ = "0.1.0"
