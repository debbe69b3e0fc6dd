Feature: Refresh
  An access token is valid for minutes, a session for weeks. A device refreshes its session with a refresh token, which
  is valid once and is replaced by the next one. The second use of a token reveals a theft, and ends the session.

  Background:
    Given "Juliet" has registered
    And "Juliet" has logged in on the laptop

  Scenario: An expired access token is renewed
    When 15 minutes pass
    Then the laptop is logged out
    When the laptop refreshes
    Then the laptop is logged in

  Scenario: A device in use stays logged in
    When the laptop refreshes 6 times, after 13 days each
    Then the laptop is logged in

  Scenario: A device is logged out after 14 days without use
    When 14 days pass
    And the laptop refreshes
    Then this is refused: the refresh token is not valid

  Scenario: No session lasts longer than 90 days
    Given the laptop has refreshed 8 times, after 11 days each
    When 2 days pass
    And the laptop refreshes
    Then this is refused: the refresh token is not valid

  Scenario: An access token expires with its session
    Given the laptop has refreshed 8 times, after 11 days each
    When 47 hours pass
    And 50 minutes pass
    And the laptop refreshes
    Then the access token of the laptop is valid for 600 seconds

  Scenario: Two windows of a browser can refresh at the same time
    Given an attacker has copied the refresh token of the laptop
    When the laptop refreshes
    And 59 seconds pass
    And the attacker refreshes
    Then the attacker has the same refresh token as the laptop
    And the laptop is logged in

  Scenario: A theft is detected at once where the attacker is on another device in another network
    Given an attacker has copied the refresh token of the laptop
    When the laptop refreshes
    And the attacker refreshes on another device in another network
    Then this is refused: the refresh token is not valid
    And the laptop is logged out

  Scenario: A theft is detected when the attacker refreshes last
    Given an attacker has copied the refresh token of the laptop
    When the laptop refreshes
    And 60 seconds pass
    And the attacker refreshes
    Then this is refused: the refresh token is not valid
    And the laptop is logged out
    And the events of the session of the laptop are: opened, reuse_detected, closed

  Scenario: A theft is detected when the attacker refreshes first
    Given an attacker has copied the refresh token of the laptop
    When the attacker refreshes
    And 60 seconds pass
    And the laptop refreshes
    Then this is refused: the refresh token is not valid
    And the attacker is logged out
    When the attacker refreshes
    Then this is refused: the refresh token is not valid

  Scenario: A theft is detected with any earlier token
    Given an attacker has copied the refresh token of the laptop
    And the laptop has refreshed 3 times, after 1 day each
    When the attacker refreshes
    Then this is refused: the refresh token is not valid
    And the laptop is logged out

  Scenario: A theft ends only the affected session
    Given "Juliet" has logged in on the phone
    And an attacker has copied the refresh token of the laptop
    When the laptop refreshes
    And 60 seconds pass
    And the attacker refreshes
    Then this is refused: the refresh token is not valid
    And the phone is logged in

  Scenario: A theft is published
    Given an attacker has copied the refresh token of the laptop
    When the laptop refreshes
    And 60 seconds pass
    And the attacker refreshes
    And the events are delivered
    Then this is refused: the refresh token is not valid
    And the receiver has the events of the session of the laptop: opened, reuse_detected, closed
    And no published event contains a token

  Scenario: A logged-out device cannot refresh
    When the laptop logs out
    And the laptop refreshes
    Then this is refused: the refresh token is not valid

  Scenario: A disabled user cannot refresh, even after being enabled
    When an admin disables "Juliet"
    And the laptop refreshes
    Then this is refused: the refresh token is not valid
    When an admin enables "Juliet"
    And the laptop refreshes
    Then this is refused: the refresh token is not valid
