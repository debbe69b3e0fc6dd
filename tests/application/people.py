"""What people enter."""

from hexaccount.accounts.role import Role
from hexaccount.registration.register_user import RegisterUser

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
