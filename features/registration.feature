Feature: Registration
  A person opens an account under a name and an e-mail address that nobody else has.

  Scenario: A person registers
    When "Juliet" registers with the address "juliet@example.org"
    Then there is a user named "Juliet" with the address "juliet@example.org"
    And this user is an ordinary user and not disabled

  Scenario: A user's picture is drawn from the identifier that they chose
    When "Juliet" registers with the avatar identifier "balcony"
    Then the picture of "Juliet" is drawn from "balcony"

  Scenario Outline: A user name is taken, however it is spelled
    Given "José" has registered
    When "<spelling>" registers with the address "somebody.else@example.org"
    Then this is refused, because the user name is taken
    And there is 1 user

    Examples:
      | spelling |
      | José     |
      | josé     |
      | JOSÉ     |
      | Ｊosé    |
      | José    |

  Scenario Outline: An e-mail address belongs to one account, however it is spelled
    Given "Juliet" has registered with the address "juliet@münchen.example"
    When "Romeo" registers with the address "<spelling>"
    Then this is refused, because the e-mail address is taken
    And there is 1 user

    Examples:
      | spelling                      |
      | juliet@münchen.example        |
      | Juliet@MÜNCHEN.example        |
      | juliet@xn--mnchen-3ya.example |

  Scenario: Where name and address are both taken, the name is told
    Given "Juliet" has registered with the address "juliet@example.org"
    When "Juliet" registers with the address "juliet@example.org"
    Then this is refused, because the user name is taken

  Scenario: A refused registration keeps nothing
    Given "Juliet" has registered with the address "juliet@example.org"
    When "Romeo" registers with the address "juliet@example.org"
    Then this is refused, because the e-mail address is taken
    When "Romeo" registers with the address "romeo@example.org"
    Then there is a user named "Romeo" with the address "romeo@example.org"

  Scenario: Of many who want one name at the same moment, one gets it
    When 8 people register as "Juliet" at the same moment
    Then 1 of them has the account
    And the 7 others are told that the user name is taken
    And there is 1 user

  Scenario: A registration that is sent again, as nobody knows whether it arrived, is answered as before
    When "Juliet" sends her registration with the key "k1" 3 times
    Then each of them is answered with the same account
    And there is 1 user

  Scenario Outline: A key belongs to one registration
    Given "Juliet" has registered with the key "k1"
    When somebody uses the key "k1" to register with <another>
    Then this is refused, because the key belongs to another registration
    And there is 1 user

    Examples:
      | another                       |
      | "Romeo" as user_name          |
      | "Montague" as last_name       |
      | "somewhat else 7" as password |

  Scenario: A registration that was refused may be sent again with its key, changed
    Given "Juliet" has registered
    When "Juliet" registers with the key "k1"
    Then this is refused, because the user name is taken
    When "Juliette" registers with the key "k1"
    Then there are 2 users

  Scenario: Of many registrations with one key at the same moment, one opens the account
    When the same registration is sent 8 times with the key "k1" at the same moment
    Then each of them is answered with the same account, or told to try again
    And there is 1 user

  Scenario: The answer to a key is remembered for a day
    Given "Juliet" has registered with the key "k1"
    When 1439 minutes go by
    And "Juliet" registers with the key "k1"
    Then there is 1 user
    When 1 minute goes by
    And "Juliet" registers with the key "k1"
    Then this is refused, because the user name is taken

  Scenario Outline: What is not valid is named by its field
    When somebody registers with "<value>" as their <field>
    Then this is refused, because <field> <reason>
    And there are 0 users

    Examples:
      | field             | value                                | reason                       |
      | user_name         |                                      | must not be empty            |
      | user_name         | two words                            | contains the character       |
      | user_name         | juliet@example.org                   | must not contain @           |
      | user_name         | 0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b | must not have the form       |
      | email             | juliet                               | must have the form           |
      | email             | juliet@example                       | must have the form           |
      | first_name        |                                      | must not be empty            |
      | last_name         |                                      | must not be empty            |
      | password          | 1234567                              | is too short                 |
      | avatar_identifier | a/b                                  | must be 1 to 64 ASCII        |

  Scenario Outline: A password that would be guessed first is refused, in whatever spelling
    When somebody registers with "<password>" as their password
    Then this is refused, because password <reason>
    And there are 0 users

    Examples:
      | password            | reason                                          |
      | password1           | is one of the most common passwords             |
      | QWERTYuiop          | is one of the most common passwords             |
      | １２３４５６７８            | is one of the most common passwords             |
      | JulietCapulet       | is made of the account's own names or address   |
      | capulet juliet 1597 | is made of the account's own names or address   |
      | juliet@example.org  | is made of the account's own names or address   |

  Scenario: All that is not valid is named at once
    When somebody registers with
      | user_name | email | first_name | last_name | password |
      | ju liet   | none  | Juliet     |           | short    |
    Then this is refused, because of user_name, email, last_name and password

  Scenario: The event of a registration gives the user a profile
    When "Juliet" registers with the address "juliet@example.org"
    Then the profile of "Juliet" has not begun
    When the events are delivered
    Then the profile of "Juliet" has begun and is empty
