Feature: Refresh
  A login lasts for weeks, the access that it gives for minutes. A device goes on by handing in its refresh token, which
  works once and brings the next one. So a copied token is noticed as soon as both have used it, and then helps nobody.

  Background:
    Given "Juliet" has registered
    And "Juliet" has logged in on the laptop

  Scenario: Access that has run out is renewed
    When 15 minutes go by
    Then the laptop is logged out
    When the laptop refreshes
    Then the laptop is logged in

  Scenario: A device that is in use stays logged in
    When the laptop refreshes after each of 6 times 13 days
    Then the laptop is logged in

  Scenario: A device that is not used for 14 days is logged out
    When 14 days go by
    And the laptop refreshes
    Then this is refused, because the refresh token is not valid

  Scenario: No login lasts for longer than 90 days
    Given the laptop has refreshed after each of 8 times 11 days
    When 2 days go by
    And the laptop refreshes
    Then this is refused, because the refresh token is not valid

  Scenario: Access ends with the login, however new it is
    Given the laptop has refreshed after each of 8 times 11 days
    When 47 hours go by
    And 50 minutes go by
    And the laptop refreshes
    Then the access of the laptop lives 600 seconds

  Scenario: Two windows of a browser may refresh at the same moment
    Given somebody has copied the refresh token of the laptop
    When the laptop refreshes
    And 9 seconds go by
    And the copy is used
    Then the copy has brought the refresh token that the laptop has
    And the laptop is logged in

  Scenario: A thief who comes late ends the session
    Given somebody has copied the refresh token of the laptop
    When the laptop refreshes
    And 10 seconds go by
    And the copy is used
    Then this is refused, because the refresh token is not valid
    And the laptop is logged out
    And the history of the session of the laptop is: opened, refreshed, reuse_detected, closed

  Scenario: A thief who comes first is thrown out when the owner comes
    Given somebody has copied the refresh token of the laptop
    When the copy is used
    And 10 seconds go by
    And the laptop refreshes
    Then this is refused, because the refresh token is not valid
    And who has used the copy is logged out

  Scenario: A token from long ago is no better than one from just now
    Given somebody has copied the refresh token of the laptop
    And the laptop has refreshed after each of 3 times 1 days
    When the copy is used
    Then this is refused, because the refresh token is not valid
    And the laptop is logged out

  Scenario: A stolen token costs one session and not the others
    Given "Juliet" has logged in on the phone
    And somebody has copied the refresh token of the laptop
    When the laptop refreshes
    And 10 seconds go by
    And the copy is used
    Then this is refused, because the refresh token is not valid
    And the phone is logged in

  Scenario: The world is told of a theft
    Given somebody has copied the refresh token of the laptop
    When the laptop refreshes
    And 10 seconds go by
    And the copy is used
    And the events are delivered
    Then this is refused, because the refresh token is not valid
    And the world has been told of the session of the laptop: opened, refreshed, reuse_detected, closed
    And the world has not been told a token

  Scenario: A device that has logged out cannot go on
    When the laptop logs out
    And the laptop refreshes
    Then this is refused, because the refresh token is not valid

  Scenario: A disabled user cannot go on, nor when they are enabled again
    When an admin disables "Juliet"
    And the laptop refreshes
    Then this is refused, because the refresh token is not valid
    When an admin enables "Juliet"
    And the laptop refreshes
    Then this is refused, because the refresh token is not valid
