"""What a run's page in the Prefect UI shows: summary, verdict, progress."""
