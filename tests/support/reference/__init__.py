"""Reference implementations for whole trainings."""
