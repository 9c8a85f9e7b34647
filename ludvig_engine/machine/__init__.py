"""The machine it runs on: devices, memory, threads, and the sparse products of large scenes."""
