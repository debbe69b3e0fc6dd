Feature: Profile
  A user has a profile with a bio, a telephone number and an address, all optional.

  Background:
    Given "Juliet" has registered

  Scenario: A new profile is empty
    Then the profile of "Juliet" is
      | bio | phone | address |
      |     |       |         |

  Scenario: A profile can be changed before the registration event is delivered
    When "Juliet" changes their bio to "Actor"
    And the events are delivered
    Then the profile of "Juliet" is
      | bio   | phone | address |
      | Actor |       |         |

  Scenario: A change keeps the other fields
    When "Juliet" changes their bio to "Actor"
    And "Juliet" changes their phone to "+39 045 8003204"
    And "Juliet" changes their bio to "Poet"
    Then the profile of "Juliet" is
      | bio  | phone           | address |
      | Poet | +39 045 8003204 |         |

  Scenario: A field is removed
    Given "Juliet" has changed their bio to "Actor"
    And "Juliet" has changed their address to "Verona"
    When "Juliet" removes their bio
    And "Juliet" changes their address to ""
    Then the profile of "Juliet" is
      | bio | phone | address |
      |     |       |         |

  Scenario: A change to the same value has no effect
    Given "Juliet" has changed their bio to "Actor"
    When 5 minutes pass
    And "Juliet" changes their bio to "Actor"
    Then the profile of "Juliet" was last changed 5 minutes ago

  Scenario: A change does not affect the profile of another user
    Given "Romeo" has registered
    When "Juliet" changes their bio to "Actor"
    Then the profile of "Romeo" is
      | bio | phone | address |
      |     |       |         |

  Scenario Outline: An invalid value is reported with its field, and the profile stays
    Given "Juliet" has changed their <field> to "112"
    When "Juliet" changes their <field> to <value>
    Then this is refused: the field <field> <reason>
    And the <field> of "Juliet" is "112"

    Examples:
      | field   | value                  | reason                     |
      | bio     | a text of 1001 letters | is too long; at most 1000  |
      | address | a text of 501 letters  | is too long; at most 500   |
      | phone   | "call me"              | must be a telephone number |
      | phone   | "12"                   | must be a telephone number |
      | bio     | a text with a NUL      | contains the character     |
