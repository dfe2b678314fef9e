"""serve: a Prefect server of our own, the deployments, and the processes of runs."""
