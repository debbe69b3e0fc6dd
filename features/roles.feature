Feature: Roles
  The roles of a user decide what they may do to other accounts. `user` and `admin` are built in; the settings define
  more. Here they define `helper`, which may list the sessions of other users.

  Background:
    Given "Escalus" has registered
    And "Escalus" has been granted the role "admin"
    And "Juliet" has registered
    And "Juliet" has logged in on the laptop

  Scenario: Every account has the role user, which permits nothing to other accounts
    Then "Juliet" has the roles: user
    And the laptop has no permissions

  Scenario: Granting and revoking a role take effect at once
    When "Juliet" is granted the role "admin"
    Then "Juliet" has the roles: user, admin
    And the laptop may list users
    And the laptop may list the sessions of other users
    And the laptop may end the sessions of other users
    When the role "admin" is revoked from "Juliet"
    Then "Juliet" has the roles: user
    And the laptop has no permissions
    And the laptop is logged in

  Scenario: A role grants only its own permissions
    When "Juliet" is granted the role "helper"
    Then the laptop may list the sessions of other users
    And the laptop may not list users
    And the laptop may not end the sessions of other users

  Scenario: The permissions of several roles add up
    When "Juliet" is granted the role "helper"
    And "Juliet" is granted the role "admin"
    Then "Juliet" has the roles: user, admin, helper
    When the role "admin" is revoked from "Juliet"
    Then the laptop may list the sessions of other users
    And the laptop may not list users

  Scenario: An unknown role cannot be granted
    When "Juliet" is granted the role "admim"
    Then this is refused: there is no such role
    And "Juliet" has the roles: user

  Scenario: An unknown role cannot be revoked
    Given "Juliet" has been granted the role "admin"
    When the role "admim" is revoked from "Juliet"
    Then this is refused: there is no such role
    And "Juliet" has the roles: user, admin

  Scenario: Granting and revoking are idempotent
    When "Juliet" is granted the role "admin"
    And "Juliet" is granted the role "admin"
    And the role "admin" is revoked from "Juliet"
    And the role "admin" is revoked from "Juliet"
    Then the events of the user "Juliet" are: registered, role_granted, role_revoked

  Scenario: An admin is always left
    Given "Juliet" has been granted the role "admin"
    When the role "admin" is revoked from "Juliet"
    And the role "admin" is revoked from "Escalus"
    Then this is refused: there is no other admin
    And "Escalus" has the roles: user, admin
