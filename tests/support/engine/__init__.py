"""Stand-ins for Ray clusters, the process that hosts Ray, and pools of processes."""
