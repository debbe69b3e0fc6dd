"""The conformance kit on each store of ours."""
