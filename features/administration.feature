Feature: Administration
  An admin lists accounts, and disables and enables them.

  Scenario: Users are listed in pages, in the order of their registration
    Given 5 users have registered
    When an admin lists the users in pages of 2
    Then there are 3 pages, of 2, 2 and 1 users
    And every user is listed once, in the order of registration

  Scenario: A user who registers meanwhile is on a later page
    Given 3 users have registered
    When an admin lists the first 2 users
    And "Juliet" registers
    And an admin lists the remaining users
    Then the list ends with "Juliet" and no user is missing

  Scenario Outline: A user is found by user name or e-mail address
    Given "Juliet" has registered with the address "juliet@example.org"
    When an admin gets the user "<reference>"
    Then the result is the user "Juliet"

    Examples:
      | reference          |
      | Juliet             |
      | JULIET             |
      | juliet@example.org |

  Scenario: A user is found by id
    Given "Juliet" has registered
    When an admin gets the user by the id of "Juliet"
    Then the result is the user "Juliet"

  Scenario Outline: An unknown user is not found
    When an admin gets the user "<reference>"
    Then this is refused: there is no such user

    Examples:
      | reference                            |
      | Romeo                                |
      | romeo@example.org                    |
      | 0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b |
      | no such name                         |

  Scenario: A disabled user cannot log in until they are enabled
    Given "Juliet" has registered
    When an admin disables "Juliet"
    And "Juliet" logs in with the right password
    Then this is refused: the user name or the password is wrong
    When an admin enables "Juliet"
    And "Juliet" logs in with the right password
    Then the login belongs to "Juliet"

  Scenario: Disabling is idempotent
    Given "Juliet" has registered
    When an admin disables "Juliet"
    And an admin disables "Juliet"
    Then the events of the user "Juliet" are: registered, disabled

  Scenario: A user is registered with the role admin
    When "Escalus" registers as an admin
    Then "Escalus" has the roles: user, admin
