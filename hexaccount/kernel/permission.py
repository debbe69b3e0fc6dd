from typing import NewType

Permission = NewType("Permission", str)
"""One thing that a role may allow to do to other accounts, as `users.read`: what, and the verb.

A capability declares its own. The role `admin` has all of them, and the settings give them to further roles.
"""
