from hypothesis import settings

# A busy machine is no reason for a property to be false.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
