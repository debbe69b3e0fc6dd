"""The command line (Click) over the bus.

`hexaccount_click.cli.cli` is the group of all commands; it takes what it needs from outside as a `Program`::

    cli(obj=program)
"""
