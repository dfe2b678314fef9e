"""`nightdesk follow`: streams that never end, read as they arrive (arrivals/) and kept in a journal (journal.py)."""
