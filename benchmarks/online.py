"""What following streams costs, how late its rows are, and what a kill or a long day does to it, beside the goals.

Without arguments: the quick cases, about ten minutes. Each runs `nightdesk follow` as a process of its own while
another one makes the sources grow, and reads the tables as a user's program does. CPU is of all processes of the follow
but the Prefect server. Delays and lags are wall times, and want a machine that does nothing else.

The cases are in benchmarks/online_cases, a module for each theme.
"""

from benchmarks import online_cases
from benchmarks.cases import main

if __name__ == "__main__":
    main("online", online_cases, __doc__ or "")
