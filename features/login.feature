Feature: Login
  A person proves who they are with a password, and gets a session: one for each device.

  Background:
    Given "Juliet" has registered with the address "juliet@example.org"

  Scenario Outline: A person logs in by user name or e-mail address
    When somebody logs in as "<name>" with the right password
    Then they are "Juliet"
    And their access lives 900 seconds

    Examples:
      | name               |
      | Juliet             |
      | juliet             |
      | JULIET             |
      | juliet@example.org |
      | Juliet@Example.ORG |

  Scenario Outline: What is wrong with a login is not told
    Given "Tybalt" has registered
    And the user "Tybalt" has been disabled
    When somebody logs in as "<name>" with <password> password
    Then this is refused, because the user name or the password is wrong

    Examples:
      | name               | password  |
      | Juliet             | a wrong   |
      | juliet@example.org | a wrong   |
      | Romeo              | the right |
      | romeo@example.org  | the right |
      | no such name       | the right |
      | Tybalt             | the right |
      | Tybalt             | a wrong   |

  Scenario: A person is logged in on several devices
    When "Juliet" logs in on the laptop
    And "Juliet" logs in on the phone
    Then the laptop and the phone are logged in
    And the laptop and the phone have sessions of their own

  Scenario: Access ends when its time is over
    Given "Juliet" has logged in on the laptop
    When 14 minutes go by
    Then the laptop is logged in
    When 1 minute goes by
    Then the laptop is logged out

  Scenario: Disabling a user ends their sessions on every device
    Given "Juliet" has logged in on the laptop
    And "Juliet" has logged in on the phone
    When an admin disables "Juliet"
    Then the laptop and the phone are logged out

  Scenario: A user who is enabled again has to log in again
    Given "Juliet" has logged in on the laptop
    And the user "Juliet" has been disabled
    When an admin enables "Juliet"
    Then the laptop is logged out
    When "Juliet" logs in on the phone
    Then the phone is logged in
