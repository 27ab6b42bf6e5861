"""Local processes that train packs next to this one."""
