"""The reward of an arm's own answer.

R = v * accuracy - k_cost * dollars - k_time * seconds, after equation (1) of He et al. 2024 (arXiv 2409.18014), with
cost and delay as measured for each call instead of constants. An invalid answer has accuracy 0; a repair's dollars
and seconds are charged to the arm whose answer needed it (`feedback`).
"""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from nightdesk.role_rl.arms import Settings

Number = TypeVar("Number", float, NDArray[np.float64])


def reward(accuracy: Number, dollars: Number, seconds: Number, settings: Settings) -> Number:
    """R for one answer, or element by element for arrays of one shape.

    accuracy in [0, 1]; seconds as they are charged (`charged_seconds`).
    """
    return settings.v * accuracy - settings.k_cost * dollars - settings.k_time * seconds


def charged_seconds(lane: str, latency_s: float, settings: Settings) -> float:
    """Seconds that a delay is charged as: all of it, or for lane batch what lies past the deadline."""
    return max(0.0, latency_s - settings.batch_deadline_s) if lane == "batch" else latency_s
