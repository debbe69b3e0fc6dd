Feature: Sessions
  A person sees on which devices they are logged in, and ends what they do not know or do not need. So does an admin for
  them.

  Background:
    Given "Juliet" has registered
    And "Juliet" has logged in on the laptop
    And "Juliet" has logged in on the phone

  Scenario: A person sees their devices, the newest login first
    Then "Juliet" is logged in on: phone, laptop

  Scenario: A person sees when each device was used last
    When 5 minutes go by
    And the laptop refreshes
    And 5 minutes go by
    Then the laptop was used 5 minutes ago
    And the phone was used 10 minutes ago

  Scenario: What has ended is not shown
    When the phone logs out
    Then "Juliet" is logged in on: laptop
    When 14 days go by
    Then "Juliet" is logged in on: nothing

  Scenario: A person ends the session of one device
    When "Juliet" ends the session of the phone
    Then the phone is logged out
    And the laptop is logged in
    And "Juliet" is logged in on: laptop
    When the phone refreshes
    Then this is refused, because the refresh token is not valid

  Scenario: Ending a session twice is ending it once
    When "Juliet" ends the session of the phone
    And "Juliet" ends the session of the phone
    Then the history of the session of the phone is: opened, closed

  Scenario: A person ends all sessions but the one they use
    Given "Juliet" has logged in on the tablet
    When "Juliet" ends all sessions but that of the laptop
    Then the phone and the tablet are logged out
    And the laptop is logged in
    And "Juliet" is logged in on: laptop
    When the laptop refreshes
    Then the laptop is logged in

  Scenario: The session of somebody else is not there
    Given "Romeo" has registered
    When "Romeo" ends the session of the phone
    Then this is refused, because there is no such session
    And the phone is logged in

  Scenario: The sessions of one person are not those of another
    Given "Romeo" has registered
    And "Romeo" has logged in on the watch
    When "Romeo" ends all sessions but that of the watch
    Then the laptop and the phone are logged in
    And "Romeo" is logged in on: watch

  Scenario: An admin ends the sessions of everybody
    Given "Romeo" has registered
    And "Romeo" has logged in on the watch
    When an admin ends the sessions of everybody
    Then "Juliet" is logged in on: nothing
    And "Romeo" is logged in on: nothing
    When "Juliet" logs in on the tablet
    Then the tablet is logged in

  Scenario: An admin ends all sessions of a user
    When an admin ends all sessions of "Juliet"
    Then the laptop and the phone are logged out
    And "Juliet" is logged in on: nothing
    When "Juliet" logs in on the tablet
    Then the tablet is logged in
