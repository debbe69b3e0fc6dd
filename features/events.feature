Feature: Events
  Everything that happens is told as an event: to those inside who act on it, and to the world outside.

  Scenario: What happens to a user is told in its order
    Given "Juliet" has registered
    When an admin disables "Juliet"
    And an admin enables "Juliet"
    And the events are delivered
    Then the world has been told of the user "Juliet": registered, disabled, enabled

  Scenario: What an event brings about is told too
    When "Juliet" registers
    And the events are delivered
    Then the world has been told of the profile of "Juliet": created
    And this was brought about by the registration of "Juliet"

  Scenario: An event that is delivered again has no second effect
    Given "Juliet" has registered
    And the events have been delivered
    When the registration of "Juliet" is delivered once more
    Then the history of the profile of "Juliet" is: created

  Scenario: Nothing is told of what was refused
    Given "Juliet" has registered
    When "Juliet" registers
    And the events are delivered
    Then this is refused, because the user name is taken
    And the world has been told of 1 registration

  Scenario: Events wait for a receiver that is away, however long
    Given the world outside cannot be reached
    And "Juliet" has registered
    When the events are delivered again and again for a day
    Then no event is set aside
    When the world outside can be reached
    And the events are delivered
    Then the world has been told of the user "Juliet": registered

  Scenario: An event that cannot be delivered holds up only those of its own user
    Given the world outside cannot take the registration of "Juliet"
    And "Juliet" has registered
    And "Romeo" has registered
    When an admin disables "Juliet"
    And an admin disables "Romeo"
    And the events are delivered
    Then the world has been told of the user "Romeo": registered, disabled
    And the world has been told nothing of the user "Juliet"

  Scenario: An event that cannot be delivered is set aside, and the later ones go on
    Given the world outside cannot take the registration of "Juliet"
    And "Juliet" has registered
    And the user "Juliet" has been disabled
    When the events are delivered again and again for a day
    Then the registration of "Juliet" is set aside after 3 attempts
    And the world has been told of the user "Juliet": disabled

  Scenario: An event that was set aside is retried once its cause is mended
    Given the world outside cannot take the registration of "Juliet"
    And "Juliet" has registered
    And the events have been delivered again and again for a day
    When the world outside can take everything
    And an admin retries what was set aside
    And the events are delivered
    Then the world has been told of the user "Juliet": registered
    And no event is set aside

  Scenario: The history of an account tells what became of it
    Given "Juliet" has registered
    And "Juliet" has logged in on the laptop
    When the laptop logs out
    And an admin disables "Juliet"
    And the events are delivered
    And "Juliet" changes their bio to "Actor"
    Then the history of the user "Juliet" is: registered, disabled
    And the history of the session of the laptop is: opened, closed
    And the history of the profile of "Juliet" is: created, updated

  Scenario: A replay tells the world once more what has happened, in its order
    Given "Juliet" has registered
    And "Romeo" has registered
    And the user "Juliet" has been disabled
    And the events have been delivered
    When an admin replays what has happened to "Juliet" to the world outside
    And the events are delivered
    Then the world has been told of the user "Juliet": registered, disabled, registered, disabled
    And the world has been told of the user "Romeo": registered

  Scenario: What happens after a replay has begun is told after it
    Given "Juliet" has registered
    And the events have been delivered
    When an admin replays what has happened to "Juliet" to the world outside
    And an admin disables "Juliet"
    And the events are delivered
    Then the world has been told of the user "Juliet": registered, registered, disabled

  Scenario: A replay to those inside who act on events has no second effect
    Given "Juliet" has registered
    And the events have been delivered
    When an admin replays what has happened to "Juliet" to those who make profiles
    And the events are delivered
    Then the history of the profile of "Juliet" is: created
    And no event is set aside

  Scenario: An account's history is read as it happened
    Given "Juliet" has registered
    And "Juliet" has logged in on the laptop
    When an admin disables "Juliet"
    Then the history of all that concerns "Juliet" is: registered, opened, disabled

  Scenario: No event tells a password
    Given "Juliet" has registered
    And "Juliet" has logged in on the laptop
    When the events are delivered
    Then the world has not been told the password, nor its hash, nor a token
