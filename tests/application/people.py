"""What people enter."""

from hexaccount.application.register_user import RegisterUser
from hexaccount.domain.role import Role

PASSWORD = "correct horse battery"


def registration(user_name: str = "juliet", email: str = "", role: Role = Role.USER) -> RegisterUser:
    return RegisterUser.of_text(
        user_name=user_name,
        email=email or f"{user_name}@example.org",
        first_name="Juliet",
        last_name="Capulet",
        password=PASSWORD,
        role=role,
    )
