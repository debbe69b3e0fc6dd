Feature: Password
  Who knows their password may change it, and is rid of everybody else who has logged in with the old one.

  Background:
    Given "Juliet" has registered
    And "Juliet" has logged in on the laptop
    And "Juliet" has logged in on the phone

  Scenario: The new password counts and the old one does not
    When "Juliet" changes their password to "a balcony at night" on the laptop
    And somebody logs in as "Juliet" with the password that they had before
    Then this is refused, because the user name or the password is wrong
    When "Juliet" enters "a balcony at night" to log in on the tablet
    Then the tablet is logged in

  Scenario: The device on which it was changed goes on and all others are logged out
    When "Juliet" changes their password to "a balcony at night" on the laptop
    Then the laptop is logged in
    And the phone is logged out
    When the laptop refreshes
    Then the laptop is logged in
    When the phone refreshes
    Then this is refused, because the refresh token is not valid

  Scenario: Who does not know the password cannot change it
    When somebody at the laptop changes the password without knowing it
    Then this is refused, because the current password is wrong
    And the laptop and the phone are logged in
    And the history of the user "Juliet" is: registered

  Scenario: A new password obeys the rules
    When "Juliet" changes their password to "short" on the laptop
    Then this is refused, because new_password is too short
    And the laptop and the phone are logged in

  Scenario: A device that is logged out cannot change the password
    When the laptop logs out
    And "Juliet" changes their password to "a balcony at night" on the laptop
    Then this is refused, because they are not logged in
    And the phone is logged in

  Scenario: An admin sets a password for who has forgotten it, and every device is logged out
    When an admin sets the password of "Juliet" to "a balcony at night"
    Then the laptop and the phone are logged out
    When "Juliet" enters "a balcony at night" to log in on the tablet
    Then the tablet is logged in

  Scenario: A new password does not unlock a disabled user
    Given the user "Juliet" has been disabled
    When an admin sets the password of "Juliet" to "a balcony at night"
    And somebody logs in as "Juliet" with the password "a balcony at night"
    Then this is refused, because the user name or the password is wrong

  Scenario: The change is told, the password is not
    When "Juliet" changes their password to "a balcony at night" on the laptop
    And the events are delivered
    Then the world has been told of the user "Juliet": registered, password_changed
    And the world has not been told "a balcony at night"
