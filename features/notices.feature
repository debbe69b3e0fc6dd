Feature: Notices
  The owner of an account gets a message about what may have been done by somebody else.

  Background:
    Given mail is configured
    And "Juliet" has registered
    And "Juliet" has logged in on the laptop

  Scenario: A new password
    When "Juliet" changes the password to "a balcony at night" on the laptop
    And the events are delivered
    Then the address of "Juliet" has got a message about password_changed

  Scenario: A disabled account
    When an admin disables "Juliet"
    And the events are delivered
    Then the address of "Juliet" has got a message about account_disabled

  Scenario: A refresh token that was copied
    Given an attacker has copied the refresh token of the laptop
    When the laptop refreshes
    And 60 seconds pass
    And the attacker refreshes
    Then this is refused: the refresh token is not valid
    When the events are delivered
    Then the address of "Juliet" has got a message about session_reuse

  Scenario: What an owner does at home is no reason for a message
    When the laptop refreshes
    And the laptop logs out
    And the events are delivered
    Then nobody has got a notice
