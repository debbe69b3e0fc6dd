Feature: Login throttle
  Wrong passwords make the next attempts wait, longer and longer but with a limit. A device that has logged in before is
  exempt, so that an attack does not lock out the owner of the account.

  Background:
    Given "Juliet" has registered with the address "juliet@example.org"

  Scenario: Too many wrong passwords
    Given an attacker has tried 5 wrong passwords for "Juliet"
    When "Juliet" tries to log in
    Then this is refused: there were too many attempts
    And the wait is 12 seconds

  Scenario: The wait ends
    Given an attacker has tried 5 wrong passwords for "Juliet"
    When 12 seconds pass
    And "Juliet" logs in on the laptop
    Then the laptop is logged in

  Scenario: The wait grows with persistent attempts
    Given an attacker has tried 10 wrong passwords for "Juliet", each as soon as possible
    When "Juliet" tries to log in
    Then this is refused: there were too many attempts
    And the wait is longer than 5 minutes
    When 12 minutes pass
    And "Juliet" logs in on the laptop
    Then the laptop is logged in

  Scenario Outline: The wait does not reveal whether an account exists
    Given an attacker has tried 5 wrong passwords for "<name>"
    When "<name>" logs in with a wrong password
    Then this is refused: there were too many attempts
    And the wait is 12 seconds

    Examples:
      | name               |
      | Juliet             |
      | juliet@example.org |
      | Romeo              |
      | romeo@example.org  |
      | no such name       |

  Scenario: Attempts from another address do not lock out the owner
    Given an attacker at another address has tried 10 wrong passwords for "Juliet"
    When "Juliet" logs in on the laptop
    Then the laptop is logged in

  Scenario: A known device logs in during an attack
    Given "Juliet" has logged in on the laptop
    And attackers at 41 addresses have tried a wrong password for "Juliet"
    When "Juliet" tries to log in
    Then this is refused: there were too many attempts
    When "Juliet" logs in again on the laptop
    Then the laptop is logged in

  Scenario: Disabling an account makes its devices unknown
    Given "Juliet" has logged in on the laptop
    And "Juliet" has been disabled
    When an admin enables "Juliet"
    And attackers at 41 addresses have tried a wrong password for "Juliet"
    And "Juliet" tries to log in again on the laptop
    Then this is refused: there were too many attempts

  Scenario: A login with the right password is no guess
    When "Juliet" logs in 50 times on the laptop
    Then the laptop is logged in

  Scenario: Logins with the right password are limited, too, since each costs as much work
    Given "Juliet" has logged in on the laptop
    When "Juliet" logs in again 10 times on the laptop
    And "Juliet" tries to log in again on the laptop
    Then this is refused: there were too many attempts
    And the wait is 6 seconds
