"""Dispatch of packs to workers: packs in training, tasks to come, time left, memory."""
