Feature: Clearing
  What has ended and nobody will ask for again is removed; what has happened is remembered for ever.

  Background:
    Given "Juliet" has registered
    And "Juliet" has logged in on the laptop

  Scenario: A session that ended long ago is forgotten, its history is not
    When the laptop logs out
    And 43201 minutes go by
    And leftovers are removed
    Then nothing is left of the laptop's session but its history: opened, closed

  Scenario: A session that has just ended is kept
    When the laptop logs out
    And leftovers are removed
    Then the laptop's session is kept

  Scenario: A session that is alive is kept
    When leftovers are removed
    Then the laptop is logged in
