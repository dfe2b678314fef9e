"""What can be scheduled or triggered: Prefect flows and the command line. Thin: they name the stages in order.

Entry points call nightdesk.flows.shared.configure.configure(); an import alone changes nothing in a process.
"""
