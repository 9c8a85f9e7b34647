"""Readers and writers: splat files, camera files, photos. log and logit live here and nowhere else."""
