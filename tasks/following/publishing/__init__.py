"""Publishing what is settled of streams: appended to an open part, and put into whole parts when the day ends."""
