Feature: Login
  A user logs in with a password and gets a session, one for each device.

  Background:
    Given "Juliet" has registered with the address "juliet@example.org"

  Scenario Outline: A user logs in by user name or e-mail address
    When "<name>" logs in with the right password
    Then the login belongs to "Juliet"
    And its access token is valid for 900 seconds

    Examples:
      | name               |
      | Juliet             |
      | juliet             |
      | JULIET             |
      | juliet@example.org |
      | Juliet@Example.ORG |

  Scenario Outline: A refused login does not reveal what is wrong
    Given "Tybalt" has registered
    And "Tybalt" has been disabled
    When "<name>" logs in with <password> password
    Then this is refused: the user name or the password is wrong

    Examples:
      | name               | password  |
      | Juliet             | a wrong   |
      | juliet@example.org | a wrong   |
      | Romeo              | the right |
      | romeo@example.org  | the right |
      | no such name       | the right |
      | Tybalt             | the right |
      | Tybalt             | a wrong   |

  Scenario: A user is logged in on several devices
    When "Juliet" logs in on the laptop
    And "Juliet" logs in on the phone
    Then the laptop and the phone are logged in
    And the laptop and the phone have different sessions

  Scenario: An access token expires
    Given "Juliet" has logged in on the laptop
    When 14 minutes pass
    Then the laptop is logged in
    When 1 minute passes
    Then the laptop is logged out

  Scenario: Disabling a user ends all their sessions
    Given "Juliet" has logged in on the laptop
    And "Juliet" has logged in on the phone
    When an admin disables "Juliet"
    Then the laptop and the phone are logged out

  Scenario: Enabling a user does not restore their sessions
    Given "Juliet" has logged in on the laptop
    And "Juliet" has been disabled
    When an admin enables "Juliet"
    Then the laptop is logged out
    When "Juliet" logs in on the phone
    Then the phone is logged in
