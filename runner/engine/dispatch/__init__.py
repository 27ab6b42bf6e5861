"""What engines need to hand out packs: what is running, what comes next, how long it takes, how much memory."""
