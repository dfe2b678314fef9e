"""How tests fetch: their servers are on the loopback, which a profile has to allow."""

from nightdesk.tasks.config.fetch_settings import FetchSettings
from nightdesk.tasks.reading.fetching.terms import Fetching

OPEN = Fetching(FetchSettings(allow_private=True))
