"""Mutation fuzz of every reader: `ludvig bench fuzz`.

A small valid file of each kind is damaged at random and read. Readers may succeed or raise
`EngineError`; anything else is a fault, and so are much time and memory.
"""
