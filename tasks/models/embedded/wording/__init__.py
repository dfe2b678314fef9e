"""What holds for the wording of a headline: the words that tell, where a clause may be cut, what is sent back."""
