Feature: Retention
  Expired records are removed; events are kept.

  Background:
    Given "Juliet" has registered
    And "Juliet" has logged in on the laptop

  Scenario: A session that ended long ago is removed, its events are kept
    When the laptop logs out
    And 43203 minutes pass
    And expired records are removed
    Then the session of the laptop is removed
    And the events of the session of the laptop are: opened, closed

  Scenario: A session that has just ended is kept
    When the laptop logs out
    And expired records are removed
    Then the session of the laptop is stored

  Scenario: An active session is kept
    When expired records are removed
    Then the laptop is logged in
