"""The machine the engine runs on: devices, memory, threads and sparse products."""
