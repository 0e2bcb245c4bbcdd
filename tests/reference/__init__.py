"""A slow reference of the rules, in plain Python on purpose: obviously right rather than fast.

It shares no code with the package under test and imports nothing beyond the standard library (the strategies add
hypothesis). Rule numbers are those of the reconstruction rules in the design: `rule 3` is the third rule of
section 2, the letters say how the rules were read where they leave room:

a. An exact duplicate has the same agent, instant, state, contact (as written, may be missing) and `ended_at` as an
   earlier event. Only the first counts, even when other events of that instant lie between.
b. "Less than --max-wrap has passed" runs from the end of a piece (its start when the end is unknown) to the start of
   the next.
c. A piece is a run of `acw` events of one track with the same contact as written. Which contact it inherits is decided
   once, at its start, from the agent's last talking/hold event before it on any track, ended at most 10 min before.
   A talk without a contact id is still a contact, only nameless.
d. Touching pieces of one contact with nothing between them are one piece.
e. An inherited piece joins another of its contact and track only when nothing but `not_ready` lies between on it.
f. Not voice: a track per contact, or per channel where the contact is missing. `logout` and `unknown` close all tracks.
g. An interval row ends where it says; who ended it is still the next different event of its track.
h. `unknown` leaves a piece open.
i. invalid > open > stuck > orphan > ok; one open or invalid piece makes the whole wrap so.
j. A rejected row takes the instant of the agent's previous good row of the file, right after it.
k. Queue and channel come from the first acw event, else from the talk; talk and hold are sums since the last wrap.
l. Contact records: explicit, anchored, duration, gap; beside states they give attributes.
"""
