Feature: Administration
  An admin sees who has an account, and may lock an account.

  Scenario: Users are listed by pages, in the order in which they registered
    Given 5 users have registered
    When an admin lists the users by pages of 2
    Then there are 3 pages, of 2, 2 and 1 users
    And every user is listed once, in the order of their registration

  Scenario: Those who register meanwhile are on a later page
    Given 3 users have registered
    When an admin lists the first 2 users
    And "Juliet" registers
    And an admin lists what follows
    Then the list ends with "Juliet" and no user is missing

  Scenario Outline: A user is shown by name or address
    Given "Juliet" has registered with the address "juliet@example.org"
    When an admin asks for the user "<reference>"
    Then the user "Juliet" is shown

    Examples:
      | reference          |
      | Juliet             |
      | JULIET             |
      | juliet@example.org |

  Scenario: A user is shown by their id
    Given "Juliet" has registered
    When an admin asks for the user with the id of "Juliet"
    Then the user "Juliet" is shown

  Scenario Outline: There is no such user
    When an admin asks for the user "<reference>"
    Then this is refused, because there is no such user

    Examples:
      | reference                            |
      | Romeo                                |
      | romeo@example.org                    |
      | 0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b |
      | no such name                         |

  Scenario: A disabled user cannot log in until they are enabled
    Given "Juliet" has registered
    When an admin disables "Juliet"
    And somebody logs in as "Juliet" with the right password
    Then this is refused, because the user name or the password is wrong
    When an admin enables "Juliet"
    And somebody logs in as "Juliet" with the right password
    Then they are "Juliet"

  Scenario: Disabling twice is disabling once
    Given "Juliet" has registered
    When an admin disables "Juliet"
    And an admin disables "Juliet"
    Then the history of the user "Juliet" is: registered, disabled

  Scenario: An admin is registered as one
    When "Escalus" registers as an admin
    Then "Escalus" is an admin
