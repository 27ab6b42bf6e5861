"""The fit of trials and configurations, kept up to date."""
