"""The commands of the command line, a module a subject. nightdesk.flows.cli puts them together."""
