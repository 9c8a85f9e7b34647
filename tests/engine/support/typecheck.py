"""The checker of annotations while tests run: as PEP 484 has it, an int is a float too."""

from beartype import BeartypeConf, beartype

check = beartype(conf=BeartypeConf(is_pep484_tower=True))
