"""For all tests: the quiet environment that the product sets, and hypothesis without a clock."""

from hypothesis import settings

import flows  # noqa: F401  (nothing phones home, nothing chatters)

settings.register_profile("nightdesk", deadline=None, max_examples=50)
settings.load_profile("nightdesk")
