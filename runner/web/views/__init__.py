"""What is behind each address."""
