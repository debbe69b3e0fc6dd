"""For the tests of those who use or extend hexaccount: a service in memory, clients, people and a clock.

`pytest_plugin` is a plug-in of pytest, which is loaded where this package is installed; `hexaccount[conformance]`
installs pytest.
"""
