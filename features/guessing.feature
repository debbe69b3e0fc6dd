Feature: Guessing
  Who guesses at passwords is slowed down, more and more and never for ever; the owner of the account passes on a
  device that knows it.

  Background:
    Given "Juliet" has registered with the address "juliet@example.org"

  Scenario: Too many wrong passwords
    Given somebody has guessed 5 times at "Juliet"
    When "Juliet" tries to log in
    Then this is refused, because there were too many attempts
    And they are told to wait 12 seconds

  Scenario: The wait is not for ever
    Given somebody has guessed 5 times at "Juliet"
    When 12 seconds go by
    And "Juliet" logs in on the laptop
    Then the laptop is logged in

  Scenario: Who goes on waits longer
    Given somebody has guessed at "Juliet" whenever they could, 20 times
    When "Juliet" tries to log in
    Then this is refused, because there were too many attempts
    And they are told to wait more than 5 minutes
    When 12 minutes go by
    And "Juliet" logs in on the laptop
    Then the laptop is logged in

  Scenario Outline: Nobody learns by this whether there is an account
    Given somebody has guessed 5 times at "<name>"
    When somebody logs in as "<name>" with a wrong password
    Then this is refused, because there were too many attempts
    And they are told to wait 12 seconds

    Examples:
      | name               |
      | Juliet             |
      | juliet@example.org |
      | Romeo              |
      | romeo@example.org  |
      | no such name       |

  Scenario: Guesses from elsewhere do not keep the owner out
    Given somebody elsewhere has guessed 10 times at "Juliet"
    When "Juliet" logs in on the laptop
    Then the laptop is logged in

  Scenario: A known device passes while the account is under attack
    Given "Juliet" has logged in on the laptop
    And many have guessed 20 times at "Juliet"
    When "Juliet" tries to log in
    Then this is refused, because there were too many attempts
    When "Juliet" logs in again on the laptop
    Then the laptop is logged in

  Scenario: A device of before the account was disabled is not known any more
    Given "Juliet" has logged in on the laptop
    And the user "Juliet" has been disabled
    When an admin enables "Juliet"
    And many have guessed 20 times at "Juliet"
    And "Juliet" tries to log in again on the laptop
    Then this is refused, because there were too many attempts

  Scenario: Who knows their password may log in as often as they like
    When "Juliet" logs in 50 times on the laptop
    Then the laptop is logged in
