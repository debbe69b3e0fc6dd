Feature: Profile
  A person tells of themselves as much as they like: a bio, a telephone number, an address.

  Background:
    Given "Juliet" has registered

  Scenario: A profile is empty until something is told
    Then the profile of "Juliet" is
      | bio | phone | address |
      |     |       |         |

  Scenario: A profile may be changed before the events of the registration are delivered
    When "Juliet" changes their bio to "Actor"
    And the events are delivered
    Then the profile of "Juliet" is
      | bio   | phone | address |
      | Actor |       |         |

  Scenario: A change leaves what it does not name
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

  Scenario: A change that changes nothing does not count
    Given "Juliet" has changed their bio to "Actor"
    When 5 minutes go by
    And "Juliet" changes their bio to "Actor"
    Then the profile of "Juliet" was last changed 5 minutes ago

  Scenario: Nobody changes the profile of another
    Given "Romeo" has registered
    When "Juliet" changes their bio to "Actor"
    Then the profile of "Romeo" is
      | bio | phone | address |
      |     |       |         |

  Scenario Outline: What is not valid is named by its field, and the profile stays as it is
    Given "Juliet" has changed their <field> to "112"
    When "Juliet" changes their <field> to <value>
    Then this is refused, because <field> <reason>
    And the <field> of "Juliet" is still "112"

    Examples:
      | field   | value                  | reason                     |
      | bio     | a text of 1001 letters | is too long; at most 1000  |
      | address | a text of 501 letters  | is too long; at most 500   |
      | phone   | "call me"              | must be a telephone number |
      | phone   | "12"                   | must be a telephone number |
      | bio     | a text with a NUL      | contains the character     |
