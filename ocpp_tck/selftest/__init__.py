"""The kit's proof of itself: what its verdicts are worth, measured on the embedded products and shown in one table.

Every part (mutants replayed, mutants live, behaviours, variations, …) is a module here, or a folder of `tests/` where
a user has no use for it; each gives a `result.Part`.
"""
