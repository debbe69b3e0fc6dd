Feature: Password
  A user changes their password, which ends all their sessions and opens a new one. An admin sets the password of a user.

  Background:
    Given "Juliet" has registered
    And "Juliet" has logged in on the laptop
    And "Juliet" has logged in on the phone

  Scenario: The new password replaces the old one
    When "Juliet" changes the password to "a balcony at night" on the laptop
    And "Juliet" logs in with the old password
    Then this is refused: the user name or the password is wrong
    When "Juliet" logs in with the password "a balcony at night" on the tablet
    Then the tablet is logged in

  Scenario: Changing the password ends all sessions, and opens a new one
    When "Juliet" changes the password to "a balcony at night" on the laptop
    Then the laptop is logged in
    And the phone is logged out
    When the laptop refreshes
    Then the laptop is logged in
    When the phone refreshes
    Then this is refused: the refresh token is not valid

  Scenario: Changing the password requires the current one
    When "Juliet" changes the password with a wrong current password on the laptop
    Then this is refused: the current password is wrong
    And the laptop and the phone are logged in
    And the events of the user "Juliet" are: registered

  Scenario: A new password must obey the rules
    When "Juliet" changes the password to "short" on the laptop
    Then this is refused: the field new_password is too short
    And the laptop and the phone are logged in

  Scenario: A logged-out device cannot change the password
    When the laptop logs out
    And "Juliet" changes the password to "a balcony at night" on the laptop
    Then this is refused: they are not logged in
    And the phone is logged in

  Scenario: An admin sets a forgotten password, which ends all sessions
    When an admin sets the password of "Juliet" to "a balcony at night"
    Then the laptop and the phone are logged out
    When "Juliet" logs in with the password "a balcony at night" on the tablet
    Then the tablet is logged in

  Scenario: A new password does not enable a disabled user
    Given "Juliet" has been disabled
    When an admin sets the password of "Juliet" to "a balcony at night"
    And "Juliet" logs in with the password "a balcony at night"
    Then this is refused: the user name or the password is wrong

  Scenario: The change is published without the password
    When "Juliet" changes the password to "a balcony at night" on the laptop
    And the events are delivered
    Then the receiver has the events of the user "Juliet": registered, password_changed
    And no published event contains "a balcony at night" or a hash
