"""What whole trainings are compared with."""
