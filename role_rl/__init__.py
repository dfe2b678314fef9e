"""Role-RL: which model serves which role tonight, learned from what past nights cost and how they were judged.

Pure: numpy, pyarrow and the standard library; only `state` touches a disk. Read in this order:

arms        what a profile says: arms with their priors, and the learner's settings
rewards     R = v * accuracy - k_cost * dollars - k_time * seconds
board       who may judge whom, what several judgements make together, and how far a judge is to be believed
drawing     the draw of one decision from a plan, by a hash, with its probabilities
tally       discounted sums: all that the learner remembers
evidence    published calls and judgements -> tallies
newcomers   what price and family suggest of a model that nobody knows
posterior   tallies and priors -> value of every arm, and the probability that it is the best
policy      posterior -> plan (weights, how often to judge and to duel)
qlearning   the published rule
strategies  the ways to make plans from evidence, one of which a profile names
drift       whether an arm is still what it was
budget      plans within a night's dollars
ope         estimates from the log of what other weights would have earned
gate        whether a change of the weights may be served
record      one version of all this, and its JSON
state       versions as files: latest, save, commit, roll back
learn       the story: state and a night's rows -> next state; state -> plan for serving; the report
whatif      the logged nights under other settings
worlds      models as numbers, to simulate on
logbook     a played night's rows, as a run publishes them
simulate    nights in a world
replay      the learner as a policy of recorded rewards
"""
