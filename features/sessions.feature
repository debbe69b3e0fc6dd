Feature: Sessions
  A user lists their sessions and ends those that they do not need or do not recognise. An admin does so for any user.

  Background:
    Given "Juliet" has registered
    And "Juliet" has logged in on the laptop
    And "Juliet" has logged in on the phone

  Scenario: A user lists their sessions, newest first
    Then the sessions of "Juliet" are on: phone, laptop

  Scenario: A session shows when it was last used
    When 5 minutes pass
    And the laptop refreshes
    And 5 minutes pass
    Then the session of the laptop was last used 5 minutes ago
    And the session of the phone was last used 10 minutes ago

  Scenario: Ended and expired sessions are not listed
    When the phone logs out
    Then the sessions of "Juliet" are on: laptop
    When 14 days pass
    Then "Juliet" has no sessions

  Scenario: A user ends the session of one device
    When "Juliet" ends the session of the phone
    Then the phone is logged out
    And the laptop is logged in
    And the sessions of "Juliet" are on: laptop
    When the phone refreshes
    Then this is refused: the refresh token is not valid

  Scenario: Ending a session is idempotent
    When "Juliet" ends the session of the phone
    And "Juliet" ends the session of the phone
    Then the events of the session of the phone are: opened, closed

  Scenario: A user ends all sessions but the current one
    Given "Juliet" has logged in on the tablet
    When "Juliet" ends all sessions but that of the laptop
    Then the phone and the tablet are logged out
    And the laptop is logged in
    And the sessions of "Juliet" are on: laptop
    When the laptop refreshes
    Then the laptop is logged in

  Scenario: A user cannot end the session of another user
    Given "Romeo" has registered
    When "Romeo" ends the session of the phone
    Then this is refused: there is no such session
    And the phone is logged in

  Scenario: Ending all sessions does not affect another user
    Given "Romeo" has registered
    And "Romeo" has logged in on the watch
    When "Romeo" ends all sessions but that of the watch
    Then the laptop and the phone are logged in
    And the sessions of "Romeo" are on: watch

  Scenario: An admin ends the sessions of all users
    Given "Romeo" has registered
    And "Romeo" has logged in on the watch
    When an admin ends the sessions of all users
    Then "Juliet" has no sessions
    And "Romeo" has no sessions
    When "Juliet" logs in on the tablet
    Then the tablet is logged in

  Scenario: An admin ends all sessions of a user
    When an admin ends the sessions of "Juliet"
    Then the laptop and the phone are logged out
    And "Juliet" has no sessions
    When "Juliet" logs in on the tablet
    Then the tablet is logged in
