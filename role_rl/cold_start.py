"""What to expect of a model of which nobody has said or seen anything: what its price and its family suggest.

With x the logarithm (base ten) of the dollars of a call, the accuracies of a role's arms are taken as
    a_i = LEVEL + level + (SLOPE + slope) x_i + family + own,
all four deviations normal with mean 0. What is known of the others (their priors and judged answers) conditions it, and
what it predicts of the newcomer is its prior: a mean, and a strength of SD**2 / variance judged answers, which is
little: a newcomer is tried where it is judged and soon known by what it does.
"""

from collections.abc import Sequence

import numpy as np

from nightdesk.role_rl.arms import Arm, Prior
from nightdesk.role_rl.sufficient_stats import Tally

LEVEL, LEVEL_SD = 0.75, 0.15
SLOPE, SLOPE_SD = 0.02, 0.03
FAMILY_SD = 0.05
OWN_SD = 0.1
CENT = 0.01
"""x is 0 here, in dollars."""
FREE = 1e-5
"""A call that costs less counts as costing this much."""


def expected(arms: Sequence[Arm], priors: Sequence[Prior], tallies: Sequence[Tally], sd: float) -> list[Prior]:
    """The priors of the arms, those of arms that are not `known` replaced.

    tallies: of each arm in the role. sd: standard deviation of an answer's accuracy.
    """
    if all(arm.known for arm in arms):
        return list(priors)
    x = np.log10([max(prior.cost_usd, FREE) / CENT for prior in priors])
    families = np.array([arm.family for arm in arms])
    covariance = LEVEL_SD**2 + SLOPE_SD**2 * np.outer(x, x) + FAMILY_SD**2 * (families[:, None] == families[None, :])
    covariance += OWN_SD**2 * np.eye(len(arms))
    mean = LEVEL + SLOPE * x

    told = np.array([prior.strength if arm.known else 0.0 for arm, prior in zip(arms, priors, strict=True)])
    said = np.array([prior.accuracy for prior in priors])
    n = np.array([tally.judged_answers for tally in tallies])
    total = np.array([sum(cell.total for cell in tally.judged.values()) for tally in tallies])
    weight = told + n
    seen = (told * said + total) / np.maximum(weight, 1e-9)

    after = []
    for k, (arm, prior) in enumerate(zip(arms, priors, strict=True)):
        others = [i for i in range(len(arms)) if i != k and weight[i] > 0]
        guess, variance = mean[k], covariance[k, k]
        if others and not arm.known:
            noise = np.diag(sd**2 / weight[others])
            gain = np.linalg.solve(covariance[np.ix_(others, others)] + noise, covariance[others, k])
            guess, variance = guess + gain @ (seen[others] - mean[others]), variance - gain @ covariance[others, k]
        if arm.known:
            after.append(prior)
        else:
            strength = max(1.0, sd**2 / float(variance))
            after.append(Prior(float(np.clip(guess, 0.05, 0.98)), strength, prior.cost_usd, prior.latency_s))
    return after
