"""The flow `follow`: streams that never end. A flow run is a date of them; at midnight the next one begins.

By hand the days follow each other in one process; a run of a deployment starts the next as a run of the deployment.
"""

import logging
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from prefect import flow, runtime
from prefect.client.orchestration import get_client
from prefect.states import Scheduled

from nightdesk.flows.shared.allowed import only_allowed
from nightdesk.flows.shared.configure import configure
from nightdesk.flows.shared.following.moments import this_day
from nightdesk.flows.shared.following.one_date import follow_date
from nightdesk.flows.shared.following.parameters import FollowParameters
from nightdesk.flows.shared.following.successor import start_successor
from nightdesk.flows.shared.kept_result import KEPT, Kept, kept
from nightdesk.flows.shared.parameters import titled
from nightdesk.flows.shared.reorganize_documents import ended
from nightdesk.flows.shared.stopping.stoppable import stoppable
from nightdesk.flows.shared.stopping.termination import Stopped, in_engine
from nightdesk.tasks.config.profile import load_profile
from nightdesk.tasks.errors import BadRun, NightdeskError
from nightdesk.tasks.following.follower import open_dates

log = logging.getLogger("nightdesk")
