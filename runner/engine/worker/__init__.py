"""What trains a pack, the same in every engine."""
