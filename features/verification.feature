Feature: Verification
  A user proves that they read the mail of their address, by the token in a message.

  Background:
    Given mail is configured
    And "Juliet" has registered

  Scenario: A new user gets a message, and verifies the address
    When the events are delivered
    Then the address of "Juliet" has got a message about verification
    And the address of "Juliet" is not verified
    When "Juliet" verifies the address
    Then the address of "Juliet" is verified
    And the events of the user "Juliet" are: registered, email_verified

  Scenario: A newer message voids the token of the one before
    Given the events have been delivered
    When "Juliet" asks for another verification
    And the events are delivered
    And "Juliet" verifies the address with the first token
    Then this is refused: the one-time token is not valid
    When "Juliet" verifies the address
    Then the address of "Juliet" is verified

  Scenario: A verified user gets no further message
    Given the events have been delivered
    When "Juliet" verifies the address
    And "Juliet" asks for another verification
    And the events are delivered
    Then the address of "Juliet" has got 1 message about verification

  Scenario: Nobody gets one message after the other
    When "Juliet" asks for another verification 4 times
    Then this is refused: there were too many attempts

  Scenario: The message to an address that may be a stranger's repeats nothing that was chosen at the registration
    When the events are delivered
    Then the message about verification contains no name of "Juliet"

  Scenario: A verification does not complete a recovery
    Given the events have been delivered
    When "Juliet" completes the recovery with the verification token and "a balcony at night"
    Then this is refused: the one-time token is not valid
