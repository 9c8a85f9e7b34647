"""Uplift on many machines: shards in plain files, or tasks of Ray. Both give one process's bits."""
