"""What the operator can mend: told in one line, exit code 2."""


class Mistake(Exception):
    """Its text is what to print; one line for each thing that is wrong."""
