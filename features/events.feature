Feature: Events
  Every change is published as an event, to handlers inside the service and to receivers outside.

  Scenario: The events of a user are published in order
    Given "Juliet" has registered
    When an admin disables "Juliet"
    And an admin enables "Juliet"
    And the events are delivered
    Then the receiver has the events of the user "Juliet": registered, disabled, enabled

  Scenario: An event that a handler causes is published
    When "Juliet" registers
    And the events are delivered
    Then the receiver has the events of the profile of "Juliet": created
    And their cause is the registration of "Juliet"

  Scenario: A second delivery of an event has no effect
    Given "Juliet" has registered
    And the events have been delivered
    When the registration of "Juliet" is delivered again
    Then the events of the profile of "Juliet" are: created

  Scenario: A refused command publishes no event
    Given "Juliet" has registered
    When "Juliet" registers
    And the events are delivered
    Then this is refused: the user name is taken
    And the receiver has 1 registration

  Scenario: Events wait for an unavailable receiver without limit
    Given the receiver is unavailable
    And "Juliet" has registered
    When the events are delivered every hour for a day
    Then there are no dead letters
    When the receiver is available
    And the events are delivered
    Then the receiver has the events of the user "Juliet": registered

  Scenario: An event that fails delays only the events of its user
    Given the receiver rejects the registration of "Juliet"
    And "Juliet" has registered
    And "Romeo" has registered
    When an admin disables "Juliet"
    And an admin disables "Romeo"
    And the events are delivered
    Then the receiver has the events of the user "Romeo": registered, disabled
    And the receiver has no events of the user "Juliet"

  Scenario: An event that fails repeatedly becomes a dead letter, and later events are delivered
    Given the receiver rejects the registration of "Juliet"
    And "Juliet" has registered
    And "Juliet" has been disabled
    When the events are delivered every hour for a day
    Then the registration of "Juliet" is a dead letter after 3 attempts
    And the receiver has the events of the user "Juliet": disabled

  Scenario: A dead letter is retried after its cause is fixed
    Given the receiver rejects the registration of "Juliet"
    And "Juliet" has registered
    And the events have been delivered every hour for a day
    When the receiver accepts all events
    And an admin retries the dead letters
    And the events are delivered
    Then the receiver has the events of the user "Juliet": registered
    And there are no dead letters

  Scenario: User, session and profile each have their events
    Given "Juliet" has registered
    And "Juliet" has logged in on the laptop
    When the laptop logs out
    And an admin disables "Juliet"
    And the events are delivered
    And "Juliet" changes their bio to "Actor"
    Then the events of the user "Juliet" are: registered, disabled
    And the events of the session of the laptop are: opened, closed
    And the events of the profile of "Juliet" are: created, updated

  Scenario: A replay publishes past events again, in order
    Given "Juliet" has registered
    And "Romeo" has registered
    And "Juliet" has been disabled
    And the events have been delivered
    When an admin replays the events of "Juliet" to the receiver
    And the events are delivered
    Then the receiver has the events of the user "Juliet": registered, disabled, registered, disabled
    And the receiver has the events of the user "Romeo": registered

  Scenario: Events after a replay are published after the replayed ones
    Given "Juliet" has registered
    And the events have been delivered
    When an admin replays the events of "Juliet" to the receiver
    And an admin disables "Juliet"
    And the events are delivered
    Then the receiver has the events of the user "Juliet": registered, registered, disabled

  Scenario: A replay to a handler has no second effect
    Given "Juliet" has registered
    And the events have been delivered
    When an admin replays the events of "Juliet" to the handler that creates profiles
    And the events are delivered
    Then the events of the profile of "Juliet" are: created
    And there are no dead letters

  Scenario: The history of an account has all its events in order
    Given "Juliet" has registered
    And "Juliet" has logged in on the laptop
    When an admin disables "Juliet"
    Then the history of the account "Juliet" is: registered, opened, disabled

  Scenario: No event contains a secret
    Given "Juliet" has registered
    And "Juliet" has logged in on the laptop
    When the events are delivered
    Then no published event contains a password, a hash or a token
