Feature: Registration
  A user registers with a user name and an e-mail address that no other account has.

  Scenario: A user registers
    When "Juliet" registers with the address "juliet@example.org"
    Then there is a user named "Juliet" with the address "juliet@example.org"
    And this user is enabled and has only the role user

  Scenario: A user chooses the identifier of their avatar
    When "Juliet" registers with the avatar identifier "balcony"
    Then the avatar identifier of "Juliet" is "balcony"

  Scenario Outline: A user name is unique in every spelling
    Given "José" has registered
    When "<spelling>" registers with the address "other@example.org"
    Then this is refused: the user name is taken
    And there is 1 user

    Examples:
      | spelling |
      | José     |
      | josé     |
      | JOSÉ     |
      | Ｊosé    |
      | José    |

  Scenario Outline: An e-mail address is unique in every spelling
    Given "Juliet" has registered with the address "juliet@münchen.example"
    When "Romeo" registers with the address "<spelling>"
    Then this is refused: the e-mail address is taken
    And there is 1 user

    Examples:
      | spelling                      |
      | juliet@münchen.example        |
      | Juliet@MÜNCHEN.example        |
      | juliet@xn--mnchen-3ya.example |

  Scenario: If user name and address are both taken, the user name is reported
    Given "Juliet" has registered with the address "juliet@example.org"
    When "Juliet" registers with the address "juliet@example.org"
    Then this is refused: the user name is taken

  Scenario: A refused registration stores nothing
    Given "Juliet" has registered with the address "juliet@example.org"
    When "Romeo" registers with the address "juliet@example.org"
    Then this is refused: the e-mail address is taken
    When "Romeo" registers with the address "romeo@example.org"
    Then there is a user named "Romeo" with the address "romeo@example.org"

  Scenario: Of concurrent registrations with one user name, one succeeds
    When 8 users register as "Juliet" at the same time
    Then 1 of them succeeds
    And the 7 others are refused: the user name is taken
    And there is 1 user

  Scenario: A repeated registration returns the first result
    When "Juliet" registers 3 times with the idempotency key "k1"
    Then each of them returns the same account
    And there is 1 user

  Scenario Outline: An idempotency key belongs to one request
    Given "Juliet" has registered with the idempotency key "k1"
    When "Juliet" registers with the idempotency key "k1" and "<value>" as <field>
    Then this is refused: the idempotency key belongs to another request
    And there is 1 user

    Examples:
      | value           | field     |
      | Romeo           | user_name |
      | Montague        | last_name |
      | somewhat else 7 | password  |

  Scenario: An idempotency key can be used again after a refusal
    Given "Juliet" has registered
    When "Juliet" registers with the idempotency key "k1"
    Then this is refused: the user name is taken
    When "Juliette" registers with the idempotency key "k1"
    Then there are 2 users

  Scenario: Of concurrent registrations with one idempotency key, one creates the account
    When "Juliet" registers 8 times with the idempotency key "k1" at the same time
    Then each of them returns the same account, or is to be repeated
    And there is 1 user

  Scenario: An idempotency key expires after a day
    Given "Juliet" has registered with the idempotency key "k1"
    When 1439 minutes pass
    And "Juliet" registers with the idempotency key "k1"
    Then there is 1 user
    When 1 minute passes
    And "Juliet" registers with the idempotency key "k1"
    Then this is refused: the user name is taken

  Scenario Outline: An invalid value is reported with its field
    When a user registers with "<value>" as their <field>
    Then this is refused: the field <field> <reason>
    And there are 0 users

    Examples:
      | field             | value                                | reason                 |
      | user_name         |                                      | must not be empty      |
      | user_name         | two words                            | contains the character |
      | user_name         | juliet@example.org                   | must not contain @     |
      | user_name         | 0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b | must not have the form |
      | email             | juliet                               | must have the form     |
      | email             | juliet@example                       | must have the form     |
      | first_name        |                                      | must not be empty      |
      | last_name         |                                      | must not be empty      |
      | password          | 1234567                              | is too short           |
      | avatar_identifier | a/b                                  | must be 1 to 64 ASCII  |

  Scenario Outline: A guessable password is refused in every spelling
    When a user registers with "<password>" as their password
    Then this is refused: the field password <reason>
    And there are 0 users

    Examples:
      | password            | reason                                        |
      | password1           | is one of the most common passwords           |
      | QWERTYuiop          | is one of the most common passwords           |
      | １２３４５６７８            | is one of the most common passwords           |
      | JulietCapulet       | is made of the account's own names or address |
      | capulet juliet 1597 | is made of the account's own names or address |
      | juliet@example.org  | is made of the account's own names or address |

  Scenario: All invalid fields are reported at once
    When a user registers with
      | user_name | email | first_name | last_name | password |
      | ju liet   | none  | Juliet     |           | short    |
    Then this is refused: the fields user_name, email, last_name and password are not valid

  Scenario: The event of a registration creates the profile
    When "Juliet" registers with the address "juliet@example.org"
    Then "Juliet" has no stored profile
    When the events are delivered
    Then "Juliet" has a stored profile, which is empty
