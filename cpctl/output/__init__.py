"""What people and scripts see: printers from a view to text, and the one function that makes text safe to show."""
