"""Role-RL: which model serves which role tonight, learned from what past nights cost and how they were judged.

Pure: numpy, pyarrow and the standard library; only `state_versions` touches a disk. Read in this order:

errors                     what can go wrong here
arms                       what a profile says: arms with their priors, and the learner's settings
rewards                    R = v * accuracy - k_cost * dollars - k_time * seconds
judges                     who may judge whom, what several judgements make together, how far a judge is to be believed
sampling                   the draw of one decision from a plan, by a hash, with its probabilities
sufficient_stats           discounted sums: all that the learner remembers
feedback/                  published calls and judgements -> sums
state                      one version of all this, and its JSON
state_versions             versions as files: latest, save, commit, roll back
cold_start                 what price and family suggest of a model that nobody knows
posterior                  sums and priors -> value of every arm, and the probability that it is the best
strategies/                the ways to make plans from feedback, one of which a profile names: policy (weights, and
                           how often to judge and to duel), qlearning (the published rule), drift, budget
offpolicy/                 ope (what other weights would have earned), safety_gate (whether a change may be served)
learner                    the story: state and a night's rows -> next state; state -> plan for serving; the report
whatif                     the logged nights under other settings
simulation/                environments (models as numbers), simulate (nights among them), simulated_log (their rows)
replay                     the learner as a policy of recorded rewards
"""
