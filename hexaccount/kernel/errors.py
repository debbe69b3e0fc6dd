"""The refusals that every capability knows."""


class Refusal(Exception):
    """A request that a rule of the domain refuses; `code` is stable and safe to show."""

    code = "refused"


class InvalidValue(Refusal):
    """A text that does not fit its value object."""

    code = "invalid_value"

    def __init__(self, reason: str) -> None:
        """Take a sentence that says what is wrong and what would be right; it never repeats the refused text."""
        super().__init__(reason)
        self.reason = reason


class InvalidInput(Refusal):
    """One or more named fields that are not valid."""

    code = "invalid_input"

    def __init__(self, errors: dict[str, str]) -> None:
        """Take the reason for each refused field, by the name of the field."""
        super().__init__("; ".join(f"{field}: {reason}" for field, reason in errors.items()))
        self.errors = errors
