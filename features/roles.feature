Feature: Roles
  What a user may do to others is a matter of their roles. There are two, `user` and `admin`, and those that whoever runs
  the service has thought of: here `helper`, who may look at the sessions of others.

  Background:
    Given "Juliet" has registered
    And "Juliet" has logged in on the laptop

  Scenario: Everybody is a user, who may do nothing to others
    Then "Juliet" has the roles: user
    And the laptop may do nothing to others

  Scenario: A role holds at once, and ends at once
    When "Juliet" is granted the role "admin"
    Then "Juliet" has the roles: user, admin
    And the laptop may look at the users
    And the laptop may look at the sessions of others
    And the laptop may end the sessions of others
    When the role "admin" is revoked from "Juliet"
    Then "Juliet" has the roles: user
    And the laptop may do nothing to others
    And the laptop is logged in

  Scenario: A role allows what it is for and no more
    When "Juliet" is granted the role "helper"
    Then the laptop may look at the sessions of others
    And the laptop may not look at the users
    And the laptop may not end the sessions of others

  Scenario: Roles add up
    When "Juliet" is granted the role "helper"
    And "Juliet" is granted the role "admin"
    Then "Juliet" has the roles: user, admin, helper
    When the role "admin" is revoked from "Juliet"
    Then the laptop may look at the sessions of others
    And the laptop may not look at the users

  Scenario: A role that there is not cannot be granted
    When "Juliet" is granted the role "admim"
    Then this is refused, because there is no such role
    And "Juliet" has the roles: user

  Scenario: A mistyped role that is to be revoked is noticed
    Given "Juliet" has been granted the role "admin"
    When the role "admim" is revoked from "Juliet"
    Then this is refused, because there is no such role
    And "Juliet" has the roles: user, admin

  Scenario: Granting twice is granting once
    When "Juliet" is granted the role "admin"
    And "Juliet" is granted the role "admin"
    And the role "admin" is revoked from "Juliet"
    And the role "admin" is revoked from "Juliet"
    Then the history of the user "Juliet" is: registered, role_granted, role_revoked
