Feature: Logout
  Logging out ends the session of one device at once, and no other session.

  Background:
    Given "Juliet" has registered
    And "Juliet" has logged in on the laptop
    And "Juliet" has logged in on the phone

  Scenario: Logging out ends the session of one device
    When the laptop logs out
    Then the laptop is logged out
    And the phone is logged in

  Scenario: Logging out is idempotent
    When the laptop logs out
    And the laptop logs out
    Then the laptop is logged out
    And the phone is logged in

  Scenario: Logging out with the refresh token ends its session
    When the laptop logs out with its refresh token
    Then the laptop is logged out
    And the phone is logged in

  Scenario: A new login opens a new session
    When the laptop logs out
    And "Juliet" logs in on the tablet
    Then the tablet is logged in
    And the laptop is logged out
