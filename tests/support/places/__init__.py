"""Commands and programs in unusual environments, and what they leave behind."""
