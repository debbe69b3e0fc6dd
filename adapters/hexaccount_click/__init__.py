"""The command line (Click): each command translates its options into messages for the bus.

`hexaccount_click.cli.cli` is the root group. The caller passes its dependencies as a `Program`::

    cli(obj=program)
"""
