Feature: Recovery
  Somebody who has forgotten their password gets a message at the address of their account, and chooses a new password by
  the token in it. A stranger learns nothing by asking, and cannot get in the way of the owner.

  Background:
    Given mail is configured
    And "Juliet" has registered
    And "Juliet" has logged in on the laptop

  Scenario: The owner of an account chooses a new password
    When "Juliet" asks for recovery
    And the events are delivered
    Then the address of "Juliet" has got a message about recovery
    When "Juliet" completes the recovery with the password "a balcony at night"
    Then the laptop is logged out
    When "Juliet" logs in with the password "a balcony at night" on the tablet
    Then the tablet is logged in
    When "Juliet" logs in with the old password
    Then this is refused: the user name or the password is wrong

  Scenario: Completing a recovery verifies the address, and the owner gets a notice
    When "Juliet" asks for recovery
    And the events are delivered
    And "Juliet" completes the recovery with the password "a balcony at night"
    And the events are delivered
    Then the address of "Juliet" is verified
    And the address of "Juliet" has got a message about password_changed

  Scenario: A token works once
    Given "Juliet" has asked for recovery
    When "Juliet" completes the recovery with the password "a balcony at night"
    And "Juliet" completes the recovery with the password "a garden at noon"
    Then this is refused: the one-time token is not valid

  Scenario: A refused password does not use the token up
    Given "Juliet" has asked for recovery
    When "Juliet" completes the recovery with the password "short"
    Then this is refused: the field password is too short
    When "Juliet" completes the recovery with the password "a balcony at night"
    And "Juliet" logs in with the password "a balcony at night" on the tablet
    Then the tablet is logged in

  Scenario: A token expires after an hour
    Given "Juliet" has asked for recovery
    When 60 minutes pass
    And "Juliet" completes the recovery with the password "a balcony at night"
    Then this is refused: the one-time token is not valid

  Scenario: The last three tokens are valid, so that a stranger who keeps asking does not void that of the owner
    Given "Juliet" has asked for recovery 4 times
    Then 3 tokens of "Juliet" are valid

  Scenario: Using one token voids the others
    Given "Juliet" has asked for recovery 3 times
    When "Juliet" completes the recovery with the password "a balcony at night"
    Then 0 tokens of "Juliet" are valid

  Scenario: A new password voids the tokens
    Given "Juliet" has asked for recovery
    When an admin sets the password of "Juliet" to "a balcony at night"
    And "Juliet" completes the recovery with the password "a garden at noon"
    Then this is refused: the one-time token is not valid

  Scenario: A name that no account has gets no message, and the same answer
    When "Nobody" asks for recovery
    And the events are delivered
    Then nobody has got a message about recovery

  Scenario: A disabled user gets no message
    Given "Juliet" has been disabled
    When "Juliet" asks for recovery
    And the events are delivered
    Then nobody has got a message about recovery

  Scenario: A mailbox is not flooded
    Given "Juliet" has asked for recovery 9 times
    Then the address of "Juliet" has got 5 messages about recovery

  Scenario: An admin starts the recovery of a user
    When an admin starts the recovery of "Juliet"
    And the events are delivered
    Then the address of "Juliet" has got a message about recovery

  Scenario: No published event contains a token
    Given "Juliet" has asked for recovery
    When "Juliet" completes the recovery with the password "a balcony at night"
    And the events are delivered
    Then no published event contains a one-time token
