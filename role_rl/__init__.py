"""Role-RL: which model serves which role tonight, learned from what past nights cost and how they were judged.

Pure: numpy, pyarrow and the standard library; only `state` touches a disk. Read in this order:

arms        what a profile says: arms with their priors, and the learner's settings
rewards     R = v * accuracy - k_cost * dollars - k_time * seconds
board       who may judge whom, and what several judgements of one answer make together
drawing     the draw of one decision from a plan, by a hash, with its probabilities
tally       discounted sums: all that the learner remembers
evidence    published calls and judgements -> tallies
posterior   tallies and priors -> value of every arm, and the probability that it is the best
policy      posterior -> plan (weights, how often to judge and to duel)
record      one version of all this, and its JSON
state       versions as files: latest, save, commit, roll back
learn       the story: state and a night's rows -> next state; state -> plan for serving; the report
worlds      models as numbers, to simulate on
"""
