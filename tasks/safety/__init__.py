"""What keeps text and links that anybody may have made from doing harm: on a terminal, in a log, below OUT."""
