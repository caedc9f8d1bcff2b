"""Names as they may be shown to a person."""


def printable(name: str) -> str:
    """Return the name on one line, without what a terminal would take for a command.

    Keys of S3 may hold line ends, tabs and escape sequences.
    """
    return name if name.isprintable() else ascii(name)[1:-1]
