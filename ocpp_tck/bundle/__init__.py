"""What a run leaves as evidence: sealed, verified, packed and made fit to be shared."""
